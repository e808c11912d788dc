"""Velocities of joints in short windows (Yun et al. 2012)."""

import numpy as np
from sklearn.pipeline import Pipeline

from stalstm.baselines.shared.body_pose import flat, window_classifier
from stalstm.baselines.shared.bones import bones, corners
from stalstm.baselines.shared.directions import along, normal
from stalstm.description import Description


def estimator(data: Description, seed: int = 0) -> Pipeline:
    """A linear SVM of components of velocities: see `shared.body_pose`.

    Yun et al. do not list their directions. Here, they are those of the bones,
    and those perpendicular to each two bones that meet.
    """
    return window_classifier(
        velocity_features, data, seed, corners=corners(data), bones=bones(data)
    )


def velocity_features(
    points: np.ndarray,
    there: np.ndarray,
    corners: np.ndarray,
    bones: np.ndarray,
) -> np.ndarray:
    """Both features: see `window_classifier`."""
    return np.concatenate(
        [
            velocity(points, there, bones),
            normal_velocity(points, there, corners),
        ],
        axis=1,
    )


def velocity(
    points: np.ndarray, there: np.ndarray, bones: np.ndarray
) -> np.ndarray:
    """Velocities of all joints along bones.

    Args:
        points, there: See `window_classifier`.
        bones: The joints of each bone, `(bones, 2)`.

    Returns:
        `(windows, 2 * bones * joints)`, in metres per frame.
    """
    return _components(points, there, along(points, bones), bones[:, 1])


def normal_velocity(
    points: np.ndarray, there: np.ndarray, corners: np.ndarray
) -> np.ndarray:
    """Velocities of all joints along the normals of planes.

    Args:
        points, there: See `window_classifier`.
        corners: The joints that span each plane, `(planes, 3)`.

    Returns:
        `(windows, 2 * planes * joints)`, in metres per frame.
    """
    return _components(points, there, normal(points, corners), corners[:, 1])


def _components(points, there, directions, of):
    # The direction is that at the end of the step.
    steps = points[:, 1:] - points[:, :-1]
    moved = there[:, 1:] & there[:, :-1]
    return flat(
        np.einsum("wfjx,wfdx->wfdj", steps, directions[:, 1:]),
        moved[:, :, None] & there[:, 1:, of, None],
    )


BASELINE = estimator
