import itertools
import json
import re
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import datasets
from datasets.custom.convert import mediapipe, ntu, sbu
from datasets.custom.folder import write_folder
from datasets.custom.layout import read_layout
from datasets.custom.recordings import Reader, survey
from datasets.ntu import official
from datasets.ntu.fake_recordings import format_recording, write_fake_recordings
from datasets.raw import RawDataError
from datasets.sbu.recordings import ACTIONS, FOLDS
from datasets.synthetic.recordings import generate
from stalstm.skeletons import MEDIAPIPE, standing
from tests import door

JOINTS = MEDIAPIPE.joints
# From world landmarks to camera space, and back: half a turn around z.
HALF_TURN = np.array([-1.0, -1.0, 1.0])


def converted(source, folder):
    """What the reader makes of the folder: (recording, skeleton) by clip."""
    write_folder(folder, source.layout, source.clips)
    layout, unknown = read_layout(folder)
    found = survey(folder)
    assert not unknown
    assert not found.ignored
    return {
        x.clip_id.removeprefix("clips/"): (x, Reader(layout)(x).skeleton)
        for x in found.recordings
    }


def assert_same_as_the_reader_of(name, raw_dir, clips):
    data_set = datasets.get(name)
    recordings = data_set.survey(raw_dir).recordings
    assert len(recordings) >= len(clips) > 0
    for recording in recordings:
        if recording.clip_id in clips:
            expected = data_set.read(recording.read_bytes(), recording.place)
            _, skeleton = clips[recording.clip_id]
            bodies = expected.any(axis=(0, 2, 3))
            np.testing.assert_array_equal(skeleton, expected[:, bodies])
            assert skeleton.dtype == np.float32


# SBU ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    """The recordings of the first three sets."""
    folder = tmp_path_factory.mktemp("synthetic")
    for clip_id, text in itertools.islice(generate(seed=0, takes=1), 24):
        path = folder / clip_id / "skeleton_pos.txt"
        path.parent.mkdir(parents=True)
        path.write_bytes(text)
    return folder


@pytest.fixture
def synthetic_raw_dir(synthetic, tmp_path):
    return shutil.copytree(synthetic, tmp_path / "raw")


def test_synthetic_recordings_of_sbu_become_the_same_clips(
    synthetic_raw_dir, tmp_path
):
    clips = converted(sbu.source(synthetic_raw_dir), tmp_path / "own")

    assert len(clips) == 24
    assert_same_as_the_reader_of("sbu", synthetic_raw_dir, clips)
    for clip_id, (recording, _) in clips.items():
        pair, action, _ = clip_id.split("/")
        assert recording.label == ACTIONS[int(action) - 1]
        assert recording.subject == pair
        assert pair in FOLDS[int(recording.split.removeprefix("fold_"))]


def test_real_recordings_of_sbu_become_the_same_clips(sbu_raw_dir, tmp_path):
    clips = converted(sbu.source(sbu_raw_dir), tmp_path / "own")

    assert len(clips) == 282
    assert {x.split for x, _ in clips.values()} == {
        f"fold_{fold}" for fold in FOLDS
    }
    assert_same_as_the_reader_of("sbu", sbu_raw_dir, clips)


def test_what_sbu_does_not_know_is_left_out_and_named(
    synthetic_raw_dir, tmp_path
):
    (synthetic_raw_dir / "s01s02/01").rename(synthetic_raw_dir / "s01s02/09")
    (synthetic_raw_dir / "s01s03").rename(synthetic_raw_dir / "s09s08")

    source = sbu.source(synthetic_raw_dir)

    assert source.total == 15
    assert source.left_out == {
        ("unknown action", "s01s02/09/001"): 1,
        ("sets of no official fold", "s09s08"): 8,
    }


# NTU ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def fake_raw_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ntu") / "raw"
    write_fake_recordings(folder, clips=28, classes=4)
    empty = format_recording([{}, {}])
    missing = sorted(official.missing_skeletons("ntu60"))[0]
    for name in ("S001C001P001R001A121", "S001C001P001R001A060", missing):
        (folder / f"{name}.skeleton").write_bytes(empty)
    return folder


@pytest.fixture(scope="module")
def ntu_converted(fake_raw_dir, tmp_path_factory):
    source = ntu.source(fake_raw_dir)
    return source, converted(source, tmp_path_factory.mktemp("ntu") / "own")


def test_recordings_of_ntu_become_the_same_clips(fake_raw_dir, ntu_converted):
    _, clips = ntu_converted

    assert len(clips) == 28
    assert {x.shape[1] for _, x in clips.values()} == {1, 2}
    assert_same_as_the_reader_of("ntu", fake_raw_dir, clips)


def test_the_names_of_recordings_of_ntu_say_the_fields(ntu_converted):
    for clip_id, (recording, _) in ntu_converted[1].items():
        performer = int(clip_id[9:12])
        assert recording.label == official.ACTIONS[int(clip_id[17:20]) - 1]
        assert recording.subject == clip_id[8:12]
        assert recording.group == clip_id[4:8]
        # Performers 1 and 2 are for training, 3 is not.
        assert recording.split == ("test" if performer == 3 else "train")


def test_real_recordings_of_ntu_become_the_same_clips(ntu_raw_dir, tmp_path):
    clips = converted(ntu.source(ntu_raw_dir), tmp_path / "own")
    assert_same_as_the_reader_of("ntu", ntu_raw_dir, clips)


def test_what_ntu_leaves_out_is_counted_and_named(ntu_converted):
    source, clips = ntu_converted

    missing = sorted(official.missing_skeletons("ntu60"))[0]
    assert source.left_out == {
        ("unknown action", "S001C001P001R001A121"): 1,
        ("in the authors' list of missing skeletons", missing): 1,
        ("no body in any frame", "S001C001P001R001A060"): 1,
    }
    metadata = [x.metadata for x, _ in clips.values()]
    for column in source.counted:
        assert all(x[column].isdigit() for x in metadata)
    assert sum(int(x["dropped_frames"]) for x in metadata) > 0


# MediaPipe ---------------------------------------------------------------


def landmarks(pose, **values):
    """One body of a result: positions in camera space to world landmarks."""
    return [
        {"x": x, "y": y, "z": z, "visibility": 0.9, "presence": 1.0, **values}
        for x, y, z in (pose * HALF_TURN).tolist()
    ]


def moved(z):
    """Somebody who stands `z` metres away."""
    return POSE + np.array([0.0, 0.0, z])


POSE = standing(MEDIAPIPE)
RESULT = {"landmarks": [], "worldLandmarks": [landmarks(POSE)]}


def write(path, results):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        text = "".join(json.dumps(x) + "\n" for x in results)
    else:
        text = json.dumps(results, indent=1)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("key", mediapipe.KEYS)
@pytest.mark.parametrize("suffix", mediapipe.SUFFIXES)
def test_world_landmarks_become_the_pose_in_camera_space(key, suffix, tmp_path):
    poses = [POSE, POSE * (1, 1.1, 1), moved(0.5)]
    results = [{key: [landmarks(pose)]} for pose in poses]
    write(tmp_path / "raw" / "day 1" / "wave" / f"a.1{suffix}", results)

    clips = converted(mediapipe.source(tmp_path / "raw"), tmp_path / "own")

    recording, skeleton = clips["day 1/wave/a.1"]
    assert recording.label == "wave"
    assert recording.subject is None
    np.testing.assert_allclose(skeleton[:, 0], poses, atol=1e-6)
    assert skeleton[0, 0, JOINTS.index("nose"), 1] > 0
    assert skeleton[0, 0, JOINTS.index("left_hip"), 0] < 0


def test_a_file_of_bytes_marks_and_windows_lines_is_read():
    lines = "\r\n".join([json.dumps(RESULT)] * 2 + [""])
    for text in (lines, json.dumps([RESULT, RESULT], indent=1)):
        data = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
        skeleton, _ = mediapipe.read_results(data, "a.json")
        np.testing.assert_allclose(skeleton[:, 0], [POSE * HALF_TURN] * 2)


def test_the_result_of_the_first_web_releases_is_one_body():
    data = json.dumps([{"worldLandmarks": landmarks(POSE)}]).encode()
    skeleton, _ = mediapipe.read_results(data, "a.json")
    np.testing.assert_allclose(skeleton, [[POSE * HALF_TURN]])


def test_bodies_that_come_and_go_are_absent_in_between(tmp_path):
    bodies = [landmarks(POSE), landmarks(2 * POSE)]
    write(
        tmp_path / "raw/walk/a.json",
        [{"worldLandmarks": bodies[:n]} for n in (1, 0, 2)],
    )

    clips = converted(mediapipe.source(tmp_path / "raw"), tmp_path / "own")

    _, skeleton = clips["walk/a"]
    still = np.zeros_like(POSE)
    np.testing.assert_allclose(
        skeleton, [[POSE, still], [POSE, 2 * POSE]], atol=1e-6
    )


def test_landmarks_that_are_hardly_visible_are_missing_and_counted(tmp_path):
    frames = [landmarks(moved(z)) for z in (0.0, 0.1, 0.2)]
    for landmark in frames[1][:5]:
        landmark.update(x=9.0, visibility=0.4)
    results = [{"worldLandmarks": [body]} for body in frames]
    write(tmp_path / "raw/nod/a.json", results)

    source = mediapipe.source(tmp_path / "raw", visibility=0.5)
    clips = converted(source, tmp_path / "own")

    recording, skeleton = clips["nod/a"]
    assert recording.metadata == {"unseen_landmarks": "5"}
    # What is missing is between the frames before and after.
    np.testing.assert_allclose(skeleton[1, 0], moved(0.1), atol=1e-6)


def test_the_subject_is_found_in_the_name_of_the_file(tmp_path):
    for name in ("wave/ann_1.json", "bow/ben_1.json"):
        write(tmp_path / "raw" / name, [RESULT])

    source = mediapipe.source(
        tmp_path / "raw", subject_from_name=r"^([a-z]+)_\d"
    )
    clips = converted(source, tmp_path / "own")

    subjects = {x: recording.subject for x, (recording, _) in clips.items()}
    assert subjects == {"wave/ann_1": "ann", "bow/ben_1": "ben"}
    with pytest.raises(RawDataError, match=r"ben_1.json: expected a name"):
        mediapipe.source(tmp_path / "raw", subject_from_name="^(ann)")
    for wrong in ("ann", "(ann"):
        with pytest.raises(ValueError, match="`subject_from_name` must"):
            mediapipe.source(tmp_path / "raw", subject_from_name=wrong)


def test_a_zip_is_read_and_its_members_stay_inside_the_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "raw.zip", "w") as archive:
        for name in ("wave/a.json", "../../wave/b.json", "c.json"):
            archive.writestr(name, json.dumps([RESULT]))

    source = mediapipe.source(tmp_path / "raw.zip")
    clips = converted(source, tmp_path / "own")

    assert list(clips) == ["wave/a"]
    assert sorted(source.left_out) == [
        ("not in a folder named after its label", f"{tmp_path}/raw.zip/{x}")
        for x in ("../../wave/b.json", "c.json")
    ]


def test_a_recording_of_nobody_is_left_out_and_named(tmp_path):
    write(tmp_path / "raw/wave/a.json", [RESULT])
    write(tmp_path / "raw/wave/b.json", [{"worldLandmarks": []}] * 2)
    write(tmp_path / "raw/wave/c.json", [])

    source = mediapipe.source(tmp_path / "raw")
    clips = converted(source, tmp_path / "own")

    assert list(clips) == ["wave/a"]
    assert source.left_out == {
        ("no body in any frame", f"{tmp_path}/raw/wave/{x}.json"): 1
        for x in "bc"
    }


def body(**changes):
    """A result in which the landmark `left_eye` is wrong."""
    first = landmarks(POSE)
    first[2].update(changes)
    return {"worldLandmarks": [landmarks(POSE), first]}


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (
            "[1, 2",
            "a.json: expected a JSON array of results.* Received: '.1, 2",
        ),
        (
            f"{json.dumps(RESULT)}\n\n{{",
            "a.json, line 3: expected a JSON array",
        ),
        ("[" * 100_000, "a.json: expected a JSON array.* recursion"),
        ("12", "a.json, line 1: expected a result with world.* Received: 12"),
        ([RESULT, [1]], r"a.json, frame 1: expected a result.*Received: \[1\]"),
        (
            [{"landmarks": [], "timestamp": 1}],
            r'pose_world_landmarks. Received: \["landmarks", "timestamp"\]',
        ),
        (
            [{"worldLandmarks": None}],
            "frame 0: expected a list.*Received: null",
        ),
        ([{"worldLandmarks": [[]]}], "body 0: expected 33 landmarks.*: 0"),
        (
            [{"worldLandmarks": [landmarks(POSE)[1:]]}],
            "frame 0, body 0: expected 33 landmarks. Received: 32",
        ),
        ([{"worldLandmarks": [3]}], "body 0: expected 33 landmarks.*: 3"),
        ([body(x=None)], "frame 0, body 1, left_eye: expected an object"),
        ([body(y="0.1")], "left_eye: expected an object with finite numbers"),
        ([body(z=float("inf"))], "left_eye: expected an object with finite"),
        ([body(z=float("nan"))], "left_eye: expected an object with finite"),
        ([body(z=10**400)], "left_eye: expected an object with finite"),
        ([body(x=True)], "left_eye: expected an object with finite"),
        ([body(visibility=None)], "left_eye: .* as x, y, z, visibility"),
    ],
)
def test_what_is_no_result_is_named_with_file_and_place(results, message):
    text = results if isinstance(results, str) else json.dumps(results)
    with pytest.raises(RawDataError, match=message) as error:
        mediapipe.read_results(text.encode(), "a.json", visibility=0.5)
    assert "Received: " in str(error.value)


def test_visibility_is_not_needed_where_it_does_not_count():
    data = json.dumps([body(visibility=None)]).encode()
    skeleton, unseen = mediapipe.read_results(data, "a.json")
    assert not np.isnan(skeleton).any()
    assert unseen == 0


# The command -------------------------------------------------------------

CONVERT = "datasets/custom/convert/__main__"


def test_the_command_says_what_it_wrote_and_what_not(
    fake_raw_dir, tmp_path, capsys
):
    out = tmp_path / "own"

    door.run(
        CONVERT,
        "--from=ntu",
        f"--raw_dir={fake_raw_dir}",
        f"--out={out}",
        "--split=cross_view",
    )

    text = capsys.readouterr().out
    assert "Left out, unknown action: 1 (S001C001P001R001A121)" in text
    assert re.search(r"Frames left out, .*: \d+ in \d clips\n", text)
    assert "Wrote 28 clips, " in text
    assert f"-m datasets.custom.check {out}\n" in text
    recordings = survey(out).recordings
    assert len(recordings) == 28
    for recording in recordings:
        cameras = ("C001",) if recording.split == "test" else ("C002", "C003")
        assert recording.group in cameras


def test_a_damaged_recording_is_named_and_nothing_is_written(
    synthetic_raw_dir, tmp_path
):
    file = next(synthetic_raw_dir.rglob("skeleton_pos.txt"))
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([*lines[:4], b"1,2,3", *lines[5:]]))

    result = subprocess.run(
        [
            sys.executable,
            *("-m", "datasets.custom.convert", "--from=sbu"),
            *(f"--raw_dir={synthetic_raw_dir}", f"--out={tmp_path / 'own'}"),
        ],
        capture_output=True,
        text=True,
    )

    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        f"--raw_dir: {file}, line 5: expected 91 fields separated by commas. "
        "Received: 3"
    )
    assert "Traceback" not in result.stderr
    assert [x.name for x in tmp_path.iterdir()] == ["raw"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--from=sbu", "--raw_dir=.", "--visibility=0.5"],
            "--visibility: does not go with --from=sbu",
        ),
        (
            ["--from=mediapipe", "--raw_dir=.", "--subject_from_name=("],
            "`subject_from_name` must be a regular expression",
        ),
        (["--from=sbu", "--raw_dir=.", "now"], "expected flags only"),
        (["--from=sbu", "--raw_dir=no"], "--raw_dir: .* no, which does not"),
        (["--from=sbu", "--raw_dir=."], "--from=sbu reads. Received: none in"),
        (["--from=mediapipe", "--raw_dir=raw"], "Received: none among 1"),
        (
            ["--from=ntu", "--raw_dir=ntu", "--out=raw"],
            "--out: `folder` must not exist yet",
        ),
    ],
)
def test_a_mistake_is_said_in_one_line(
    arguments, message, fake_raw_dir, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "raw/wave/nobody.json", [])
    (tmp_path / "ntu").symlink_to(fake_raw_dir)

    with pytest.raises(SystemExit, match=message) as error:
        door.run(CONVERT, "--out=own", *arguments)

    assert "\n" not in str(error.value)
    assert sorted(x.name for x in tmp_path.iterdir()) == ["ntu", "raw"]
