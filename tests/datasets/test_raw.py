import pathlib
import zipfile

import pytest

from datasets import raw


def write_zip(path, text):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/clip.txt", text)


def survey(*paths):
    return raw.survey(
        paths,
        recording=raw.Recording,
        looks_like=lambda name: name.endswith(".txt"),
        clip_id=lambda path, member: pathlib.Path(member or path).stem,
        rule="named <clip>.txt",
    )


def test_a_zip_can_be_surveyed_by_itself(tmp_path):
    write_zip(tmp_path / "one.zip", "1")
    write_zip(tmp_path / "other.zip", "2")

    (recording,) = survey(tmp_path / "one.zip").recordings

    assert recording.clip_id == "clip"
    assert recording.place == str(tmp_path / "one.zip/a/clip.txt")
    assert recording.read_bytes() == b"1"


def test_a_path_that_does_not_exist_holds_nothing(tmp_path):
    found = survey(tmp_path / "nowhere")
    assert not found.recordings
    assert not found.ignored


def test_a_zip_that_was_replaced_is_read_anew(tmp_path):
    path = tmp_path / "raw.zip"
    for text in ("first", "second, longer"):
        path.unlink(missing_ok=True)
        write_zip(path, text)
        (recording,) = survey(path).recordings
        assert recording.read_bytes() == text.encode()


@pytest.mark.parametrize("member", [None, "a/clip.txt"])
def test_a_file_that_has_vanished_is_named(tmp_path, member):
    recording = raw.Recording("clip", tmp_path / "gone", member)
    with pytest.raises(raw.RawDataError, match=r"gone.*: expected a file that"):
        recording.read_bytes()


@pytest.mark.parametrize(
    "field", [b"", b"O", b"nan", b"inf", b"1e99", b"1_0", b" 1", b"1e"]
)
def test_what_is_not_a_finite_number_is_named(field):
    with pytest.raises(raw.RawDataError, match=rf"^here: .*{field.decode()!r}"):
        raw.number(field, "here")


def damaged_zip(path, compression, damage):
    """A zip of one recording, after `damage` has changed its bytes."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("a/clip.txt", "some text, again and again" * 50)
    data = bytearray(path.read_bytes())
    damage(data, data.index(b"PK\x01\x02"))
    path.write_bytes(data)


def newer(data, directory):
    data[directory + 6] ^= 0x80  # "zip file version 14.8"


def no_text(data, directory):
    data[directory + 9] |= 0x08  # Names are UTF-8,
    at = data.index(b"clip", directory)
    data[at] = 0xFF  # but this one is not.


def other_content(data, directory):
    del directory
    for at in range(60, 80):
        data[at] ^= 0x55


@pytest.mark.parametrize(
    ("compression", "damage"),
    [
        (zipfile.ZIP_STORED, newer),
        (zipfile.ZIP_STORED, no_text),
        (zipfile.ZIP_STORED, other_content),
        (zipfile.ZIP_DEFLATED, other_content),
        (zipfile.ZIP_BZIP2, other_content),
        (zipfile.ZIP_LZMA, other_content),
    ],
)
def test_a_damaged_zip_is_named(compression, damage, tmp_path):
    path = tmp_path / "raw.zip"
    damaged_zip(path, compression, damage)
    with pytest.raises(raw.RawDataError, match=f"^{path}"):
        [x.read_bytes() for x in survey(tmp_path).recordings]


def test_every_flipped_bit_of_a_zip_is_an_error_or_does_no_harm(tmp_path):
    path = tmp_path / "raw.zip"
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA):
        damaged_zip(path, compression, lambda *_: None)
        whole = path.read_bytes()
        for bit in range(8 * len(whole)):
            data = bytearray(whole)
            data[bit // 8] ^= 1 << bit % 8
            path.write_bytes(data)
            message = str(path)
            try:
                [x.read_bytes() for x in survey(path).recordings]
            except raw.RawDataError as error:
                message = str(error)
            assert message.startswith(str(path)), bit


def test_a_zip_that_lost_a_member_is_named(tmp_path):
    write_zip(tmp_path / "raw.zip", "1")
    recording = raw.Recording("clip", tmp_path / "raw.zip", "a/other.txt")
    with pytest.raises(raw.RawDataError, match=r"raw\.zip/a/other\.txt: "):
        recording.read_bytes()


def test_what_is_too_large_is_not_unpacked(tmp_path, monkeypatch):
    write_zip(tmp_path / "raw.zip", "1" * 11)
    (tmp_path / "clip.txt").write_text("1" * 11)
    monkeypatch.setattr(raw, "LARGEST_FILE", 10)
    for recording in (
        raw.Recording("clip", tmp_path / "raw.zip", "a/clip.txt"),
        raw.Recording("clip", tmp_path / "clip.txt"),
    ):
        with pytest.raises(raw.RawDataError, match=r"at most 10 .*: 11 bytes"):
            recording.read_bytes()


def test_links_that_lead_nowhere_are_named(tmp_path):
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    for recording in survey(tmp_path).recordings:
        with pytest.raises(raw.RawDataError, match=f"^{recording.place}: "):
            recording.read_bytes()
    (tmp_path / "gone.zip").symlink_to(tmp_path / "nothing")
    with pytest.raises(raw.RawDataError, match=r"gone\.zip: expected a whole"):
        survey(tmp_path)


def test_a_link_to_a_folder_around_it_is_named(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "again").symlink_to(tmp_path / "a")
    with pytest.raises(raw.RawDataError, match=r"b/again: .*contains it"):
        survey(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    write_zip(tmp_path / "a" / "raw.zip", "1")
    (tmp_path / "a" / "b" / "again").unlink()
    (other / "a").symlink_to(tmp_path / "a")
    assert len(survey(other).recordings) == 1
