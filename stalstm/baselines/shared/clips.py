"""From a list of clips to the features of each, and who is in them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from stalstm.description import Description


def features_of_each_clip(
    feature: Callable[..., np.ndarray], data: Description, **kwargs: Any
) -> FunctionTransformer:
    """A transformer from a list of clips to a list of `feature(clip)`.

    Args:
        feature: Function of one clip, `(frames, bodies, joints, 3)`, defined in
            a module so that the estimator can be pickled.
        data: What the clips are checked against.
        **kwargs: Further arguments of `feature`.
    """
    return FunctionTransformer(
        _features,
        kw_args={
            "feature": feature,
            "shape": (data.bodies, len(data.skeleton.joints), 3),
            "kwargs": kwargs,
        },
    )


def _features(
    clips: Sequence[np.ndarray],
    feature: Callable[..., np.ndarray],
    shape: tuple[int, ...],
    kwargs: dict[str, Any],
) -> list[np.ndarray]:
    check(clips, shape)
    return [feature(clip, **kwargs) for clip in clips]


def check(clips: Sequence[np.ndarray], shape: tuple[int, ...]) -> None:
    """Checks the clips of a data set.

    Args:
        clips: The clips.
        shape: The shape of a frame, `(bodies, joints, 3)`.

    Raises:
        ValueError: A clip has another shape, or no frame.
    """
    for number, clip in enumerate(clips):
        if clip.shape[1:] != shape or not len(clip):
            raise ValueError(
                f"`clips` must have the shape (frames, "
                f"{', '.join(map(str, shape))}), with one frame or more. "
                f"Received: clips[{number}] of shape {clip.shape}"
            )


def present(clip: np.ndarray) -> np.ndarray:
    """Which bodies are present in each frame: `(frames, bodies)`, bool."""
    return np.any(clip != 0, axis=(2, 3))


def filled(clip: np.ndarray) -> np.ndarray:
    """The clip with each body standing still while it is absent.

    A body that is absent in some frames is where it was last seen, or, before
    it first appears, where it will be. A body that never appears stays zeros.
    """
    frames = np.arange(len(clip))
    there = present(clip)
    last = np.maximum.accumulate(np.where(there, frames[:, None], -1), axis=0)
    last = np.where(last < 0, np.argmax(there, axis=0), last)
    return np.take_along_axis(clip, last[:, :, None, None], axis=0)


def resampled(sequence: np.ndarray, frames: int) -> np.ndarray:
    """A sequence at another number of frames, from the first to the last.

    Args:
        sequence: `(any frames, ...)`.
        frames: Number of frames of the result.

    Returns:
        `(frames, ...)`, linearly interpolated.
    """
    index, fraction = places(len(sequence), frames)
    fraction = fraction.reshape(-1, *[1] * (sequence.ndim - 1))
    following = np.minimum(index + 1, len(sequence) - 1)
    result = (1 - fraction) * sequence[index] + fraction * sequence[following]
    return result.astype(sequence.dtype)


def places(given: int, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Evenly spaced places among given frames, from the first to the last.

    Returns:
        The given frame before each place, `(frames,)`, int, and how far it is
        on the way to the one after, `(frames,)`, from 0 to 1.
    """
    where = np.linspace(0, given - 1, frames)
    index = np.minimum(where.astype(int), max(given - 2, 0))
    return index, where - index
