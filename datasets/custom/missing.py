"""Clips in which every joint is missing, to be filled."""

import numpy as np

from datasets.raw import check_shape


def all_missing(
    frames: int, bodies: int, joints: int, place: str
) -> np.ndarray:
    """A clip in which every joint is missing.

    Returns:
        `(frames, bodies, joints, 3)`, float64, NaN.

    Raises:
        RawDataError: It has more than `MOST_JOINTS` joints.
    """
    check_shape(frames, bodies, joints, place)
    return np.full((frames, bodies, joints, 3), np.nan)
