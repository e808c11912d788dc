import collections
import pathlib
import zipfile

import numpy as np
import pytest

from datasets.raw import RawDataError
from datasets.sbu import recordings
from datasets.sbu.dummy_data_generation import write_dummy_recordings


def line(frame=1, fields=90, value="0.5"):
    return ",".join([str(frame), *[value] * fields]) + "\r\n"


def write(folder, text, clip_id="s01s02/03/001"):
    file = folder / clip_id / "skeleton_pos.txt"
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode())
    return file


def read_only(folder):
    (recording,) = recordings.survey(folder).recordings
    return recording.read()


def zip_sets(raw_dir, zips_dir, prefix=""):
    """One zip a set, with what surrounds recordings in the public ones."""
    for folder in sorted(p for p in raw_dir.iterdir() if p.is_dir()):
        path = zips_dir / f"{folder.name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"__MACOSX/{prefix}01/001/._skeleton_pos.txt", "")
            archive.writestr(f"__MACOSX/{prefix}01/001/skeleton_pos.txt", "")
            archive.writestr(f"{prefix.format(folder.name)}.DS_Store", "")
            for file in sorted(folder.rglob("skeleton_pos.txt")):
                take = file.parent.relative_to(folder).as_posix()
                place = prefix.format(folder.name) + take
                archive.write(file, f"{place}/skeleton_pos.txt")
                archive.writestr(f"{place}/rgb_000001.png", "no image")


def test_the_real_set_is_282_clips_and_6822_frames(sbu_raw_dir):
    found = recordings.survey(sbu_raw_dir)
    clips = {r.clip_id: r.read() for r in found.recordings}

    assert len(clips) == 282
    assert sum(len(clip.skeleton) for clip in clips.values()) == 6822
    assert list(clips) == sorted(clips)
    labels = collections.Counter(r.label for r in found.recordings)
    assert [labels[n] for n in range(8)] == [42, 43, 40, 41, 18, 21, 39, 38]
    folds = collections.Counter(r.fold for r in found.recordings)
    assert folds == {1: 55, 2: 52, 3: 56, 4: 54, 5: 65}
    repeated = {k: c.repeated_frames for k, c in clips.items()}
    assert {k: n for k, n in repeated.items() if n} == {
        "s03s05/01/001": 1,
        "s07s01/01/001": 1,
    }
    assert not found.ignored


def test_a_real_line_has_these_metres(sbu_raw_dir):
    found = recordings.survey(sbu_raw_dir).recordings
    clip = next(r for r in found if r.clip_id == "s01s02/03/001").read()

    assert clip.frame_numbers[0] == 350
    assert clip.skeleton.dtype == np.float32
    # Person A's head at 0.23215,0.33187,1.8108; B's right foot at
    # 0.78324,1.1667,1.6675.
    np.testing.assert_allclose(
        clip.skeleton[0, [0, 1], [0, 14]],
        [[0.685696, 0.3228096, 2.317824], [-0.7250944, -1.280064, 2.1344]],
        rtol=1e-6,
    )


def test_a_real_thigh_measures_about_43_centimetres(sbu_raw_dir):
    skeletons = np.concatenate(
        [r.read().skeleton for r in recordings.survey(sbu_raw_dir).recordings]
    )
    for hip, knee in ((9, 10), (12, 13)):
        thighs = skeletons[:, :, hip] - skeletons[:, :, knee]
        lengths = np.linalg.norm(thighs, axis=-1)
        assert 0.41 < np.median(lengths) < 0.45


def test_the_middle_of_the_image_lies_on_the_optical_axis(tmp_path):
    write(tmp_path, line(value="0.5"))

    np.testing.assert_allclose(
        read_only(tmp_path).skeleton, np.full((1, 2, 15, 3), [0, 0, 0.64])
    )


def test_fields_go_to_person_then_joint_then_axis(tmp_path):
    write(tmp_path, ",".join(["0", *(f"{x / 10}" for x in range(1, 91))]))

    metres = read_only(tmp_path).skeleton[0, 1, 2]

    np.testing.assert_allclose(
        metres, [1.28 - 2.56 * 5.2, 0.96 - 1.92 * 5.3, 1.28 * 5.4], rtol=1e-6
    )


def test_every_set_is_in_one_fold():
    sets = [name for fold in recordings.FOLDS.values() for name in fold]
    assert len(sets) == len(set(sets)) == 21


def test_repeated_frames_are_kept_and_counted(tmp_path):
    write(tmp_path, line(7) + line(8) + line(9, value="0.6"))

    clip = read_only(tmp_path)

    assert clip.repeated_frames == 1
    assert clip.frame_numbers.tolist() == [7, 8, 9]
    assert clip.frame_numbers.dtype == np.int64


def test_lines_that_end_in_lf_read_alike(tmp_path):
    write(tmp_path / "crlf", line(1) + line(2))
    write(tmp_path / "lf", (line(1) + line(2)).replace("\r", ""))

    crlf, lf = (read_only(tmp_path / name) for name in ("crlf", "lf"))

    np.testing.assert_array_equal(crlf.skeleton, lf.skeleton)


@pytest.mark.parametrize(
    ("text", "where", "received"),
    [
        (line() + line(2, fields=86), "line 2:", "Received: 87"),
        (line() + line(2, fields=91), "line 2:", "Received: 92"),
        (line() + "\r\n" + line(2), "line 2:", "Received: 1"),
        (line() + line(2, value="x"), "line 2, field 2:", "Received: 'x'"),
        (line(value=""), "line 1, field 2:", "Received: ''"),
        (line(value="nan"), "line 1, field 2:", "Received: 'nan'"),
        (line(value="-inf"), "line 1, field 2:", "Received: '-inf'"),
        (line(value="1e39"), "line 1, field 2:", "Received: '1e39'"),
        (line(value="0,5"), "line 1:", "Received: 181"),
        (line(value="é"), "line 1, field 2:", r"Received: '\\xc3\\xa9'"),
        (line(value="1_0"), "line 1, field 2:", "Received: '1_0'"),
        (line(value="\v0.5"), "line 1, field 2:", r"Received: '\x0b0.5'"),
        (line(value=" 0.5"), "line 1, field 2:", "Received: ' 0.5'"),
        (line(value="80"), "line 1, field 2:", "beyond 100. Received: -203.52"),
        (line("frame"), "line 1, field 1:", "Received: 'frame'"),
        (line(-1), "line 1:", "not negative. Received: '-1'"),
        (line(1.5), "line 1:", "Received: '1.5'"),
        (line(1) + line(3), "line 2:", "Received: 3 after 1"),
        (line(1) + line(1), "line 2:", "Received: 1 after 1"),
        ("", "line 1:", "Received: an empty file"),
    ],
)
def test_damage_is_an_error_that_names_file_and_line(
    tmp_path, text, where, received
):
    file = write(tmp_path, text)

    with pytest.raises(RawDataError) as error:
        read_only(tmp_path)

    assert str(error.value).startswith(f"{file}, {where}")
    assert received in str(error.value)


def test_a_zip_of_another_name_belongs_to_the_set_that_it_was_fetched_for(
    tmp_path,
):
    path = tmp_path / "download"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("03/001/skeleton_pos.txt", line())

    found = recordings.survey(None, zips={"s01s02": path})

    assert [r.clip_id for r in found.recordings] == ["s01s02/03/001"]
    assert len(found.recordings[0].read().skeleton) == 1


def test_damage_inside_a_zip_names_zip_member_and_line(tmp_path):
    write(tmp_path / "raw", line() + line(2, fields=1))
    zips_dir = tmp_path / "zips"
    zips_dir.mkdir()
    zip_sets(tmp_path / "raw", zips_dir, prefix="{}/")

    with pytest.raises(RawDataError) as error:
        read_only(zips_dir)

    assert "s01s02.zip/s01s02/03/001/skeleton_pos.txt, line 2" in str(
        error.value
    )


@pytest.mark.parametrize("prefix", ["{}/", "", "SBU/clean/{}/", "SBU/"])
def test_zips_hold_the_same_as_folders(tmp_path, prefix):
    raw_dir, zips_dir = tmp_path / "raw", tmp_path / "zips"
    zips_dir.mkdir()
    write_dummy_recordings(raw_dir)
    zip_sets(raw_dir, zips_dir, prefix)

    in_folders = recordings.survey(raw_dir)
    in_zips = recordings.survey(zips_dir)

    assert len(in_zips.recordings) == 21
    assert not in_zips.ignored
    for one, other in zip(
        in_folders.recordings, in_zips.recordings, strict=True
    ):
        assert one.clip_id == other.clip_id
        np.testing.assert_array_equal(
            one.read().skeleton, other.read().skeleton
        )
        np.testing.assert_array_equal(
            one.read().frame_numbers, other.read().frame_numbers
        )
    assert {p.suffix for p in zips_dir.rglob("*")} == {".zip"}


def test_the_real_set_reads_alike_from_zips(sbu_raw_dir, tmp_path):
    zip_sets(sbu_raw_dir, tmp_path, prefix="{}/")

    in_folders = recordings.survey(sbu_raw_dir).recordings
    in_zips = recordings.survey(tmp_path).recordings

    assert [r.clip_id for r in in_zips] == [r.clip_id for r in in_folders]
    assert all(
        np.array_equal(a.read().skeleton, b.read().skeleton)
        for a, b in zip(in_folders, in_zips, strict=True)
    )


@pytest.mark.parametrize("kept", [0, 10, 200, 0.5, 0.99, -1])
def test_a_truncated_zip_is_an_error_that_names_it(tmp_path, kept):
    write_dummy_recordings(tmp_path / "raw")
    zip_sets(tmp_path / "raw", tmp_path, prefix="{}/")
    path = tmp_path / "s01s02.zip"
    whole = path.read_bytes()
    kept = int(kept * len(whole)) if isinstance(kept, float) else kept
    path.write_bytes(whole[:kept])

    with pytest.raises(RawDataError, match=r"s01s02\.zip: expected a whole"):
        recordings.survey(tmp_path)


def test_a_member_that_fails_its_checksum_names_its_zip(tmp_path):
    path = tmp_path / "s01s02.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("s01s02/03/001/skeleton_pos.txt", line())
    path.write_bytes(path.read_bytes().replace(b"0.5,0.5", b"0.5,0.6"))

    (recording,) = recordings.survey(tmp_path).recordings
    member = r"s01s02\.zip/s01s02/03/001/skeleton_pos\.txt"
    with pytest.raises(RawDataError, match=rf"{member}: .*Bad CRC-32"):
        recording.read()


def test_stray_files_and_empty_folders_are_nothing(tmp_path):
    write(tmp_path, line())
    (tmp_path / "s02s03/05").mkdir(parents=True)
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "s01s02/03/001/._skeleton_pos.txt").touch()
    (tmp_path / "s01s02/03/001/depth_000001.png").touch()
    (tmp_path / "._s01s03.zip").touch()

    found = recordings.survey(tmp_path)

    assert [r.clip_id for r in found.recordings] == ["s01s02/03/001"]
    assert not found.ignored


def test_what_looks_like_a_recording_is_counted_and_named(tmp_path):
    write(tmp_path, line())
    stray = write(tmp_path, line(), "s01s02/kick/001")
    copy = tmp_path / "s01s02/03/001/skeleton_pos (1).txt"
    copy.touch()
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.png", "")

    found = recordings.survey(tmp_path)

    assert len(found.recordings) == 1
    layout = "not at <set>/<action>/<take>/skeleton_pos.txt"
    assert found.ignored == {
        (layout, str(stray)): 1,
        (layout, str(copy)): 1,
        ("zip without a recording", str(tmp_path / "photos.zip")): 1,
    }


def test_a_clip_in_folder_and_zip_is_read_once_from_the_folder(tmp_path):
    write(tmp_path / "raw", line(), "s01s02/03/001")
    write(tmp_path / "raw", line(), "s01s02/03/002")
    zip_sets(tmp_path / "raw", tmp_path, prefix="{}/")
    (tmp_path / "raw/s01s02/03/002/skeleton_pos.txt").unlink()

    found = recordings.survey(tmp_path)

    assert [(r.take, r.member is None) for r in found.recordings] == [
        ("001", True),
        ("002", False),
    ]
    ((why, where),) = found.ignored
    assert why.startswith("copies of clips")
    assert where == str(tmp_path / "s01s02.zip")


def test_an_unknown_action_has_no_label_and_an_unknown_set_no_fold():
    recording = recordings.Recording("s08s09/09/001", pathlib.Path())
    assert recording.label is None
    assert recording.fold is None
