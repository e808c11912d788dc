"""Distances of joints from planes in short windows (Yun et al. 2012)."""

import numpy as np
from sklearn.pipeline import Pipeline

from stalstm.baselines.shared.body_pose import flat, window_classifier
from stalstm.baselines.shared.bones import bones, corners
from stalstm.baselines.shared.directions import along, normal
from stalstm.description import Description


def estimator(data: Description, seed: int = 0) -> Pipeline:
    """A linear SVM of distances from planes: see `shared.body_pose`.

    Yun et al. do not list their planes. Here, a plane is spanned by each two
    bones that meet, and a normal plane stands at the end of each bone.
    """
    return window_classifier(
        plane_features, data, seed, corners=corners(data), bones=bones(data)
    )


def plane_features(
    points: np.ndarray,
    there: np.ndarray,
    corners: np.ndarray,
    bones: np.ndarray,
) -> np.ndarray:
    """Both features: see `window_classifier`."""
    return np.concatenate(
        [plane(points, there, corners), normal_plane(points, there, bones)],
        axis=1,
    )


def plane(
    points: np.ndarray, there: np.ndarray, corners: np.ndarray
) -> np.ndarray:
    """Signed distances of all joints from planes through three joints each.

    Args:
        points, there: See `window_classifier`.
        corners: The joints that span each plane, `(planes, 3)`.

    Returns:
        `(windows, 3 * planes * joints)`, in metres; zeros for joints that lie
        on a line.
    """
    return _distances(points, there, normal(points, corners), corners[:, 1])


def normal_plane(
    points: np.ndarray, there: np.ndarray, bones: np.ndarray
) -> np.ndarray:
    """Signed distances of all joints from planes perpendicular to a bone.

    Args:
        points, there: See `window_classifier`.
        bones: The joints of each bone, `(bones, 2)`; the plane is at the
            second.

    Returns:
        `(windows, 3 * bones * joints)`, in metres.
    """
    return _distances(points, there, along(points, bones), bones[:, 1])


def _distances(points, there, normals, through):
    # (windows, 3, planes, joints, 3)
    offsets = points[:, :, None] - points[:, :, through, None]
    return flat(
        np.einsum("wfpjx,wfpx->wfpj", offsets, normals),
        there[:, :, None] & there[:, :, through, None],
    )


BASELINE = estimator
