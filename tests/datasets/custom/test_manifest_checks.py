import pytest

from datasets.custom.findings import Severity
from tests.own_folder import LABELS, OwnFolder, faults


@pytest.fixture
def folder(tmp_path):
    return OwnFolder(tmp_path / "waving")


def test_missing_files_are_all_counted_and_named(folder):
    for file in list(folder.clips)[:7]:
        del folder.clips[file]
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == "manifest.csv lists files that do not exist:"
    assert fault.places[:2] == (
        "bow/ann_1.npy (line 2)",
        "bow/ann_2.npy (line 3)",
    )
    assert (len(fault.places), fault.count) == (5, 7)


def test_all_files_may_be_missing(folder):
    folder.clips.clear()

    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.count == len(folder.rows)


def test_files_of_another_format_are_named(folder):
    folder.row("bow/ben_2.npy")["file"] = "bow/ben_2.txt"
    del folder.clips["bow/ben_2.npy"]
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == (
        "manifest.csv lists files that do not end with .npy, .npz, .csv, "
        ".jsonl:"
    )
    assert fault.places == ("bow/ben_2.txt (line 5)",)


def test_a_clip_listed_twice_is_named(folder):
    first = folder.row("bow/ben_2.npy")
    folder.rows.append({**first, "start": 0})
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == "manifest.csv lists clips more than once:"
    assert fault.places == ("bow/ben_2.npy (line 26), first in line 5",)


def test_one_class_is_wrong(folder):
    for row in folder.rows:
        row["label"] = "bow"
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == (
        "All clips have the label bow: there is nothing to tell apart."
    )


def test_labels_that_differ_only_in_case_and_spaces_are_odd(folder):
    for row in folder.rows:
        if row["label"] == "jump" and row["file"].endswith("1.npy"):
            row["label"] = "Bow_"
    fault, few = faults(folder.inspect())
    assert fault.severity == few.severity == Severity.ODD
    assert fault.text == (
        "Some labels differ only in case, spaces or punctuation. To the "
        "training they are different classes:"
    )
    assert fault.places == ('"Bow_" (4 clips), "bow" (8 clips)',)
    assert "fewer than 5 clips" in few.text


@pytest.mark.parametrize(
    "labels", [("-1", "1", "2"), ("1.5", "15", "2"), ("+", "-", "2")]
)
def test_numbers_and_signs_are_labels_like_others(folder, labels):
    names = dict(zip(LABELS, labels, strict=True))
    for row in folder.rows:
        row["label"] = names[row["label"]]
    assert folder.inspect().findings == ()


def test_classes_of_few_clips_are_odd(folder):
    for subject in ("ann", "ben"):
        for take in (1, 2):
            file = f"jump/{subject}_{take}.npy"
            folder.rows.remove(folder.row(file))
            del folder.clips[file]
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "1 class has fewer than 5 clips, which is little to train and to test "
        "on:"
    )
    assert fault.places == ("jump: 4 clips",)


def test_no_subjects_are_odd(folder):
    for row in folder.rows:
        del row["subject"]
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "No clip has a subject. The folds divide clips, not people, so the "
        "same person trains and tests. Such accuracies flatter: for other "
        "people, expect less. Fill in the column subject of manifest.csv if "
        "you can."
    )


def test_no_subjects_but_splits_are_odd_in_fewer_words(folder):
    folder.split()
    for row in folder.rows:
        del row["subject"]
    assert folder.fault().text == (
        "No clip has a subject. Fill in the column subject of manifest.csv if "
        "you can."
    )


def test_some_clips_without_a_subject_are_odd(folder):
    folder.row("wave/dot_2.npy")["subject"] = ""
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "1 of 24 clips without a subject, which count as those of one person:"
    )
    assert fault.places == ("wave/dot_2.npy (line 25)",)


def test_one_subject_is_odd(folder):
    for row in folder.rows:
        row["subject"] = "ann"
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text.startswith(
        "ann is the only subject. The folds divide clips, not people"
    )


def test_a_class_of_one_subject_is_odd(folder):
    for row in folder.rows:
        if row["label"] == "jump":
            row["subject"] = "dot"
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "1 class has clips of one subject only, which cannot show whether the "
        "action is recognised in other people:"
    )
    assert fault.places == ("jump: dot",)


def ranges(folder, *clips):
    """Clips of one long file, in the place of its only row."""
    first = folder.row("bow/ann_1.npy")
    folder.rows.remove(first)
    for start, end, label in clips:
        folder.rows.append(
            {**first, "start": start, "end": end, "label": label}
        )


def test_frames_with_two_labels_are_odd(folder):
    ranges(folder, (0, 6, "bow"), (2, 5, "bow"), (6, "", "wave"))
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == "Some frames are in clips of two labels:"
    assert fault.places == (
        "bow/ann_1.npy, frames 0 to 6 (line 25): bow; "
        "bow/ann_1.npy, frames 6 to the last (line 27): wave",
    )


def test_clips_that_follow_each_other_are_fine(folder):
    ranges(folder, (0, 5, "bow"), (3, 5, "bow"), (6, 8, "wave"), (9, "", "bow"))
    assert folder.inspect().findings == ()


@pytest.mark.parametrize("column", ["fps", "Frame rate", "frame_rate", "Hz"])
def test_a_column_of_different_frame_rates_is_odd(folder, column):
    for row in folder.rows:
        row[column] = "30" if row["subject"] == "ann" else "25.0"
    folder.row("bow/ben_1.npy")[column] = "25"
    folder.row("bow/ben_2.npy")[column] = ""
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        f"The column {column} of manifest.csv says that frame rates differ. "
        "The training takes frame by frame, whatever the rate: bring the "
        "recordings to one rate first."
    )
    assert fault.places == ("25: 17 clips", "30: 6 clips")


def test_a_column_of_equal_frame_rates_is_fine(folder):
    for row in folder.rows:
        row["fps"] = "30"
    assert folder.note().text == (
        "manifest.csv has further columns, which are kept with the clips:"
    )
