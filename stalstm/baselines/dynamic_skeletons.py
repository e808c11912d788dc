"""Dynamic skeletons (Hu et al. 2015): Fourier pyramids of trajectories."""

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline

from stalstm.baselines.shared.clips import (
    features_of_each_clip,
    filled,
    present,
    resampled,
)
from stalstm.baselines.shared.fourier import fourier_pyramid
from stalstm.baselines.shared.linear_svm import scaled_linear_svm, tuned
from stalstm.description import Description

FRAMES = 32


def estimator(data: Description, seed: int = 0) -> Pipeline:
    """A linear SVM of how positions, relative positions and velocities change.

    Hu, Zheng, Lai and Zhang, "Jointly learning heterogeneous features for RGB-D
    activity recognition", CVPR 2015: the features of its skeleton channel,
    without those of colour and depth. Clips of all lengths are resampled to 32
    frames.

    Published for NTU: 60.2 % and 65.2 % (Shahroudy et al. 2016).
    """
    return make_pipeline(
        features_of_each_clip(dynamic_skeleton, data),
        tuned(scaled_linear_svm(seed), "linearsvc__C", (1e-4, 1e-3, 1e-2)),
    )


def dynamic_skeleton(clip: np.ndarray) -> np.ndarray:
    """The features of one clip, `(frames, bodies, joints, 3)`.

    Returns:
        `(features,)`: the Fourier pyramid of `trajectories`.
    """
    return fourier_pyramid(resampled(trajectories(clip), FRAMES)[None])[0]


def trajectories(clip: np.ndarray) -> np.ndarray:
    """What is followed over time.

    Args:
        clip: `(frames, bodies, joints, 3)`.

    Returns:
        `(frames, 3 * (joints + pairs + joints))`: for all joints of all bodies,
        the positions, measured from where the first body present begins (the
        mean of its joints); the relative positions of all pairs; the change of
        the positions since the frame before. Zeros where a body never appears;
        a body is not seen to move while it is absent.
    """
    frames, bodies, joints, _ = clip.shape
    there = np.repeat(present(clip).any(axis=0), joints)
    body = np.argmax(there[::joints])
    filled_clip = filled(clip)
    origin = filled_clip[0, body].mean(axis=0)
    points = filled_clip.reshape(frames, bodies * joints, 3) - origin
    points = np.where(there[:, None], points, 0)
    one, other = np.triu_indices(bodies * joints, k=1)
    relative = np.where(
        (there[one] & there[other])[:, None],
        points[:, one] - points[:, other],
        0,
    )
    velocity = np.diff(points, axis=0, prepend=points[:1])
    return np.concatenate([points, relative, velocity], axis=1).reshape(
        frames, -1
    )


BASELINE = estimator
