"""What is wrong or odd about clips, whatever bodies do in them.

Each check yields a finding for what it finds.
"""

import collections
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from datasets.custom.facts import Facts, Totals
from datasets.custom.findings import (
    Finding,
    counted,
    enumerated,
    note,
    odd,
    relative,
    wrong,
)
from datasets.custom.layout import MANIFEST
from datasets.custom.manifest import Row, classes
from datasets.custom.manifest_checks import LEAST_CLIPS, place
from datasets.custom.recordings import Recording
from stalstm.description import Protocol
from stalstm.skeletons import Skeleton

# Two minutes at 25 frames a second: an action is shorter.
LONG = 3000
# Shares of missing joints: of one joint in all clips, of all in one clip.
MISSING_JOINT = 0.05
MISSING_CLIP = 0.2
# In this share of the clips, or more, a joint is still: then it is a rule.
NEARLY_ALL = 0.95
# In public recordings, people are up to 1.8 times as fast or slow as others.
FASTER = 2.5


class Clip(NamedTuple):
    """A clip that the manifest lists and that exists.

    Attributes:
        row: Its row in the manifest.
        recording: Where it is.
        facts: What is in it.
        split: The split that it is in; empty if none is known.
    """

    row: Row
    recording: Recording
    facts: Facts
    split: str

    @property
    def place(self) -> str:
        return place(self.row)


def unreadable(
    clips: Sequence[Clip], folder: pathlib.Path, unit_is_wrong: bool
) -> Iterator[Finding]:
    """The clips that cannot be read, by kind of error.

    Args:
        clips: The clips.
        folder: Their folder.
        unit_is_wrong: Whether it has been said why coordinates are far away.
    """
    kinds: dict[str, list[str]] = {}
    for clip in clips:
        facts = clip.facts
        if facts.error and not (facts.far and unit_is_wrong):
            message = relative(facts.error, folder)
            kinds.setdefault(_kind(message), []).append(message)
    for messages in kinds.values():
        yield wrong(
            f"{counted(len(messages), 'clip')} cannot be read:", messages
        )


def _kind(message: str) -> str:
    """What was expected, whatever the numbers."""
    expected = message.partition(": expected ")[2].partition(" Received: ")[0]
    return re.sub(r"\d+", "0", expected)


def nobody(clips: Sequence[Clip]) -> Iterator[Finding]:
    readable = [x for x in clips if not x.facts.error]
    empty = [x.place for x in readable if not x.facts.frames]
    if empty and len(empty) == len(readable):
        yield wrong("Nobody is in any of the clips that can be read.")
    elif empty:
        yield odd(
            f"Nobody is in {counted(len(empty), 'clip')}, left out of the "
            "training:",
            empty,
        )


def empty_frames(clips: Sequence[Clip]) -> Iterator[Finding]:
    with_some = [x for x in clips if x.facts.empty_frames and x.facts.frames]
    if with_some:
        frames = sum(x.facts.empty_frames for x in with_some)
        yield note(
            f"{counted(frames, 'frame')} without anybody are left out, of "
            f"{counted(len(with_some), 'clip')}:",
            (
                f"{x.place}: {x.facts.empty_frames} of "
                f"{x.facts.empty_frames + x.facts.frames}"
                for x in with_some
            ),
        )


def lengths(clips: Sequence[Clip]) -> Iterator[Finding]:
    """Clips that are suspiciously short or long."""
    if single := [x.place for x in clips if x.facts.frames == 1]:
        yield odd(
            f"{counted(len(single), 'clip')} of a single frame, in which "
            "nothing can move:",
            single,
        )
    if long := [x for x in clips if x.facts.frames > LONG]:
        yield odd(
            f"{counted(len(long), 'clip')} of more than {LONG:,} frames. The "
            f"columns start and end of {MANIFEST} say which frames of a long "
            "recording are a clip:",
            (f"{x.place}: {x.facts.frames:,} frames" for x in long),
        )


def duplicates(
    clips: Sequence[Clip], protocols: Mapping[str, Protocol]
) -> Iterator[Finding]:
    """Clips with the same content.

    Args:
        clips: The clips.
        protocols: The protocols that the manifest states.
    """
    by_digest = collections.defaultdict(list)
    for clip in clips:
        if clip.facts.frames:
            by_digest[clip.facts.digest].append(clip)
    same = [group for group in by_digest.values() if len(group) > 1]
    leak = Leak(protocols)
    labels, splits, plain = [], [], []
    for group in same:
        if len({x.row.label for x in group}) > 1:
            labels.append(_group(f"{x.place}: {x.row.label}" for x in group))
        elif leak.among({x.split for x in group}):
            splits.append(_group(f"{x.place}: {x.split}" for x in group))
        else:
            plain.append(_group(x.place for x in group))
    if labels:
        yield wrong("Clips with the same content have two labels:", labels)
    if splits:
        yield wrong(
            "Clips with the same content are in training and test:", splits
        )
    if plain:
        yield odd("Clips have the same content:", plain)


def _group(places: Iterable[str]) -> str:
    """Places in a line; of many, the first three."""
    first, others = (places := list(places))[:3], len(places) - 3
    return "; ".join([*first, f"{others} more"] if others > 0 else first)


class Leak:
    """Tells whether splits are in training and test at once."""

    def __init__(self, protocols: Mapping[str, Protocol]):
        self._pairs = [
            (protocol.test, frozenset(protocol.train.split("+")))
            for protocol in protocols.values()
        ]

    def among(self, splits: set[str]) -> bool:
        return len(splits) > 1 and any(
            test in splits and not splits.isdisjoint(train)
            for test, train in self._pairs
        )


def shared_subjects(
    clips: Sequence[Clip], protocols: Mapping[str, Protocol]
) -> Iterator[Finding]:
    """Subjects in training and test, by the manifest's own splits."""
    splits = collections.defaultdict(set)
    for clip in clips:
        if clip.row.subject:
            splits[clip.row.subject].add(clip.split)
    leak = Leak(protocols)
    if shared := sorted(x for x in splits if leak.among(splits[x])):
        yield odd(
            f"{len(shared)} of {counted(len(splits), 'subject')} in training "
            "and test, which says little about other people:",
            (f"{x}: {', '.join(sorted(splits[x]))}" for x in shared),
        )


def missing_classes(
    clips: Sequence[Clip], protocols: Mapping[str, Protocol]
) -> Iterator[Finding]:
    """Classes without a clip to train or to test on."""
    splits = collections.defaultdict(set)
    for clip in clips:
        splits[clip.row.label].add(clip.split)
    labels = classes(splits)
    for side in ("train", "test"):
        places = []
        for name, protocol in protocols.items():
            part = set(getattr(protocol, side).split("+"))
            lacking = [x for x in labels if splits[x].isdisjoint(part)]
            if lacking:
                places.append(f"{name}: {enumerated(lacking)}")
        if places:
            yield odd(
                f"Classes without a clip to {side} on, by protocol:", places
            )


def missing_joints(
    clips: Sequence[Clip], totals: Totals, skeleton: Skeleton
) -> Iterator[Finding]:
    shares = totals.missing / max(totals.bodies, 1)
    order = np.argsort(-shares, kind="stable")
    if often := [x for x in order if shares[x] > MISSING_JOINT]:
        yield odd(
            f"{counted(len(often), 'joint')} of {len(shares)} missing in more "
            f"than {MISSING_JOINT:.0%} of all frames with a body:",
            (f"{skeleton.joints[x]}: {shares[x]:.0%}" for x in often),
        )
    if gappy := [x for x in clips if x.facts.missing > MISSING_CLIP]:
        yield odd(
            f"{counted(len(gappy), 'clip')} without more than "
            f"{MISSING_CLIP:.0%} of the joints:",
            (f"{x.place}: {x.facts.missing:.0%} missing" for x in gappy),
        )


def zero_joints(
    clips: Sequence[Clip], totals: Totals, skeleton: Skeleton
) -> Iterator[Finding]:
    """Single joints at the origin."""
    always = _always_zero(totals)
    paired = {joint for pair in skeleton.mirror for joint in pair}
    root = skeleton.joints[int(np.argmax(always))]
    zero = totals.zero
    if np.sum(always) == 1 and root not in paired:
        yield note(
            f"{root} is always at (0, 0, 0). If the recordings are relative to "
            "it, all is well, but they do not contain where people walk."
        )
        zero = np.where(always, 0, zero)
    if np.any(zero):
        joints = np.argsort(-zero, kind="stable")[: np.count_nonzero(zero)]
        names = [f"{skeleton.joints[x]} {zero[x]:,}" for x in joints]
        yield odd(
            f"{counted(int(zero.sum()), 'position')} at exactly (0, 0, 0) "
            f"while others of the body are not: {enumerated(names)}. This "
            "looks like missing joints written as zero: write NaN, or leave "
            "them out.",
            (f"{x.place}: {x.facts.zeros}" for x in clips if x.facts.zeros),
        )


def _always_zero(totals: Totals) -> np.ndarray:
    """Whether each joint is at the origin wherever it is not missing."""
    return (totals.zero > 0) & (totals.zero + totals.missing == totals.bodies)


def motionless(clips: Sequence[Clip]) -> Iterator[Finding]:
    if frozen := [x.place for x in clips if not x.facts.moves]:
        yield odd(f"Nothing moves in {counted(len(frozen), 'clip')}:", frozen)


def still_joints(totals: Totals, skeleton: Skeleton) -> Iterator[Finding]:
    """Joints that never move, or never without another one."""
    least = max(NEARLY_ALL * totals.moving, 1)
    names = skeleton.joints
    # About what is always at the origin, `zero_joints` says more.
    still = (totals.still >= least) & ~_always_zero(totals)
    if np.any(still):
        yield odd(
            f"{counted(int(still.sum()), 'joint')} of {len(names)} never "
            "moving, in all or nearly all clips:",
            (names[x] for x in np.flatnonzero(still)),
        )
    if twins := np.argwhere(totals.twin >= least).tolist():
        yield odd(
            "Some joints move exactly like others, as copies do:",
            (f"{names[one]} like {names[other]}" for one, other in twins),
        )


def speeds(clips: Sequence[Clip]) -> Iterator[Finding]:
    """Groups and subjects who are much faster or slower than others."""
    for what in ("group", "subject"):
        factors = _factors(clips, what)
        far = {
            name: factor
            for name, factor in sorted(factors.items())
            if not 1 / FASTER < factor < FASTER
        }
        if far:
            yield odd(
                f"Frame rates seem to differ (a guess): with some {what}s, "
                "joints move much farther or less from frame to frame than "
                "with others in the same actions. The training takes frame by "
                "frame, whatever the rate.",
                (
                    f"{what} {name}: {factor:.1f} times as far"
                    for name, factor in far.items()
                ),
            )


def _factors(clips: Sequence[Clip], what: str) -> dict[str, float]:
    """How much faster each group or subject is than others.

    Compared are clips of the same class: walking is faster than sitting.
    """
    by_class = collections.defaultdict(list)
    for clip in clips:
        name = getattr(clip.row, what)
        if name is not None and clip.facts.speed > 0:
            by_class[clip.row.label].append((name, np.log(clip.facts.speed)))
    excess: dict[str, list[float]] = collections.defaultdict(list)
    for of_class in by_class.values():
        names = np.array([name for name, _ in of_class])
        speed = np.array([log for _, log in of_class])
        for name in set(names.tolist()):
            own = names == name
            if not np.all(own):
                excess[name] += (speed[own] - np.median(speed[~own])).tolist()
    return {
        name: float(np.exp(np.median(values)))
        for name, values in excess.items()
        if len(values) >= LEAST_CLIPS
    }


def bodies(clips: Sequence[Clip]) -> Iterator[Finding]:
    counts = collections.Counter(
        x.facts.bodies for x in clips if x.facts.frames
    )
    if len(counts) > 1:
        yield note(
            "The number of bodies differs from clip to clip:",
            (
                f"{number} in {counted(count, 'clip')}"
                for number, count in sorted(counts.items())
            ),
        )
