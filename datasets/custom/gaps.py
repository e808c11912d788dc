"""Fills short gaps of single joints."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from datasets.raw import RawDataError


def fill(
    skeleton: np.ndarray,
    max_gap: int,
    place: str,
    joints: Sequence[str],
    first: int = 0,
) -> tuple[np.ndarray, dict[str, int]]:
    """Interpolates the missing joints of present bodies over time.

    A body is present in the frames in which any of its joints is. A joint that
    is missing there gets a position on the line between those of the nearest
    frame before and the nearest frame after in which the body has it; before
    the first and after the last of them, it stays where it is nearest in time.
    An absence of more than `max_gap` frames divides a body's frames: what is on
    one side of it says nothing about the other.

    Args:
        skeleton: `(frames, bodies, joints, 3)`, NaN in the three coordinates of
            a missing joint and of all joints of an absent body.
        max_gap: Maximum number of frames in a row without a joint; frames in
            which the body is absent count.
        place: Name of the file in error messages.
        joints: Names of the joints.
        first: Number of the first frame in error messages.

    Returns:
        The skeleton, absent bodies still NaN; and the number of positions that
        were filled, as `filled_joints`, unless there is none.

    Raises:
        RawDataError: A gap is longer, or a body is never seen with a joint.
    """
    known = ~np.isnan(skeleton[..., 0])
    present = known.any(axis=-1, keepdims=True)
    missing = np.nonzero(present & ~known)
    if not len(missing[0]):
        return skeleton, {}
    frame, body, joint = missing
    begin = _begin(present, max_gap)[frame, body, 0]
    end = _backwards(_begin, present, max_gap)[frame, body, 0]
    before = _last(known)[missing]
    after = _backwards(_last, known)[missing]

    seen_before, seen_after = before >= begin, after <= end
    gap_begin = np.where(seen_before, before + 1, begin)
    gap_end = np.where(seen_after, after - 1, end)
    gap = gap_end - gap_begin + 1
    unseen = ~seen_before & ~seen_after
    if np.any(too_long := unseen | (gap > max_gap)):
        worst = int(np.argmax(np.where(too_long, gap, 0)))
        raise RawDataError(
            f"{place}, body {body[worst]}, joint {joints[joint[worst]]}: "
            f"expected at most {max_gap} frames in a row without it"
            f"{' and others with it' if unseen[worst] else ''}. "
            f"Received: {gap[worst]} frames, {first + gap_begin[worst]} to "
            f"{first + gap_end[worst]}. A larger `max_gap` in skeleton.json "
            "allows that, --on_bad_file=skip leaves the recording out"
        )
    before, after = (
        np.where(seen_before, before, after),
        np.where(seen_after, after, before),
    )
    share = (frame - before) / np.maximum(after - before, 1)
    start, stop = skeleton[before, body, joint], skeleton[after, body, joint]
    filled = skeleton.copy()
    filled[missing] = start + share[:, np.newaxis] * (stop - start)
    return filled, {"filled_joints": len(frame)}


def _last(known: np.ndarray) -> np.ndarray:
    """The last frame up to each frame in which something is known, or -1."""
    frame = np.arange(len(known))[:, np.newaxis, np.newaxis]
    return np.maximum.accumulate(np.where(known, frame, -1))


def _begin(present: np.ndarray, max_gap: int) -> np.ndarray:
    """The first frame of the stretch that each frame is in.

    Args:
        present: `(frames, bodies, 1)`, bool. An absence of more than `max_gap`
            frames ends a stretch.
        max_gap: Number of frames.
    """
    frame = np.arange(len(present))[:, np.newaxis, np.newaxis]
    last = _last(present)
    previous = np.concatenate([np.full_like(last[:1], -1), last[:-1]])
    begins = (previous < 0) | (frame - previous > max_gap + 1)
    return np.maximum.accumulate(np.where(present & begins, frame, 0))


def _backwards(
    function: Callable[..., np.ndarray], array: np.ndarray, *arguments: Any
) -> np.ndarray:
    """What a function of frames says if time runs backwards."""
    return len(array) - 1 - function(array[::-1], *arguments)[::-1]
