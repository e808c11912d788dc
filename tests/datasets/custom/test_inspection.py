import numpy as np
import pytest

from datasets.custom.example import write_example
from datasets.custom.findings import Severity
from datasets.custom.inspection import inspect
from stalstm.skeletons import SHIPPED
from tests.own_folder import OwnFolder


@pytest.fixture
def folder(tmp_path):
    return OwnFolder(tmp_path / "waving")


def test_nothing_is_found_in_a_clean_folder(folder):
    assert folder.inspect().findings == ()
    folder.split()
    assert folder.inspect().findings == ()


@pytest.mark.parametrize("skeleton", SHIPPED)
def test_nothing_is_found_in_the_example_of_one(skeleton, tmp_path):
    write_example(tmp_path / "one", "one", SHIPPED[skeleton])
    assert inspect(tmp_path / "one").findings == ()


def test_nothing_is_found_in_the_example_of_three(tmp_path):
    write_example(tmp_path / "three", "three")
    assert inspect(tmp_path / "three").findings == ()


def test_a_path_without_a_folder_is_wrong(tmp_path):
    (finding,) = inspect(tmp_path / "nowhere").findings
    assert finding.severity == Severity.WRONG
    assert finding.text == (
        f"{tmp_path / 'nowhere'}: expected a folder. Received: a path that is "
        "none"
    )


def test_an_empty_folder_is_wrong(tmp_path):
    skeleton, manifest = inspect(tmp_path).findings
    assert skeleton.severity == manifest.severity == Severity.WRONG
    assert skeleton.text.endswith("Received: a folder without skeleton.json")
    assert manifest.text.endswith("Received: a folder without manifest.csv")


def test_a_manifest_without_clips_is_wrong(folder):
    folder.write()
    (folder.path / "manifest.csv").write_text("file,label\n")
    folder.rows.clear()
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == (
        "manifest.csv: expected a line for each clip. Received: no line after "
        "that of the columns"
    )


def test_a_wrong_line_of_the_manifest_is_named(folder):
    folder.row("bow/ben_1.npy")["start"] = "first"
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == (
        "manifest.csv, line 4: expected a frame number, counted from 0, as "
        "start. Received: 'first'"
    )


def test_a_wrong_skeleton_does_not_hide_a_wrong_manifest(folder):
    folder.skeleton = {"skeleton": "kinect3"}
    del folder.clips["bow/ben_1.npy"]
    skeleton, missing = folder.inspect().findings
    assert skeleton.severity == missing.severity == Severity.WRONG
    assert skeleton.text.startswith(
        "skeleton.json: `skeleton` must be one of nite, kinect1"
    )
    assert missing.places == ("bow/ben_1.npy (line 4)",)


def test_unknown_keys_and_columns_are_noted(folder):
    folder.skeleton |= {"units": "cm", "sensor": "v1"}
    for row in folder.rows:
        row["Subject_"], row["room"] = row["subject"], "roof"
    keys, columns = folder.inspect().findings
    assert keys.severity == columns.severity == Severity.NOTE
    assert keys.text == "skeleton.json has keys that are ignored:"
    assert keys.places == ("sensor", "units, perhaps meant to be unit")
    assert columns.text == (
        "manifest.csv has further columns, which are kept with the clips:"
    )
    assert columns.places == (
        "Subject_, perhaps meant to be subject",
        "room",
    )


def test_files_that_no_line_names_are_odd(folder):
    removed = folder.rows.pop(0)
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == "1 file not in manifest.csv:"
    assert fault.places == (removed["file"],)


def test_the_worst_findings_come_first(folder):
    folder.skeleton["fps"] = 30
    folder.clips["bow/ann_1.npy"] = folder.clips["bow/ann_1.npy"][:1]
    folder.clips["bow/ann_2.npy"] = folder.clips["bow/ann_2.npy"][:, :3]
    inspection = folder.inspect()
    severities = [x.severity for x in inspection.findings]
    assert severities == [Severity.WRONG, Severity.ODD, Severity.NOTE]
    assert inspection.severity == Severity.WRONG


def test_the_summary_says_what_is_there(folder):
    folder.skeleton["unit"] = "cm"
    for file, clip in folder.clips.items():
        folder.clips[file] = 100 * clip
    folder.clips["bow/ann_1.npy"] = folder.clips["bow/ann_1.npy"][:7]
    assert folder.inspect().summary == (
        "Clips: 24, in 3 classes: bow 8, jump 8, wave 8",
        "Subjects: 4",
        "Protocols: 4 folds, fold_1 to fold_4",
        "Frames of a clip: 7 to 12, median 12; 283 in total",
        "Bodies: 1",
        "Joints: 20 (kinect1)",
        "Converted: centimetres to metres",
    )


def test_the_summary_names_the_splits(folder):
    folder.split()
    assert "Protocols: test, trained on train" in folder.inspect().summary
    for row in folder.rows:
        row["split"] = f"camera_{row['subject']}"
    assert (
        "Protocols: camera_ann, camera_ben, camera_cem, camera_dot, each "
        "tested while the others train" in folder.inspect().summary
    )


def test_a_typical_clip_stands_for_its_class(folder):
    folder.clips["bow/ann_1.npy"] = folder.clips["bow/ann_1.npy"][:3]
    long = np.concatenate(list(folder.clips.values())[1:4])
    folder.clips["bow/ann_2.npy"] = long
    clip = folder.clips["bow/ben_1.npy"]
    folder.clips["bow/ben_1.npy"] = np.stack([clip, clip + 1], axis=1)
    folder.clips["jump/ann_1.npy"][:] = 0
    inspection = folder.inspect()
    assert {x: y.clip_id for x, y in inspection.samples.items()} == {
        "bow": "bow/ben_2",
        "jump": "jump/ann_2",
        "wave": "wave/ann_1",
    }
    poses = inspection.poses(2)
    assert [label for label, _ in poses] == ["bow", "jump"]
    np.testing.assert_allclose(
        poses[0][1][0], folder.clips["bow/ben_2.npy"][6], rtol=1e-6
    )
