"""The raw skeleton in short windows (Yun et al. 2012)."""

import numpy as np
from sklearn.pipeline import Pipeline

from stalstm.baselines.shared.body_pose import flat, window_classifier
from stalstm.description import Description


def estimator(data: Description, seed: int = 0) -> Pipeline:
    """A linear SVM of the joints' positions: see `shared.body_pose`.

    Published for SBU: 49.7 %, of windows.
    """
    return window_classifier(positions, data, seed)


def positions(points: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Positions in camera space, in metres: see `window_classifier`."""
    return flat(points, there[..., None])


BASELINE = estimator
