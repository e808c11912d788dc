import collections
import pathlib
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.custom.protocols import assign, divide
from datasets.custom.recordings import Recording
from datasets.raw import RawDataError
from stalstm.description import Protocol


def clip(number, label="walk", subject=None, split=None):
    return Recording(
        f"clip_{number}",
        pathlib.Path(f"{number}.csv"),
        label=label,
        subject=subject,
        split=split,
        listed=f"manifest.csv, line {number + 2}",
    )


def clips_of(*splits):
    return [clip(number, split=split) for number, split in enumerate(splits)]


def people(subjects, classes, takes=2):
    """Every subject does everything, the same number of times."""
    return [
        clip(number, f"class {label}", f"s{subject}")
        for number, (subject, label, _) in enumerate(
            np.ndindex(subjects, classes, takes)
        )
    ]


def test_every_split_beside_train_is_a_protocol_and_test_the_first():
    recordings = clips_of("val", "train", "test", "train", "val_10", "val_9")
    division = divide(recordings)
    assert list(division.protocols.items()) == [
        ("test", Protocol("train", "test")),
        ("val", Protocol("train", "val")),
        ("val_9", Protocol("train", "val_9")),
        ("val_10", Protocol("train", "val_10")),
    ]
    assert division.splits["clip_0"] == "val"
    assert division.splits["clip_3"] == "train"
    assert "train: 2 clips" in division.lines


def test_without_train_every_split_tests_and_the_others_train():
    division = divide(clips_of("b", "a", "c", "a"))
    assert list(division.protocols.items()) == [
        ("a", Protocol("b+c", "a")),
        ("b", Protocol("a+c", "b")),
        ("c", Protocol("a+b", "c")),
    ]


def test_names_of_splits_become_names_for_tfds():
    division = divide(clips_of("room 1", "all", "größe"))
    assert list(division.protocols) == ["all_", "gr__e", "room_1"]
    assert division.splits["clip_0"] == "room_1"
    assert "The split 'room 1' is called room_1" in division.lines


def test_splits_that_would_have_one_name_are_an_error():
    with pytest.raises(
        RawDataError,
        match=r"line 4: .*Received: a_1, after a-1 in manifest\.csv, line 2",
    ):
        divide(clips_of("a-1", "b", "a_1"))


def test_a_line_without_a_split_is_an_error_if_others_have_one():
    with pytest.raises(RawDataError, match="line 3: expected a split"):
        divide(clips_of("train", None, "test"))


def test_one_split_is_an_error():
    with pytest.raises(RawDataError, match="Received: train in all lines"):
        divide(clips_of("train", "train"))


def test_ten_subjects_make_five_folds_of_two_with_balanced_classes():
    recordings = people(subjects=10, classes=4)
    division = divide(recordings)
    assert division.protocols["fold_3"] == Protocol(
        "fold_1+fold_2+fold_4+fold_5", "fold_3"
    )
    for number in range(1, 6):
        fold = [
            x
            for x in recordings
            if division.splits[x.clip_id] == f"fold_{number}"
        ]
        assert len({x.subject for x in fold}) == 2
        labels = collections.Counter(x.label for x in fold)
        assert labels == {f"class {label}": 4 for label in range(4)}
    assert division.lines[0].startswith("fold_1: 16 clips of 2 subject(s): s")


@given(seed=st.integers(0, 2**32 - 1), folds=st.integers(2, 6))
def test_subjects_never_straddle_folds_and_no_fold_is_empty(seed, folds):
    rng = random.Random(seed)
    recordings = [
        clip(n, f"c{rng.randrange(4)}", f"s{rng.randrange(6)}")
        for n in range(rng.randint(30, 60))
    ]
    division = divide(recordings, folds)
    of_subject = collections.defaultdict(set)
    for recording in recordings:
        of_subject[recording.subject].add(division.splits[recording.clip_id])
    assert all(len(splits) == 1 for splits in of_subject.values())
    expected = min(folds, len(of_subject))
    assert len(set(division.splits.values())) == expected
    assert len(division.protocols) == expected


def test_a_class_that_few_subjects_do_is_spread_over_the_folds():
    units = [f"s{n}" for n in range(20) for _ in range(3)]
    labels = ["rare" if n < 5 else "often" for n in range(20) for _ in range(3)]
    folds = assign(units, labels, 5, seed=0)
    rare = collections.Counter(
        fold
        for fold, label in zip(folds, labels, strict=True)
        if label == "rare"
    )
    assert rare == dict.fromkeys(range(5), 3)


def test_the_assignment_depends_on_the_seed_and_not_on_the_order_of_lines():
    recordings = people(subjects=10, classes=3)
    first = divide(recordings, seed=1).splits
    assert divide(recordings[::-1], seed=1).splits == first
    assert divide(recordings, seed=2).splits != first


def test_fewer_subjects_make_fewer_folds_and_that_is_said():
    division = divide(people(subjects=3, classes=2))
    assert list(division.protocols) == ["fold_1", "fold_2", "fold_3"]
    assert division.lines[0] == (
        "3 folds instead of 5, because there are 3 subjects"
    )


def test_clips_without_a_subject_stay_together_if_others_have_one():
    recordings = [*people(2, 2), clip(100), clip(101), clip(102)]
    division = divide(recordings)
    assert len({division.splits[f"clip_{n}"] for n in (100, 101, 102)}) == 1
    assert division.lines[0] == (
        "3 clips without a subject count as one subject"
    )


@pytest.mark.parametrize(
    ("subject", "expected"),
    [(None, "Warning: No subjects,"), ("eve", "Warning: eve is the only sub")],
)
def test_folds_by_clip_are_balanced_and_come_with_a_warning(subject, expected):
    recordings = [clip(n, f"c{n % 3}", subject) for n in range(60)]
    division = divide(recordings)
    count = collections.Counter(
        (x.label, division.splits[x.clip_id]) for x in recordings
    )
    assert len(count) == 15
    assert set(count.values()) == {4}
    assert division.lines[0].startswith(expected)
    assert "the accuracy flatters" in division.lines[0]


def test_folds_that_are_asked_for_go_before_the_splits_of_the_manifest():
    recordings = clips_of("train", "test", "train", "test")
    assert list(divide(recordings, folds=2).protocols) == ["fold_1", "fold_2"]


def test_what_cannot_be_divided_is_an_error():
    with pytest.raises(ValueError, match="Received: folds=1"):
        divide(people(2, 2), folds=1)
    with pytest.raises(RawDataError, match=r"at least two clips.*Received: 1"):
        divide([clip(0)])
