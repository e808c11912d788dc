"""What a clip or a frame must be, before any model sees it.

Needs NumPy only, for those who ask: a client, and LiteRT on a device, whose
models cannot refuse an input. The signatures of the SavedModel refuse by
themselves.
"""

import numpy as np

# Metres. No depth sensor for bodies sees as far; millimetres are beyond it.
FARTHEST = 100.0


class InputError(ValueError):
    """A recording that no model can recognise; the message says why."""


def check_clip(
    skeleton, bodies: int, joints: int, least_bodies: int
) -> np.ndarray:
    """A clip that the model can take.

    Args:
        skeleton: `(frames, bodies, joints, 3)`, metres in camera space.
        bodies, joints: of the model.
        least_bodies: how many bodies must appear, each in some frame.

    Returns:
        The skeleton, float32.

    Raises:
        InputError: another shape, no frame, a coordinate that is no number or
            farther than `FARTHEST`, or a body that never appears.
    """
    skeleton = _check(skeleton, ("frames", bodies, joints, 3))
    appear = np.any(skeleton != 0, axis=(0, 2, 3))
    if appear.sum() < least_bodies:
        absent = ", ".join(str(x) for x in np.flatnonzero(~appear))
        raise InputError(
            f"`skeleton`: expected at least {least_bodies} bodies that appear "
            f"in the clip. Received: nothing but zeros for body {absent}"
        )
    return skeleton


def check_frame(frame, bodies: int, joints: int) -> np.ndarray:
    """As `check_clip`, for a frame `(bodies, joints, 3)` of a live stream.

    Bodies may be absent: they may appear later.
    """
    return _check(frame, (bodies, joints, 3))


def _check(array, shape):
    try:
        array = np.asarray(array, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"`skeleton`: expected numbers. Received: {error}"
        ) from None
    expected = f"({', '.join(map(str, shape))})"
    fits = len(array.shape) == len(shape) and all(
        n > 0 if name == "frames" else n == name
        for n, name in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise InputError(
            f"`skeleton`: expected shape {expected}, at least one frame. "
            f"Received: {array.shape}"
        )
    # Also false for NaN.
    good = np.abs(array) <= FARTHEST
    if not good.all():
        place = tuple(int(x) for x in np.argwhere(~good)[0])
        raise InputError(
            f"`skeleton`: expected metres, none beyond {FARTHEST:g}. "
            f"Received: {array[place]} at {place} of {expected}"
        )
    return array
