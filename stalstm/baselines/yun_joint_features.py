"""Joint distance and joint motion in short windows (Yun et al. 2012)."""

import itertools

import numpy as np
from sklearn.pipeline import Pipeline

from stalstm.baselines.shared.body_pose import FRAMES, flat, window_classifier
from stalstm.description import Description


def estimator(data: Description, seed: int = 0) -> Pipeline:
    """A linear SVM of distances between joints: see `shared.body_pose`.

    Published for SBU: 80.3 %, of windows.
    """
    return window_classifier(joint_features, data, seed)


def joint_features(points: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Both features: see `window_classifier`."""
    return np.concatenate(
        [joint_distance(points, there), joint_motion(points, there)], axis=1
    )


def joint_distance(points: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Distances between all pairs of joints in the same frame, in metres.

    The joints are of the same or of different bodies.

    Returns:
        `(windows, 3 * pairs)`.
    """
    one, other = np.triu_indices(points.shape[2], k=1)
    return flat(
        np.linalg.norm(points[:, :, one] - points[:, :, other], axis=-1),
        there[:, :, one] & there[:, :, other],
    )


def joint_motion(points: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Distances between all joints in a frame and all in a later frame.

    Returns:
        `(windows, 3 * joints * joints)`, in metres, for the frames (1, 2), (1,
        3) and (2, 3) of a window.
    """
    features = [
        flat(
            np.linalg.norm(
                points[:, before, :, None] - points[:, after, None], axis=-1
            ),
            there[:, before, :, None] & there[:, after, None],
        )
        for before, after in itertools.combinations(range(FRAMES), 2)
    ]
    return np.concatenate(features, axis=1)


BASELINE = estimator
