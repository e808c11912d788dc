"""Which recordings train and which test.

The column `split` of the manifest says it; without one, people are divided into
folds.
"""

import collections
import dataclasses
import hashlib
import re
from collections.abc import Mapping, Sequence

import numpy as np

from datasets.custom.recordings import Recording
from datasets.raw import RawDataError
from stalstm.description import Protocol, fold_protocols

FOLDS = 5


@dataclasses.dataclass(frozen=True)
class Division:
    """Recordings, divided into splits.

    Attributes:
        protocols: Protocols by name; the first is the default.
        splits: The split of each recording, by `clip_id`.
        lines: What was done, in words, for the user: a line for each split, and
            warnings.
    """

    protocols: Mapping[str, Protocol]
    splits: Mapping[str, str]
    lines: tuple[str, ...]


def divide(
    recordings: Sequence[Recording], folds: int | None = None, seed: int = 0
) -> Division:
    """Divides recordings into splits.

    Args:
        recordings: Recordings that a manifest lists.
        folds: Number of folds. By default, the splits of the manifest, or
            `FOLDS` if it has none.
        seed: Random seed of the folds.

    Raises:
        ValueError: `folds` is less than two.
        RawDataError: Some recordings have a split and others have none, two
            splits would have the same name, or there is nothing to test on.
    """
    if folds is not None and folds < 2:
        raise ValueError(f"`folds` must be at least 2. Received: folds={folds}")
    if folds is None and any(recording.split for recording in recordings):
        return _by_manifest(recordings)
    return _by_folds(recordings, folds or FOLDS, seed)


def _by_manifest(recordings: Sequence[Recording]) -> Division:
    """The splits of the manifest.

    With one called `train`, each other split is a protocol, to test on it.
    Without, each split is a protocol: it tests, and all others train.
    """
    examples: dict[str, Recording] = {}
    for recording in recordings:
        if not recording.split:
            raise RawDataError(
                f"{recording.listed}: expected a split, as other lines have "
                "one. Received: none"
            )
        examples.setdefault(recording.split, recording)
    by_name: dict[str, Recording] = {}
    for split, recording in examples.items():
        if (name := _name(split)) in by_name:
            other = by_name[name]
            raise RawDataError(
                f"{recording.listed}: expected names of splits that differ in "
                f"letters and digits. Received: {split}, after {other.split} "
                f"in {other.listed}"
            )
        by_name[name] = recording
    if len(by_name) < 2:
        raise RawDataError(
            f"{recordings[0].listed}: expected a split to train on and one to "
            f"test on. Received: {recordings[0].split} in all lines"
        )
    # "test" first, and fold_10 after fold_9.
    order = sorted(by_name, key=lambda name: (name != "test", _natural(name)))
    if "train" in order:
        protocols = {x: Protocol("train", x) for x in order if x != "train"}
    else:
        protocols = {
            x: Protocol("+".join(y for y in order if y != x), x) for x in order
        }
    renamed = tuple(
        f"The split {recording.split!r} is called {name}"
        for name, recording in by_name.items()
        if name != recording.split
    )
    splits = {x.clip_id: _name(x.split or "") for x in recordings}
    return Division(protocols, splits, renamed + _sizes(recordings, splits))


def _name(split: str) -> str:
    """The name of a split of the manifest, as TFDS accepts it."""
    name = re.sub(r"\W", "_", split, flags=re.ASCII)
    return "all_" if name == "all" else name


def _natural(name: str) -> str:
    """A key that sorts numbers in names by their values."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(20), name)


def _by_folds(
    recordings: Sequence[Recording], folds: int, seed: int
) -> Division:
    """Folds of whole subjects, or of clips where there are no two subjects."""
    subjects = {recording.subject or "" for recording in recordings}
    lines = []
    if len(subjects) > 1:
        units = [recording.subject or "" for recording in recordings]
        if unnamed := units.count(""):
            lines.append(
                f"{unnamed} clips without a subject count as one subject"
            )
        if len(subjects) < folds:
            lines.append(
                f"{len(subjects)} folds instead of {folds}, because there are "
                f"{len(subjects)} subjects"
            )
            folds = len(subjects)
    else:
        units = [recording.clip_id for recording in recordings]
        folds = min(folds, len(units))
        who = "".join(subjects)
        lines.append(
            f"Warning: {f'{who} is the only subject' if who else 'No subjects'}"
            ", so the folds divide clips, not people. The same person trains "
            "and tests, and the accuracy flatters: for other people, expect "
            "less. Fill in the column subject of the manifest if you can"
        )
    if folds < 2:
        raise RawDataError(
            "expected at least two clips, one to train on and one to test on. "
            f"Received: {len(recordings)}"
        )
    labels = [recording.label or "" for recording in recordings]
    assigned = assign(units, labels, folds, seed)
    splits = {
        recording.clip_id: f"fold_{fold + 1}"
        for recording, fold in zip(recordings, assigned, strict=True)
    }
    return Division(
        fold_protocols(folds),
        splits,
        (*lines, *_sizes(recordings, splits)),
    )


def assign(
    units: Sequence[str], labels: Sequence[str], folds: int, seed: int
) -> list[int]:
    """Assigns clips to folds that have about the same number of each class.

    Whole units are assigned, the largest first, each to the fold in which their
    classes are rarest. Units of one size come in an order that depends only on
    their names and the seed.

    Args:
        units: For each clip, the name of what must not be divided.
        labels: The class of each clip.
        folds: Number of folds, at most that of different units; none remains
            empty.
        seed: Random seed.

    Returns:
        The fold of each clip, from 0.
    """
    clips: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        clips.setdefault(unit, []).append(index)
    _, label, totals = np.unique(
        labels, return_inverse=True, return_counts=True
    )

    def order(unit: str) -> tuple[int, bytes]:
        shuffled = hashlib.sha256(f"{seed} {unit}".encode()).digest()
        return -len(clips[unit]), shuffled

    # Shares, so that a class of few clips matters as much as one of many.
    held = np.zeros((folds, len(totals)))
    sizes = np.zeros(folds, np.int64)
    assigned = [0] * len(units)
    for unit in sorted(clips, key=order):
        of_class = np.bincount(label[clips[unit]], minlength=len(totals))
        share = of_class / totals
        # What this fold adds to the sum of squares over folds and classes.
        cost = np.round(held @ share, 9)
        fold = int(np.lexsort((sizes, cost))[0])
        held[fold] += share
        sizes[fold] += len(clips[unit])
        for index in clips[unit]:
            assigned[index] = fold
    return assigned


def _sizes(
    recordings: Sequence[Recording], splits: Mapping[str, str]
) -> tuple[str, ...]:
    """A line for each split: its clips and its subjects."""
    clips = collections.Counter(splits.values())
    subjects = collections.defaultdict(set)
    for recording in recordings:
        if recording.subject:
            subjects[splits[recording.clip_id]].add(recording.subject)
    return tuple(
        f"{split}: {clips[split]} clips"
        + (
            f" of {len(subjects[split])} subject(s): "
            f"{', '.join(sorted(subjects[split], key=_natural))}"
            if subjects[split]
            else ""
        )
        for split in sorted(clips, key=_natural)
    )
