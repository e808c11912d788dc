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


@pytest.mark.parametrize("field", [b"", b"O", b"nan", b"inf", b"1e99"])
def test_what_is_not_a_finite_number_is_named(field):
    with pytest.raises(raw.RawDataError, match=rf"^here: .*{field.decode()!r}"):
        raw.number(field, "here")
