"""What the methods of Yun et al. 2012 share: windows of three frames, an SVM.

Kiwon Yun, Jean Honorio, Debaleena Chattopadhyay, Tamara L. Berg, Dimitris
Samaras, "Two-person interaction detection using body-pose features and multiple
instance learning", CVPR Workshops 2012: short windows are classified by a
linear SVM of body-pose features. Theirs are the accuracies of single windows;
here the windows of a clip decide together (`WindowVote`), as every clip of this
project gets one answer.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline

from stalstm.baselines.shared.clips import features_of_each_clip, present
from stalstm.baselines.shared.linear_svm import scaled_linear_svm, tuned
from stalstm.baselines.shared.windows import WindowVote, windows
from stalstm.description import Description

FRAMES = 3


def window_classifier(
    pose: Callable[..., np.ndarray],
    data: Description,
    seed: int,
    **kwargs: Any,
) -> Pipeline:
    """Classifies clips by the body poses in their windows.

    Args:
        pose: Function from `points`, `(windows, 3, joints of all bodies, 3)`,
            and `there`, `(windows, 3, joints of all bodies)`, which is false
            for those of absent bodies, to features `(windows, features)`.
        data: Description of the data.
        seed: Random seed of the SVM's solver.
        **kwargs: Further arguments of `pose`.
    """
    return make_pipeline(
        features_of_each_clip(_of_windows, data, pose=pose, **kwargs),
        tuned(
            WindowVote(scaled_linear_svm(seed)),
            "classifier__linearsvc__C",
            (1e-5, 1e-4, 1e-3),
        ),
    )


def _of_windows(
    clip: np.ndarray, pose: Callable[..., np.ndarray], **kwargs: Any
) -> np.ndarray:
    frames, bodies, joints, _ = clip.shape
    there = np.repeat(present(clip), joints, axis=1)
    points = clip.reshape(frames, bodies * joints, 3)
    return pose(windows(points, FRAMES), windows(there, FRAMES), **kwargs)


def flat(feature: np.ndarray, there: np.ndarray) -> np.ndarray:
    """One row for each window; zeros where a body that matters is absent.

    Args:
        feature: `(windows, ...)`.
        there: Whether all bodies that matter are present, of the same shape.
    """
    return np.where(there, feature, 0).reshape(len(feature), -1)
