import numpy as np
import pytest

from datasets.custom.clip_checks import Leak
from datasets.custom.findings import Severity
from stalstm.description import Protocol, fold_protocols
from stalstm.skeletons import KINECT1
from tests.own_folder import LABELS, SUBJECTS, OwnFolder, faults

ANN, BEN = "bow/ann_1.npy", "bow/ben_1.npy"


@pytest.fixture
def folder(tmp_path):
    return OwnFolder(tmp_path / "waving")


def joint(name):
    return KINECT1.index(name)


def test_damaged_clips_are_collected_by_kind(folder):
    files = list(folder.clips)
    for file in files[:6]:
        folder.clips[file] = folder.clips[file][:, :15]
    folder.clips[files[6]] = np.repeat(folder.clips[files[6]], 2, axis=1)
    folder.write()
    for file in files[7:9]:
        (folder.path / file).write_bytes(b"nothing")
    for file in files[:9]:
        folder.clips.pop(file)
    shapes, damaged = faults(folder.inspect())
    assert shapes.severity == damaged.severity == Severity.WRONG
    assert shapes.text == "7 clips cannot be read:"
    assert shapes.places[0] == (
        f"{ANN}: expected the shape (frames, 20, 3) or (frames, bodies, 20, "
        "3), for the 20 joints of the skeleton kinect1. Received: (12, 15, 3)"
    )
    assert len(shapes.places) == 5
    assert shapes.count == 7
    assert damaged.text == "2 clips cannot be read:"
    assert damaged.places[0].startswith(
        f"{files[7]}: expected an array written by np.save. Received: "
    )


def test_a_gap_that_is_too_long_is_wrong(folder):
    folder.skeleton["max_gap"] = 2
    folder.clips[ANN][4:7, joint("head")] = np.nan
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.places[0].startswith(
        f"{ANN}, body 0, joint head: expected at most 2 frames in a row "
        "without it. Received: 3 frames, 4 to 6."
    )


def test_frames_beyond_the_end_of_a_file_are_wrong(folder):
    folder.row(ANN).update(start=4, end=12)
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.places == (
        "manifest.csv, line 2: expected frames among the 12 of "
        f"{ANN}, counted from 0. Received: start=4, end=12",
    )


def test_more_bodies_than_skeleton_json_allows_are_wrong(folder):
    folder.skeleton["bodies"] = 1
    clip = folder.clips[ANN]
    folder.clips[ANN] = np.stack([clip, clip + 0.5], axis=1)
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.places[0].startswith(f"{ANN}: expected at most 1 bodies")


def test_a_clip_without_anybody_is_odd(folder):
    folder.clips[ANN][:] = 0
    folder.clips[BEN][:] = np.nan
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == "Nobody is in 2 clips, left out of the training:"
    assert fault.places == (f"{ANN} (line 2)", f"{BEN} (line 4)")


def test_nobody_in_any_clip_is_wrong(folder):
    for clip in folder.clips.values():
        clip[:] = 0
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == "Nobody is in any of the clips that can be read."


def test_frames_without_anybody_are_noted(folder):
    folder.clips[ANN][-3:] = np.nan
    note = folder.note()
    assert note.text == ("3 frames without anybody are left out, of 1 clip:")
    assert note.places == (f"{ANN} (line 2): 3 of 12",)


def test_a_clip_of_one_frame_is_odd(folder):
    folder.clips[ANN] = folder.clips[ANN][:1]
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "1 clip of a single frame, in which nothing can move:"
    )
    assert fault.places == (f"{ANN} (line 2)",)


def test_a_very_long_clip_is_odd(folder):
    folder.clips[ANN] = np.tile(folder.clips[ANN], (251, 1, 1))
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "1 clip of more than 3,000 frames. The columns start and end of "
        "manifest.csv say which frames of a long recording are a clip:"
    )
    assert fault.places == (f"{ANN} (line 2): 3,012 frames",)


def test_one_clip_under_two_labels_is_wrong(folder):
    folder.clips["wave/ann_1.npy"] = folder.clips[ANN]
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == "Clips with the same content have two labels:"
    assert fault.places == (
        f"{ANN} (line 2): bow; wave/ann_1.npy (line 18): wave",
    )


def test_the_same_content_in_another_format_is_found(folder):
    clip = folder.clips.pop("wave/ann_1.npy")
    folder.clips[ANN] = clip
    folder.row("wave/ann_1.npy")["file"] = "wave/ann_1.csv"
    folder.write()
    (folder.path / "wave").mkdir(exist_ok=True)
    np.savetxt(
        folder.path / "wave/ann_1.csv",
        clip.astype(np.float32).reshape(len(clip), -1),
        delimiter=",",
    )
    assert folder.fault().text == "Clips with the same content have two labels:"


def test_one_clip_in_training_and_test_is_wrong(folder):
    folder.split()
    folder.clips["bow/dot_1.npy"] = folder.clips[ANN]
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == (
        "Clips with the same content are in training and test:"
    )
    assert fault.places == (
        f"{ANN} (line 2): train; bow/dot_1.npy (line 8): test",
    )


def test_copies_under_one_label_are_odd(folder):
    for file in ("ann_2", "ben_1", "ben_2"):
        folder.clips[f"bow/{file}.npy"] = folder.clips[ANN]
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == "Clips have the same content:"
    assert fault.places == (
        f"{ANN} (line 2); bow/ann_2.npy (line 3); {BEN} (line 4); 1 more",
    )


def test_subjects_in_training_and_test_are_odd(folder):
    folder.split()
    folder.row(ANN)["split"] = "test"
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "1 of 4 subjects in training and test, which says little about other "
        "people:"
    )
    assert fault.places == ("ann: test, train",)


def test_splits_that_never_meet_are_fine():
    with_train = Leak({x: Protocol("train", x) for x in ("test", "validation")})
    assert with_train.among({"train", "test"})
    assert not with_train.among({"test", "validation"})
    assert not with_train.among({"train"})
    assert Leak(fold_protocols(3)).among({"fold_1", "fold_2"})
    assert not Leak({}).among({"fold_1", "fold_2"})


def test_classes_without_clips_to_train_or_test_on_are_odd(folder):
    folder.split()
    for row in folder.rows:
        if row["label"] == "jump":
            row["split"] = "train"
        if row["label"] == "wave":
            row["split"] = "test"
    *_, untrained, untested = faults(folder.inspect())
    assert untrained.severity == untested.severity == Severity.ODD
    assert untrained.text == "Classes without a clip to train on, by protocol:"
    assert untrained.places == ("test: wave",)
    assert untested.text == "Classes without a clip to test on, by protocol:"
    assert untested.places == ("test: jump",)


def test_a_split_without_a_counterpart_is_wrong(folder):
    for row in folder.rows:
        row["split"] = "train"
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert "a split to train on and one to test on" in fault.text


def test_joints_that_are_often_missing_are_odd(folder):
    for clip in folder.clips.values():
        clip[3:6, joint("left_foot")] = np.nan
        clip[3:4, joint("right_foot")] = np.nan
    for file in list(folder.clips)[:8]:
        folder.clips[file][7:9, joint("head")] = np.nan
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "3 joints of 20 missing in more than 5% of all frames with a body:"
    )
    assert fault.places == ("left_foot: 25%", "right_foot: 8%", "head: 6%")


def test_a_clip_with_many_missing_joints_is_odd(folder):
    folder.clips[ANN][3:9, ::2] = np.nan
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == "1 clip without more than 20% of the joints:"
    assert fault.places == (f"{ANN} (line 2): 25% missing",)


def test_what_is_filled_is_said(folder):
    folder.clips[ANN][3:5, 7] = np.nan
    inspection = folder.inspect()
    assert inspection.findings == ()
    assert "Interpolated: 2 positions of joints, in 1 clip" in (
        inspection.summary
    )


def test_joints_at_zero_are_odd(folder):
    folder.clips[ANN][3:5, joint("head")] = 0
    folder.clips[BEN][3, joint("left_foot")] = 0
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "3 positions at exactly (0, 0, 0) while others of the body are not: "
        "head 2, left_foot 1. This looks like missing joints written as zero: "
        "write NaN, or leave them out."
    )
    assert fault.places == (f"{ANN} (line 2): 2", f"{BEN} (line 4): 1")


def test_joints_that_are_always_at_zero_are_odd(folder):
    for clip in folder.clips.values():
        clip[:, [joint("left_foot"), joint("right_foot")]] = 0
    (fault,) = (
        x for x in faults(folder.inspect()) if "exactly (0, 0, 0)" in x.text
    )
    assert fault.severity == Severity.ODD
    assert "left_foot 288, right_foot 288." in fault.text
    assert fault.places == ()


def test_recordings_relative_to_a_joint_are_fine(folder):
    for clip in folder.clips.values():
        clip -= clip[:, [joint("hip_center")]]
    assert folder.note().text == (
        "hip_center is always at (0, 0, 0). If the recordings are relative to "
        "it, all is well, but they do not contain where people walk."
    )


def test_a_clip_in_which_nothing_moves_is_odd(folder):
    folder.clips[ANN][:] = folder.clips[ANN][:1]
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == "Nothing moves in 1 clip:"
    assert fault.places == (f"{ANN} (line 2)",)


def test_joints_that_never_move_are_odd(folder):
    for clip in folder.clips.values():
        clip[:, joint("left_hand")] = clip[:1, joint("left_hand")]
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "1 joint of 20 never moving, in all or nearly all clips:"
    )
    assert fault.places == ("left_hand",)


def test_joints_that_do_not_move_in_some_clips_are_fine(folder):
    for file in list(folder.clips)[:20]:
        clip = folder.clips[file]
        clip[:, joint("left_hand")] = clip[:1, joint("left_hand")]
    assert folder.inspect().findings == ()


def test_copies_of_joints_are_odd(folder):
    for clip in folder.clips.values():
        clip[:, joint("left_hand")] = clip[:, joint("left_wrist")] - 0.05
        clip[:, joint("spine")] = clip[:, joint("hip_center")]
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == "Some joints move exactly like others, as copies do:"
    assert fault.places == (
        "spine like hip_center",
        "left_hand like left_wrist",
    )


def slower(clip):
    """The same motion at three times the frame rate."""
    places = np.linspace(0, len(clip) - 1, 3 * (len(clip) - 1) + 1)
    before = np.floor(places).astype(int).clip(max=len(clip) - 2)
    share = (places - before)[:, np.newaxis, np.newaxis]
    return (1 - share) * clip[before] + share * clip[before + 1]


@pytest.mark.parametrize("column", ["subject", "group"])
def test_another_frame_rate_is_guessed(folder, column):
    for label in LABELS:
        for take in (1, 2):
            file = f"{label}/dot_{take}.npy"
            folder.clips[file] = slower(folder.clips[file])
    if column == "group":
        for row in folder.rows:
            row["group"] = "new" if row["subject"] == "dot" else "old"
            row["subject"] = SUBJECTS[int(row["file"][-5]) % 2]
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        f"Frame rates seem to differ (a guess): with some {column}s, joints "
        "move much farther or less from frame to frame than with others in "
        "the same actions. The training takes frame by frame, whatever the "
        "rate."
    )
    if column == "subject":
        assert fault.places == ("subject dot: 0.3 times as far",)
    else:
        assert fault.places == (
            "group new: 0.3 times as far",
            "group old: 3.0 times as far",
        )


def test_fast_actions_are_no_frame_rate(folder):
    for file, clip in folder.clips.items():
        if file.startswith("wave"):
            folder.clips[file] = clip[:1] + 5 * (clip - clip[:1])
    for row in folder.rows:
        row["group"] = row["label"]
    assert folder.inspect().findings == ()


def test_numbers_of_bodies_that_differ_are_noted(folder):
    clip = folder.clips[ANN]
    folder.clips[ANN] = np.stack([clip, clip + 0.5], axis=1)
    note = folder.note()
    assert note.text == "The number of bodies differs from clip to clip:"
    assert note.places == ("1 in 23 clips", "2 in 1 clip")
