import os
import pickle

import numpy as np
import pytest

from datasets.custom import clip_files, recordings
from datasets.custom.layout import Layout
from datasets.custom.recordings import (
    Reader,
    frames_of,
    in_camera_space,
    read_recording,
    survey,
)
from datasets.raw import LARGEST_FILE, RawDataError
from stalstm.skeletons import Skeleton

SKELETON = Skeleton("pair", ("a", "b"))
LAYOUT = Layout(SKELETON)
NAN = np.nan


def write(folder, file, frames=3, value=0.5):
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    line = ",".join([str(value)] * 6) + "\n"
    path.write_text(line * frames)
    return path


def write_manifest(folder, *lines, columns="file,label"):
    text = "\n".join([columns, *lines])
    (folder / "manifest.csv").write_text(text, encoding="utf-8")


def ids(found):
    return [recording.clip_id for recording in found.recordings]


def test_every_row_of_the_manifest_is_a_recording(tmp_path):
    write(tmp_path, "b/long.csv")
    write(tmp_path, "a.csv")
    write_manifest(
        tmp_path,
        "b/long.csv,x,anna,,train,1,2,roof",
        "a.csv,y,,2,test,,,",
        "b/long.csv,z,,,test,,0,",
        "b/long.csv,z,,,test,2,,",
        columns="file,label,subject,group,split,start,end,room",
    )
    found = survey(tmp_path)
    assert ids(found) == ["a", "b/long#0-0", "b/long#1-2", "b/long#2-"]
    assert not found.ignored
    first, *_, ranged, _ = found.recordings
    assert (first.label, first.group, first.split) == ("y", "2", "test")
    assert (first.start, first.end) == (0, None)
    assert ranged.path == tmp_path / "b/long.csv"
    assert (ranged.label, ranged.subject) == ("x", "anna")
    assert (ranged.start, ranged.end) == (1, 2)
    assert ranged.metadata == {"room": "roof"}
    assert ranged.listed == f"{tmp_path / 'manifest.csv'}, line 2"


def test_files_that_the_manifest_does_not_name_are_counted(tmp_path):
    for file in ("a.csv", "b.csv", "c/d.NPY", ".hidden.csv", "notes.txt"):
        write(tmp_path, file)
    write_manifest(tmp_path, "b.csv,x")
    found = survey(tmp_path)
    assert ids(found) == ["b"]
    assert found.ignored == {
        ("not in the manifest", str(tmp_path / "a.csv")): 1,
        ("not in the manifest", str(tmp_path / "c/d.NPY")): 1,
    }


def test_files_that_are_missing_are_counted_and_named(tmp_path):
    write(tmp_path, "a.csv")
    (tmp_path / "folder.csv").mkdir()
    missing = [f"no_{number}.csv,x" for number in range(9)]
    write_manifest(tmp_path, "a.csv,x", "folder.csv,x", *missing, missing[0])
    with pytest.raises(RawDataError) as error:
        survey(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'manifest.csv'}: expected files that exist. Received: 10 "
        "others, line 3: folder.csv; line 4: no_0.csv; line 5: no_1.csv; "
        "line 6: no_2.csv; line 7: no_3.csv; ..."
    )


def test_a_file_of_an_unknown_format_is_named(tmp_path):
    write(tmp_path, "a.bvh")
    write_manifest(tmp_path, "a.bvh,x")
    with pytest.raises(
        RawDataError, match=r"end with \.npy, .*1 others, line 2: a\.bvh$"
    ):
        survey(tmp_path)


@pytest.mark.parametrize(
    ("one", "other"), [(",", ","), ("1,2", "1,2"), ("0,", ","), ("5.0,", "5,")]
)
def test_a_clip_that_is_listed_twice_is_an_error_with_both_lines(
    one, other, tmp_path
):
    write(tmp_path, "a.csv")
    write_manifest(
        tmp_path,
        f"a.csv,x,{one}",
        f"./a.csv,y,{other}",
        columns="file,label,start,end",
    )
    with pytest.raises(RawDataError, match=r"line 3: .* after .*line 2$"):
        survey(tmp_path)


def test_files_with_one_name_keep_their_suffixes(tmp_path):
    write(tmp_path, "a.csv")
    write(tmp_path, "a.npy")
    write(tmp_path, "b.csv")
    assert ids(survey(tmp_path)) == ["a.csv", "a.npy", "b"]
    write_manifest(tmp_path, "a.csv,x", "a.npy,x", "b.csv,x")
    assert ids(survey(tmp_path)) == ["a.csv", "a.npy", "b"]


def test_without_a_manifest_every_clip_file_is_a_clip(tmp_path):
    for file in (
        "a.csv",
        "b/c.jsonl",
        "b/.x/y.csv",
        "._a.csv",
        "skeleton.json",
    ):
        write(tmp_path, file)
    gone = tmp_path / "gone.csv"
    gone.symlink_to(tmp_path / "nowhere")
    found = survey(tmp_path)
    assert ids(found) == ["a", "b/c"]
    assert found.recordings[0].label is None
    assert found.ignored == {("no file that can be read", str(gone)): 1}
    (tmp_path / "b/again").symlink_to(tmp_path)
    with pytest.raises(RawDataError, match=r"b/again: .* a folder that cont"):
        survey(tmp_path)


def test_what_is_no_folder_is_an_error(tmp_path):
    file = write(tmp_path, "a.zip")
    with pytest.raises(RawDataError, match="a zip has to be extracted"):
        survey(file)


def test_a_link_inside_the_folder_is_followed(tmp_path):
    write(tmp_path, "elsewhere/a.csv")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/link").symlink_to(tmp_path / "elsewhere")
    write_manifest(tmp_path / "own", "link/a.csv,x")
    (recording,) = survey(tmp_path / "own").recordings
    assert frames_of(recording, SKELETON).shape == (3, 1, 2, 3)


def only(folder, fields="a.csv,x", columns="file,label"):
    write_manifest(folder, fields, columns=columns)
    (recording,) = survey(folder).recordings
    return recording


def test_a_file_that_grows_while_it_is_read_is_an_error(tmp_path):
    path = write(tmp_path, "a.csv")
    recording = only(tmp_path)
    with path.open("a") as file:
        file.write("1,2,3,4,5,6\n")
    with pytest.raises(
        RawDataError, match=r"a\.csv: expected a file that does not change"
    ):
        frames_of(recording, SKELETON)


def test_a_file_that_was_replaced_or_removed_is_an_error(tmp_path):
    path = write(tmp_path, "a.csv")
    recording = only(tmp_path)
    os.utime(path, ns=(0, 0))
    with pytest.raises(RawDataError, match="does not change"):
        frames_of(recording, SKELETON)
    path.unlink()
    recording = recordings.Recording("a", path, stamp=(5, 5))
    with pytest.raises(RawDataError, match="expected a file that can be read"):
        frames_of(recording, SKELETON)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = write(tmp_path, "a.csv")
    os.truncate(path, LARGEST_FILE + 1)
    with pytest.raises(RawDataError, match="at most 209715200 bytes"):
        frames_of(only(tmp_path), SKELETON)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_long_file_is_parsed_once_for_all_its_clips(
    damaged, tmp_path, monkeypatch
):
    path = write(tmp_path, "a.csv", frames=200)
    if damaged:
        path.write_text("1,2,3\n")
    write_manifest(
        tmp_path,
        *(f"a.csv,x,{n},{n}" for n in range(200)),
        columns="file,label,start,end",
    )
    original, calls = clip_files.parse, []

    def parse(data, place, skeleton):
        calls.append(place)
        return original(data, place, skeleton)

    monkeypatch.setattr(clip_files, "parse", parse)
    for recording in survey(tmp_path).recordings:
        if damaged:
            with pytest.raises(RawDataError, match="expected 6 numbers"):
                frames_of(recording, SKELETON)
        else:
            assert frames_of(recording, SKELETON).shape == (1, 1, 2, 3)
    assert calls == [str(path)]


def test_start_and_end_are_both_part_of_the_clip(tmp_path):
    (tmp_path / "a.csv").write_text(
        "".join(f"{n},{n},{n},{n},{n},{n}\n" for n in range(9))
    )
    recording = only(tmp_path, "a.csv,x,3,5", "file,label,start,end")
    frames = frames_of(recording, SKELETON)
    np.testing.assert_array_equal(frames[:, 0, 0, 0], [3, 4, 5])
    recording = only(tmp_path, "a.csv,x,7,", "file,label,start,end")
    frames = frames_of(recording, SKELETON)
    np.testing.assert_array_equal(frames[:, 0, 0, 0], [7, 8])


@pytest.mark.parametrize("fields", ["2,3", "3,", ",3", "9,9"])
def test_frames_beyond_the_file_are_an_error_with_the_line(fields, tmp_path):
    write(tmp_path, "a.csv", frames=3)
    recording = only(tmp_path, f"a.csv,x,{fields}", "file,label,start,end")
    with pytest.raises(
        RawDataError,
        match=r"manifest\.csv, line 2: expected frames among the 3 of .*a\.csv",
    ):
        frames_of(recording, SKELETON)


def test_a_file_without_frames_is_a_clip_without_frames(tmp_path):
    (tmp_path / "a.csv").write_text("frame,joint,x,y,z\n")
    clip = Reader(LAYOUT)(only(tmp_path))
    assert len(clip.skeleton) == 0
    assert clip.counts == {}


def body(*joints):
    return np.array([joints], np.float64)


def test_coordinates_become_metres_in_camera_space():
    layout = Layout(SKELETON, unit="cm", up="z", handedness="left")
    frames = body([[10, 20, 30], [40, 50, 60]])
    skeleton, counts = in_camera_space(frames, "x.csv", layout)
    assert skeleton.dtype == np.float32
    np.testing.assert_allclose(
        skeleton[0, 0], [[0.1, 0.3, 0.2], [0.4, 0.6, 0.5]], rtol=1e-6
    )
    assert counts == {}


def test_absent_bodies_are_zero_and_empty_frames_are_dropped():
    frames = np.ones((6, 3, 2, 3))
    frames[1, 0] = 0  # As in arrays that are padded.
    frames[2, 2] = NAN
    frames[3:5] = NAN
    frames[:, 1] = NAN  # Never there.
    skeleton, counts = in_camera_space(frames, "x.npy", LAYOUT)
    assert skeleton.shape == (4, 2, 2, 3)
    np.testing.assert_array_equal(
        skeleton[..., 0, 0], [[1, 1], [0, 1], [1, 0], [1, 1]]
    )
    assert counts == {"empty_frames": 2}


def test_a_single_joint_at_zero_is_a_position():
    frames = np.ones((2, 1, 2, 3))
    frames[:, 0, 1] = 0
    skeleton, counts = in_camera_space(frames, "x.npy", LAYOUT)
    np.testing.assert_array_equal(skeleton, frames)
    assert counts == {}


def test_a_missing_coordinate_is_a_missing_joint():
    frames = np.arange(18.0).reshape(3, 1, 2, 3)
    frames[1, 0, 1, 2] = NAN
    skeleton, counts = in_camera_space(frames, "x.npy", LAYOUT)
    np.testing.assert_array_equal(skeleton, np.arange(18).reshape(3, 1, 2, 3))
    assert counts == {"filled_joints": 1}


def test_a_gap_that_is_too_long_names_its_frames_in_the_file():
    frames = np.ones((5, 1, 2, 3))
    frames[1:4, 0, 1] = NAN
    layout = Layout(SKELETON, max_gap=2)
    with pytest.raises(RawDataError, match=r"joint b: .* 3 frames, 41 to 43"):
        in_camera_space(frames, "x.npy", layout, first=40)


def test_nobody_at_all_is_a_clip_without_frames():
    skeleton, counts = in_camera_space(np.zeros((4, 2, 2, 3)), "x.npy", LAYOUT)
    assert len(skeleton) == 0
    assert counts == {"empty_frames": 4}


def test_more_bodies_than_the_layout_allows_are_an_error():
    frames = np.ones((3, 4, 2, 3))
    frames[:, 1] = 0
    layout = Layout(SKELETON, bodies=2)
    with pytest.raises(RawDataError, match=r"at most 2 bodies.*Received: 3"):
        in_camera_space(frames, "x.npy", layout)
    frames[:, 0] = 0
    assert in_camera_space(frames, "x.npy", layout)[0].shape == (3, 2, 2, 3)


@pytest.mark.parametrize("value", [100.5, -101, np.inf, -np.inf])
def test_a_coordinate_that_is_too_far_is_named_with_the_unit(value):
    frames = np.ones((3, 1, 2, 3))
    frames[2, 0, 1, 0] = value
    with pytest.raises(RawDataError) as error:
        in_camera_space(frames, "x.npy", LAYOUT, first=10)
    assert str(error.value) == (
        "x.npy, frame 12, body 0, joint b: expected coordinates of at most 100 "
        "metres, converted from `unit` m of skeleton.json. "
        f"Received: {value:g}"
    )


def test_one_file_is_read_without_a_manifest():
    data = b"100,200,300,400,500,600\n"
    skeleton = read_recording(data, "x.csv", Layout(SKELETON, unit="cm"))
    np.testing.assert_array_equal(skeleton, [[[[1, 2, 3], [4, 5, 6]]]])


def test_a_reader_gives_the_features_of_the_row_in_any_process(tmp_path):
    (tmp_path / "a.csv").write_text("1,2,3,4,5,6\n,,,,,\n1,2,3,,,\n")
    recording = only(
        tmp_path, "a.csv,walk,anna,roof", "file,label,subject,room"
    )
    reader = pickle.loads(pickle.dumps(Reader(LAYOUT, ("run", "walk"))))
    clip = reader(pickle.loads(pickle.dumps(recording)))
    assert clip.skeleton.shape == (2, 1, 2, 3)
    assert clip.features == {
        "label": 1,
        "subject": "anna",
        "group": "",
        "metadata": '{"room": "roof"}',
    }
    assert clip.counts == {"filled_joints": 1, "empty_frames": 1}
    assert "label" not in Reader(LAYOUT)(recording).features


def test_what_a_part_is_called_by_does_not_change_with_the_line(tmp_path):
    write(tmp_path, "a.csv")
    first = only(tmp_path, "a.csv,x")
    moved = only(tmp_path, "\na.csv,x")
    assert first.listed != moved.listed
    assert repr(first) == repr(moved)
    assert first == moved
