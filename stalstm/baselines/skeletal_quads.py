"""Skeletal quads (Evangelidis et al. 2014): Fisher vectors of joint quadruples.

Georgios Evangelidis, Gurkirt Singh, Radu Horaud, "Skeletal quads: human action
recognition using joint quadruples", ICPR 2014.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import normalize

from stalstm.baselines.shared.clips import check, present
from stalstm.baselines.shared.directions import unit
from stalstm.baselines.shared.linear_svm import linear_svm, tuned
from stalstm.description import Description

# Numbers of segments on each level.
LEVELS = (1, 2, 3)
# Drawn from all training clips, to learn the mixture from.
TRAINING_QUADS = 30_000


def estimator(data: Description, seed: int = 0) -> Pipeline:
    """A linear SVM of `QuadFisherVectors`.

    Published for NTU: 38.6 % and 41.4 % (Shahroudy et al. 2016).
    """
    return make_pipeline(
        QuadFisherVectors(data, seed),
        tuned(linear_svm(seed), "C", (0.1, 1.0, 10.0)),
    )


class QuadFisherVectors(TransformerMixin, BaseEstimator):
    """Fisher vectors of the quads of a clip, its halves and its thirds.

    A Gaussian mixture is learned from the quads of the training clips. A Fisher
    vector is the gradient of a segment's likelihood with respect to the means
    and deviations of the mixture, with signed square roots and unit length.

    The paper takes quads of one body; here, those of all bodies present are in
    one set, and some quads have two joints of one body and two of another.

    Args:
        data: Description of the data.
        seed: Random seed for the choice of quads and the mixture.
        quads: Number of quads within each body, and between two. (A body of NTU
            has 12650.)
        gaussians: Number of Gaussians in the mixture.

    Attributes:
        quads_: Joints of each quad, `(quads, 4)`, among all joints of all
            bodies, ascending.
        mixture_: The fitted Gaussian mixture.
    """

    def __init__(
        self,
        data: Description,
        seed: int = 0,
        quads: int = 300,
        gaussians: int = 128,
    ):
        self.data = data
        self.seed = seed
        self.quads = quads
        self.gaussians = gaussians

    def fit(self, clips: Sequence[np.ndarray], labels=None):
        self._check(clips)
        rng = np.random.default_rng(self.seed)
        self.quads_ = draw_quads(
            self.data.bodies, len(self.data.skeleton.joints), self.quads, rng
        )
        # The same number from each clip.
        share = -(-TRAINING_QUADS // len(clips))
        found = []
        for clip in clips:
            described, _ = quads_of_clip(clip, self.quads_)
            chosen = rng.permutation(len(described))[:share]
            found.append(described[chosen])
        self.mixture_ = GaussianMixture(
            self.gaussians,
            covariance_type="diag",
            tol=0.01,
            max_iter=500,
            random_state=self.seed,
        ).fit(np.concatenate(found))
        return self

    def transform(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        self._check(clips)
        return np.stack([self._of_clip(clip) for clip in clips])

    def _check(self, clips):
        check(clips, (self.data.bodies, len(self.data.skeleton.joints), 3))

    def _of_clip(self, clip):
        quads, frames = quads_of_clip(clip, self.quads_)
        responsibilities = (
            self.mixture_.predict_proba(quads)
            if len(quads)
            else np.zeros((0, self.gaussians))
        )
        vectors = []
        for segments in LEVELS:
            for segment in np.array_split(np.arange(len(clip)), segments):
                here = np.isin(frames, segment)
                vectors.append(
                    fisher_vector(
                        quads[here], responsibilities[here], self.mixture_
                    )
                )
        signed = np.sign(vectors) * np.sqrt(np.abs(vectors))
        return normalize(signed).ravel()


def draw_quads(
    bodies: int, joints: int, number: int, rng: np.random.Generator
) -> np.ndarray:
    """Different quads of joints, the same in each body and each two bodies.

    Args:
        bodies: Number of bodies.
        joints: Number of joints of a body.
        number: How many quads are drawn within each body, and between each two;
            all, if there are no more.
        rng: Random generator.

    Returns:
        `(quads, 4)`: indices among all joints of all bodies, ascending.
    """
    within = np.array(list(itertools.combinations(range(joints), 4)))
    within = rng.permutation(within)[:number]
    drawn = [joints * body + within for body in range(bodies)]
    if bodies > 1:
        pairs = np.array(list(itertools.combinations(range(joints), 2)))
        chosen = rng.permutation(len(pairs) ** 2)[:number]
        one, other = pairs[chosen // len(pairs)], pairs[chosen % len(pairs)]
        drawn += [
            np.concatenate([joints * a + one, joints * b + other], axis=1)
            for a, b in itertools.combinations(range(bodies), 2)
        ]
    return np.concatenate(drawn)


def quads_of_clip(
    clip: np.ndarray, quads: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Describes the quads of a clip whose bodies are present.

    Args:
        clip: `(frames, bodies, joints, 3)`.
        quads: Indices of joints, `(quads, 4)`.

    Returns:
        Descriptors, `(n, 6)`, and the frame of each, `(n,)`. Quads whose joints
        all coincide are left out.
    """
    frames, bodies, joints, _ = clip.shape
    there = np.repeat(present(clip), joints, axis=1)[:, quads].all(axis=2)
    points = clip.astype(float).reshape(frames, bodies * joints, 3)
    points = points[:, quads][there]
    apart = np.any(points != points[:, :1], axis=(1, 2))
    return describe(points[apart]), np.nonzero(there)[0][apart]


def describe(points: np.ndarray) -> np.ndarray:
    """Describes quads: section 2 of the paper.

    A similarity maps the two joints that are farthest apart to (0, 0, 0) and
    (1, 1, 1). The other two are the descriptor. Joints keep their order.

    The paper leaves open how the axis is turned about itself. As in the code
    that its authors published, its plane with the z axis is kept: translation,
    scale and rotation about the z axis change nothing.

    Args:
        points: `(quads, 4, 3)`, of which no four coincide.

    Returns:
        `(quads, 6)`.
    """
    pairs = np.array(list(itertools.combinations(range(4), 2)))
    others = np.array([[x for x in range(4) if x not in y] for y in pairs])
    apart = np.linalg.norm(
        points[:, pairs[:, 0]] - points[:, pairs[:, 1]], axis=-1
    )
    farthest = np.argmax(apart, axis=1)
    order = np.concatenate([pairs, others], axis=1)[farthest]
    points = np.take_along_axis(points, order[:, :, None], axis=1)
    axis = points[:, 1] - points[:, 0]
    diagonal = np.ones((1, 3))
    similarity = (
        np.einsum("qyx,qyz->qxz", _frame(diagonal), _frame(axis))
        * (np.linalg.norm(diagonal) / np.linalg.norm(axis, axis=1))[
            :, None, None
        ]
    )
    local = points[:, 2:] - points[:, :1]
    return np.einsum("qxz,qpz->qpx", similarity, local).reshape(-1, 6)


def _frame(axis):
    """Three perpendicular unit vectors for each axis: `(n, 3, 3)`.

    The first is the axis, and the second is perpendicular to z too.
    """
    first = unit(axis)
    second = np.stack([-first[:, 1], first[:, 0], np.zeros(len(axis))], axis=1)
    # An axis along z is perpendicular to x.
    along_z = ~second.any(axis=1, keepdims=True)
    second = unit(np.where(along_z, [1.0, 0.0, 0.0], second))
    return np.stack([first, second, np.cross(first, second)], axis=1)


def fisher_vector(
    points: np.ndarray,
    responsibilities: np.ndarray,
    mixture: GaussianMixture,
) -> np.ndarray:
    """The Fisher vector of a set of points.

    Sanchez, Perronnin, Mensink and Verbeek, "Image classification with the
    Fisher vector: theory and practice", IJCV 2013, equations (17) and (18).

    Args:
        points: `(points, dimensions)`.
        responsibilities: Probability of each Gaussian at each point, `(points,
            Gaussians)`.
        mixture: Fitted mixture with diagonal covariances.

    Returns:
        `(2 * Gaussians * dimensions,)`: derivatives by the means, then by the
        standard deviations. Zeros without points.
    """
    weights = np.sqrt(mixture.weights_)[:, None] * max(len(points), 1)
    deviations = np.sqrt(mixture.covariances_)
    count = responsibilities.sum(axis=0)[:, None]
    first = responsibilities.T @ points
    second = responsibilities.T @ np.square(points)
    by_mean = (first - count * mixture.means_) / deviations / weights
    squares = second - 2 * mixture.means_ * first
    squares = squares + count * np.square(mixture.means_)
    by_deviation = (squares / mixture.covariances_ - count) / weights
    return np.concatenate([by_mean, by_deviation / np.sqrt(2)]).ravel()


BASELINE = estimator
