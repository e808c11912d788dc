"""Unit vectors along bones and perpendicular to planes."""

import numpy as np


def along(points: np.ndarray, bones: np.ndarray) -> np.ndarray:
    """The directions from the first to the second joint of each bone.

    Args:
        points: `(..., joints, 3)`.
        bones: `(bones, 2)`.

    Returns:
        `(..., bones, 3)`; zeros where both joints coincide.
    """
    return unit(points[..., bones[:, 1], :] - points[..., bones[:, 0], :])


def normal(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The normals of planes through three joints each.

    Args:
        points: `(..., joints, 3)`.
        corners: `(planes, 3)`.

    Returns:
        `(..., planes, 3)`; zeros where the three joints lie on a line.
    """
    start, middle, end = (points[..., corners[:, i], :] for i in range(3))
    return unit(np.cross(start - middle, end - middle))


def unit(vectors: np.ndarray) -> np.ndarray:
    """The vectors with length 1; zeros remain zeros."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(
        vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0
    )
