"""What `check` keeps of each clip: some numbers, and no frames."""

import concurrent.futures
import dataclasses
import functools
import hashlib
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence

import numpy as np
import tqdm

from datasets.custom.anatomy import Anatomy
from datasets.custom.layout import Layout
from datasets.custom.recordings import (
    FARTHEST,
    Recording,
    frames_of,
    in_camera_space,
)
from datasets.raw import RawDataError

# How many clips a process reads at a time.
_CLIPS = 50
# What one process reads in the time in which others start.
_BYTES = 20 * 2**20
# Metres: below the noise of any sensor, above the rounding of 32-bit floats.
_STILL = 1e-5
# With fewer frames, that a joint does not move says little.
_LEAST_FRAMES = 5
# How many frames are compared before all are.
_SAMPLED = 16
# The cosine below which a mirror pair is opposed to the others.
_OPPOSED = -0.3

_UNKNOWN = (np.nan, np.nan, np.nan)


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a clip; a number that is not known is NaN.

    Attributes:
        error: Why it cannot be read; empty if it can be.
        far: Whether a coordinate is farther than `FARTHEST`.
        missing: Share of joints that are missing in bodies that are there.
        zeros: Number of joints at exactly (0, 0, 0) in bodies that are there,
            without those that are always there.
        extent: Size of a typical body along x, y and z, in metres in camera
            space.
        frames: Number of frames in which somebody is; zero with an error.
        bodies: Number of bodies.
        filled_joints, empty_frames: See `in_camera_space`.
        up: Mean direction from feet to head, in camera space.
        toes, hands: See `Anatomy.toes_in_front` and `hands_in_front`.
        moves: Whether any joint moves.
        speed: Median distance between the places of a joint in one frame and in
            the next, in metres.
        digest: Of the clip as it trains.
    """

    error: str = ""
    far: bool = False
    missing: float = np.nan
    zeros: int = 0
    extent: tuple[float, ...] = _UNKNOWN
    frames: int = 0
    bodies: int = 0
    filled_joints: int = 0
    empty_frames: int = 0
    up: tuple[float, ...] = _UNKNOWN
    toes: float = np.nan
    hands: float = np.nan
    moves: bool = True
    speed: float = np.nan
    digest: bytes = b""


@dataclasses.dataclass
class Totals:
    """Sums over clips.

    Attributes:
        bodies: Number of bodies in all frames.
        missing, zero: In how many of them each joint is missing, and is exactly
            at (0, 0, 0) while others are not, `(joints,)`.
        moving: Number of clips that are long enough and in which anything
            moves.
        still: In how many of these each joint stands still, `(joints,)`.
        twin: In how many of these two joints move alike, `(joints, joints)`;
            zero unless the first index is greater.
        clips: Number of clips with anybody in them.
        opposed: In how many of these each mirror pair has its left where others
            have their right, `(pairs,)`.
    """

    bodies: int
    missing: np.ndarray
    zero: np.ndarray
    moving: int
    still: np.ndarray
    twin: np.ndarray
    clips: int
    opposed: np.ndarray

    @classmethod
    def none(cls, layout: Layout) -> "Totals":
        joints = len(layout.skeleton.joints)
        return cls(
            bodies=0,
            missing=np.zeros(joints, np.int64),
            zero=np.zeros(joints, np.int64),
            moving=0,
            still=np.zeros(joints, np.int64),
            twin=np.zeros((joints, joints), np.int64),
            clips=0,
            opposed=np.zeros(len(layout.skeleton.mirror), np.int64),
        )

    def add(self, other: "Totals") -> None:
        for field in dataclasses.fields(self):
            total = getattr(self, field.name) + getattr(other, field.name)
            setattr(self, field.name, total)


def gather(
    recordings: Sequence[Recording],
    layout: Layout,
    processes: int | None = None,
) -> tuple[list[Facts], Totals]:
    """Reads all clips, in several processes if there are many.

    Args:
        recordings: The recordings, those of one file next to each other.
        layout: How they are read.
        processes: Maximum number of processes; `None` for one on each core.

    Returns:
        What is known of each recording, and sums.

    Raises:
        BrokenProcessPool: A process has ended.
    """
    chunks = [
        recordings[start : start + _CLIPS]
        for start in range(0, len(recordings), _CLIPS)
    ]
    sizes = {recording.path: recording.stamp[0] for recording in recordings}
    processes = min(
        processes or os.cpu_count() or 1,
        len(chunks),
        1 + sum(sizes.values()) // _BYTES,
    )
    facts: list[Facts] = []
    totals = Totals.none(layout)
    with tqdm.tqdm(
        desc="Reading", total=len(recordings), unit=" clips", delay=1
    ) as bar:
        for of_chunk, sums in _read_chunks(chunks, layout, processes):
            facts += of_chunk
            totals.add(sums)
            bar.update(len(of_chunk))
    return facts, totals


def _read_chunks(
    chunks: Sequence[Sequence[Recording]], layout: Layout, processes: int
) -> Iterator[tuple[list[Facts], Totals]]:
    read = functools.partial(_read, layout)
    if processes < 2:
        yield from map(read, chunks)
        return
    with concurrent.futures.ProcessPoolExecutor(
        processes,
        multiprocessing.get_context("spawn"),
        # The parent ends the processes.
        signal.signal,
        (signal.SIGINT, signal.SIG_IGN),
    ) as pool:
        try:
            yield from pool.map(read, chunks)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _read(
    layout: Layout, recordings: Sequence[Recording]
) -> tuple[list[Facts], Totals]:
    anatomy = Anatomy(layout.skeleton)
    totals = Totals.none(layout)
    return [_facts(x, layout, anatomy, totals) for x in recordings], totals


def _facts(
    recording: Recording, layout: Layout, anatomy: Anatomy, totals: Totals
) -> Facts:
    """The facts of a clip; adds it to `totals`."""
    try:
        frames = frames_of(recording, layout.skeleton)
    except RawDataError as error:
        return Facts(error=str(error))
    metres = layout.to_camera(frames)
    missing, zeros = _add_missing(metres, totals)
    facts = Facts(
        far=bool(np.any(np.abs(metres) > FARTHEST)),
        missing=missing,
        zeros=zeros,
        extent=_extent(metres),
    )
    try:
        clip, counts = in_camera_space(
            frames, recording.place, layout, recording.start
        )
    except RawDataError as error:
        return dataclasses.replace(facts, error=str(error))
    facts = dataclasses.replace(
        facts,
        filled_joints=counts.get("filled_joints", 0),
        empty_frames=counts.get("empty_frames", 0),
    )
    if not len(clip):
        return facts
    present = np.any(clip != 0, axis=(2, 3))
    bodies = clip[present].astype(np.float64)
    totals.clips += 1
    totals.opposed += anatomy.sides(bodies) < _OPPOSED
    digest = hashlib.blake2b(repr(clip.shape).encode(), digest_size=16)
    digest.update(clip.tobytes())
    return dataclasses.replace(
        facts,
        frames=clip.shape[0],
        bodies=clip.shape[1],
        up=tuple(anatomy.up(bodies).mean(axis=0).tolist())
        if anatomy.has_up
        else _UNKNOWN,
        toes=anatomy.toes_in_front(bodies) if anatomy.has_toes else np.nan,
        hands=anatomy.hands_in_front(bodies) if anatomy.has_hands else np.nan,
        moves=_add_motion(clip, present, totals),
        speed=_speed(clip, present),
        digest=digest.digest(),
    )


def _add_missing(metres: np.ndarray, totals: Totals) -> tuple[float, int]:
    """Counts missing joints; returns `missing` and `zeros` of the facts."""
    missing = np.isnan(metres).any(axis=-1)
    zero = np.all(metres == 0, axis=-1)
    present = ~np.all(missing | zero, axis=-1)
    bodies = int(present.sum())
    if not bodies:
        return np.nan, 0
    missing, zero = missing[present].sum(axis=0), zero[present].sum(axis=0)
    totals.bodies += bodies
    totals.missing += missing
    totals.zero += zero
    sometimes = zero[zero + missing < bodies]
    return float(missing.mean() / bodies), int(sometimes.sum())


def _extent(metres: np.ndarray) -> tuple[float, ...]:
    """The size of a typical body: the medians over those that are seen well."""
    known = np.isfinite(metres).all(axis=-1)
    seen = known.mean(axis=-1) > 0.5
    seen &= np.any(metres != 0, axis=(2, 3))
    if not np.any(seen):
        return _UNKNOWN
    bodies, known = metres[seen], known[seen][..., np.newaxis]
    largest = np.max(bodies, axis=1, where=known, initial=-np.inf)
    least = np.min(bodies, axis=1, where=known, initial=np.inf)
    return tuple(np.median(largest - least, axis=0).tolist())


def _add_motion(clip: np.ndarray, present: np.ndarray, totals: Totals) -> bool:
    """Counts joints that stand still or move alike.

    Returns:
        Whether anything moves; also true if there are too few frames.
    """
    body = int(np.argmax(present.sum(axis=0)))
    track = clip[present[:, body], body].astype(np.float64)
    if len(track) < _LEAST_FRAMES:
        return True
    moved = track - track[:1]
    still = np.abs(moved).max(axis=(0, 2)) < _STILL
    if np.all(still):
        return False
    totals.moving += 1
    totals.still += still
    some = moved[:: max(1, len(moved) // _SAMPLED)]
    apart = np.abs(some[:, :, np.newaxis] - some[:, np.newaxis])
    alike = np.tril(apart.max(axis=(0, 3)) < _STILL, -1)
    for one, other in np.argwhere(alike & ~still):
        if np.abs(moved[:, one] - moved[:, other]).max() < _STILL:
            totals.twin[one, other] += 1
    return True


def _speed(clip: np.ndarray, present: np.ndarray) -> float:
    both = present[1:] & present[:-1]
    if not np.any(both):
        return np.nan
    step = np.linalg.norm(np.diff(clip, axis=0)[both], axis=-1)
    return float(np.median(step))
