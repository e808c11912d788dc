"""Skeletons as points of a Lie group (Vemulapalli et al. 2014).

Raviteja Vemulapalli, Felipe Arrate, Rama Chellappa, "Human action recognition
by representing 3D skeletons as points in a Lie group", CVPR 2014.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import RigidTransform, Rotation
from sklearn.base import BaseEstimator, ClassifierMixin

from stalstm.baselines.shared.bones import bones
from stalstm.baselines.shared.clips import check, filled, places, present
from stalstm.baselines.shared.directions import unit
from stalstm.baselines.shared.fourier import fourier_pyramid
from stalstm.baselines.shared.linear_svm import linear_svm
from stalstm.description import Description

# The code that the authors published gives the curves of their three data sets
# 74, 35 and 76 frames.
LONGEST = 76


def estimator(data: Description, seed: int = 0) -> "LieGroup":
    """The `LieGroup` classifier of a data set.

    Published for NTU: 50.1 % and 52.8 % (Shahroudy et al. 2016).

    Raises:
        ValueError: The skeleton lacks bones, a torso or shoulders.
    """
    data.require("lie_group", ["torso", "left_shoulder", "right_shoulder"])
    return LieGroup(data, seed)


class LieGroup(ClassifierMixin, BaseEstimator):
    """A linear SVM of aligned curves in a Lie algebra.

    1. Each clip is a curve of the relative geometry of bones (`curve`), at the
       number of frames of the longest training clip, at most 76.
    2. For each class, all curves are warped to the mean curve of the class.
    3. A linear SVM with C = 1 tells the class from all others by the Fourier
       temporal pyramid of the warped curves. The highest score wins.

    The paper knows one body. Here, the bones of all bodies are related to each
    other, within a body and between two. All curves are in memory: a clip of
    NTU at 76 frames takes 4 MB, and its pyramid 3 MB.

    Args:
        data: Description of the data.
        seed: Random seed of the SVM's solver.
        iterations: How many times the mean curve of a class is computed.

    Attributes:
        classes_: The labels.
        lengths_: Mean lengths of the bones, `(bones of a body,)`, in metres.
        frames_: Number of frames of a curve.
        nominal_curves_: For each class, `(frames_, channels)`.
        svms_: For each class, the fitted SVM.
    """

    # Iterations and C are those of the code that the authors published.
    def __init__(self, data: Description, seed: int = 0, iterations: int = 25):
        self.data = data
        self.seed = seed
        self.iterations = iterations

    def fit(self, clips: Sequence[np.ndarray], labels: ArrayLike):
        self.classes_, labels = np.unique(labels, return_inverse=True)
        self._check(clips)
        self.lengths_ = mean_lengths(clips, self.data)
        self.frames_ = min(max(map(len, clips)), LONGEST)
        # The pyramid divides the frames by four.
        self.frames_ = max(self.frames_, 4)
        curves = self._curves(clips)
        self.nominal_curves_, self.svms_ = [], []
        for label in range(len(self.classes_)):
            nominal = nominal_curve(curves[labels == label], self.iterations)
            svm = linear_svm(self.seed, C=1.0, class_weight="balanced")
            svm.fit(fourier_pyramid(warp(nominal, curves)), labels == label)
            self.nominal_curves_.append(nominal)
            self.svms_.append(svm)
        return self

    def predict(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        self._check(clips)
        curves = self._curves(clips)
        scores = [
            svm.decision_function(fourier_pyramid(warp(nominal, curves)))
            for nominal, svm in zip(
                self.nominal_curves_, self.svms_, strict=True
            )
        ]
        return self.classes_[np.argmax(scores, axis=0)]

    def _check(self, clips):
        check(clips, (self.data.bodies, len(self.data.skeleton.joints), 3))

    def _curves(self, clips):
        return np.stack(
            [curve(x, self.data, self.lengths_, self.frames_) for x in clips]
        )


def curve(
    clip: np.ndarray, data: Description, lengths: np.ndarray, frames: int
) -> np.ndarray:
    """The relative geometry of all pairs of bones, in the Lie algebra.

    A transformation is interpolated between two frames by a screw motion, and
    mapped to the algebra by its logarithm.

    Args:
        clip: `(frames of the clip, bodies, joints, 3)`.
        data: Description of the data.
        lengths: Lengths that all bones get, `(bones of a body,)`.
        frames: Number of frames of the curve.

    Returns:
        `(frames, 6 * pairs)`, float32, for all ordered pairs of bones. Zeros
        where a body never appears; a body that is absent in some frames stands
        still in them.
    """
    appears = present(clip).any(axis=0)
    clip = turned(resized(filled(clip), data, lengths), data)
    clip_frames, bodies, joints, _ = clip.shape
    ends = bones(data)
    known = np.repeat(appears, len(ends) // bodies)
    pairs = relative_geometry(
        clip.reshape(clip_frames, bodies * joints, 3)[:, ends]
    )
    index, fraction = places(clip_frames, frames)
    following = np.minimum(index + 1, clip_frames - 1)
    screw = (pairs[index].inv() * pairs[following]).as_exp_coords()
    moved = RigidTransform.from_exp_coords(fraction[:, None, None] * screw)
    logarithm = (pairs[index] * moved).as_exp_coords().astype(np.float32)
    one, other = ordered_pairs(len(ends))
    logarithm[:, ~(known[one] & known[other])] = 0
    return logarithm.reshape(frames, -1)


def ordered_pairs(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of all pairs of different things, in both orders."""
    one, other = np.nonzero(~np.eye(count, dtype=bool))
    return one, other


def relative_geometry(bones: np.ndarray) -> RigidTransform:
    """The rigid transformation from each bone to each other.

    Equation (1) of the paper: seen from the one bone, which begins at the
    origin and lies on the x axis, the transformation rotates it, by the
    smallest angle, to the direction of the other bone, and moves it to where
    the other bone begins.

    Args:
        bones: Positions of both ends, `(frames, bones, 2, 3)`.

    Returns:
        `(frames, pairs)`, in the order of `ordered_pairs`: from the first bone
        of the pair to the second.
    """
    one, other = ordered_pairs(bones.shape[1])
    begins = bones[:, :, 0]
    directions = unit(bones[:, :, 1] - begins)
    to_local = _from_x_axis(directions).inv().as_matrix()[:, one]
    offset = (begins[:, other] - begins[:, one])[..., None]
    direction = directions[:, other, :, None]
    return RigidTransform.from_components(
        (to_local @ offset)[..., 0],
        _from_x_axis((to_local @ direction)[..., 0]),
    )


def _from_x_axis(directions):
    """The smallest rotations of the x axis to unit vectors, `(..., 3)`."""
    x, y, z = np.moveaxis(directions, -1, 0)
    # The rotation is about a vector perpendicular to both, by their angle.
    axis = np.stack([np.zeros_like(x), -z, y], axis=-1)
    sine = np.linalg.norm(axis, axis=-1)
    # To the opposite direction, any such axis will do.
    axis = np.where(sine[..., None] > 0, axis, [0.0, 0.0, 1.0])
    angle = np.arctan2(sine, x)
    return Rotation.from_rotvec(angle[..., None] * unit(axis))


def mean_lengths(clips: Sequence[np.ndarray], data: Description) -> np.ndarray:
    """Mean lengths of the bones of all bodies while they are present."""
    ends = bones(data)[: len(data.skeleton.bones)]
    bodies = np.concatenate([clip[present(clip)] for clip in clips])
    if not len(bodies):
        raise ValueError(
            "expected a body in at least one clip. Received: "
            f"{len(clips)} clips with none"
        )
    vectors = bodies[:, ends[:, 1]] - bodies[:, ends[:, 0]]
    return np.linalg.norm(vectors, axis=-1).mean(axis=0)


def resized(
    clip: np.ndarray, data: Description, lengths: np.ndarray
) -> np.ndarray:
    """The clip with bones of the given lengths and of the same directions.

    Each body's torso stays where it is. Size does not matter to what follows.
    """
    skeleton = data.skeleton
    ends = bones(data)[: len(skeleton.bones)]
    result = clip.copy()
    placed = {skeleton.role("torso")}
    left = list(zip(ends.tolist(), lengths, strict=True))
    while left:
        reached = [x for x in left if placed & set(x[0])]
        if not reached:
            raise ValueError(
                "expected bones that connect all joints to the torso. "
                f"Received: skeleton {skeleton.name}"
            )
        (one, other), length = reached[0]
        left.remove(reached[0])
        if one not in placed:
            one, other = other, one
        direction = unit(clip[:, :, other] - clip[:, :, one])
        result[:, :, other] = result[:, :, one] + length * direction
        placed.add(other)
    return result


def turned(clip: np.ndarray, data: Description) -> np.ndarray:
    """The clip turned about the vertical, so that heading does not matter.

    In each frame, the line from the right to the left shoulder of the first
    body that appears then has no component along z. (The paper takes the hips,
    of the only body.)
    """
    body = np.argmax(present(clip).any(axis=0))
    left, right = (
        clip[:, body, data.skeleton.role(f"{side}_shoulder")]
        for side in ("left", "right")
    )
    x, _, z = np.moveaxis(left - right, -1, 0)
    angle = np.arctan2(z, x)
    rotation = Rotation.from_rotvec(angle[:, None] * [0.0, 1.0, 0.0])
    return np.einsum("fxy,fbjy->fbjx", rotation.as_matrix(), clip)


def nominal_curve(curves: np.ndarray, iterations: int) -> np.ndarray:
    """The mean of curves that are warped to it: Algorithm 1 of the paper.

    Args:
        curves: `(curves, frames, channels)`. It begins as the first of them.
        iterations: How many times they are warped to it and averaged.

    Returns:
        `(frames, channels)`.
    """
    nominal = curves[0]
    for _ in range(iterations):
        nominal = warp(nominal, curves).mean(axis=0)
    return nominal


def warp(nominal: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """Curves aligned with another by dynamic time warping.

    Args:
        nominal: `(frames, channels)`.
        curves: `(curves, frames, channels)`.

    Returns:
        `(curves, frames, channels)`: in each frame, of those frames of a curve
        that are aligned with the nominal curve's, the nearest.
    """
    costs = squared_distances(nominal, curves)
    matches = alignments(costs)
    nearest = np.where(matches, costs, np.inf).argmin(axis=2)
    return np.take_along_axis(curves, nearest[:, :, None], axis=1)


def squared_distances(nominal: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """Between frames: `(curves, frames of nominal, frames of a curve)`."""
    products = np.einsum("ac,nbc->nab", nominal, curves, optimize=True)
    squares = np.square(curves).sum(axis=-1)[:, None]
    squares = squares + np.square(nominal).sum(axis=-1)[:, None]
    return np.maximum(squares - 2 * products, 0)


def alignments(costs: np.ndarray) -> np.ndarray:
    """The cheapest paths from the first to the last frames of two sequences.

    A path advances in either sequence or in both by one frame.

    Args:
        costs: Costs of aligning two frames, `(n, rows, columns)`.

    Returns:
        Which frames are aligned, of the same shape, bool.
    """
    count, rows, columns = costs.shape
    total = np.full((count, rows + 1, columns + 1), np.inf)
    total[:, 0, 0] = 0
    # One antidiagonal after the other.
    for step in range(rows + columns - 1):
        row = np.arange(max(0, step - columns + 1), min(step + 1, rows))
        column = step - row
        before = np.minimum(
            total[:, row, column + 1], total[:, row + 1, column]
        )
        before = np.minimum(before, total[:, row, column])
        total[:, row + 1, column + 1] = costs[:, row, column] + before
    # Back from the end, all paths at a time; a path that is at the beginning
    # stays there.
    path = np.zeros(costs.shape, bool)
    everywhere = np.arange(count)
    row, column = np.full(count, rows), np.full(count, columns)
    for _ in range(rows + columns - 1):
        path[everywhere, row - 1, column - 1] = True
        steps = np.stack(
            [
                total[everywhere, row - 1, column - 1],
                total[everywhere, row - 1, column],
                total[everywhere, row, column - 1],
            ]
        ).argmin(axis=0)
        ends = (row == 1) & (column == 1)
        row = np.where(ends | (steps == 2), row, row - 1)
        column = np.where(ends | (steps == 1), column, column - 1)
    return path


BASELINE = estimator
