import itertools

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sklearn.mixture import GaussianMixture

from stalstm.baselines.skeletal_quads import (
    QuadFisherVectors,
    describe,
    draw_quads,
    fisher_vector,
    quads_of_clip,
)
from tests.baselines.baseline_test import ARMS, random_clip, run_baseline_test


def test_is_a_good_baseline():
    run_baseline_test(
        "skeletal_quads",
        quadfishervectors__quads=30,
        quadfishervectors__gaussians=8,
    )


def test_a_quad_by_hand():
    far = [(0, 0, 0), (2, 2, 2)]
    for order in itertools.permutations(range(4)):
        joints = np.array([*far, (1, 0, 0), (0, 0, 1)], float)[list(order)]
        (quad,) = describe(joints[None])
        # The joints keep their order, both the farthest two and the others.
        first, second = np.array([0.5, 0, 0]), np.array([0, 0, 0.5])
        if order.index(0) > order.index(1):
            # Seen from the other end, by half a turn about a line
            # perpendicular to the diagonal, in its plane with z.
            turn = Rotation.from_rotvec(
                np.pi * np.array([-1, -1, 2]) / np.sqrt(6)
            )
            first, second = (
                turn.apply(np.subtract(x, 1)) for x in (first, second)
            )
        if order.index(2) > order.index(3):
            first, second = second, first
        np.testing.assert_allclose(quad, [*first, *second], atol=1e-12)


def test_a_quad_is_what_two_rotations_make_of_it():
    for points in np.random.default_rng(0).normal(size=(50, 4, 3)):
        pairs = list(itertools.combinations(range(4), 2))
        i, j = max(
            pairs, key=lambda x: np.linalg.norm(points[x[0]] - points[x[1]])
        )
        axis = points[j] - points[i]
        # About z, until x and y of the axis are equal.
        heading = np.pi / 4 - np.arctan2(axis[1], axis[0])
        # About a horizontal line, until z equals them too.
        pitch = np.arctan2(1, np.sqrt(2)) - np.arctan2(
            axis[2], np.hypot(axis[0], axis[1])
        )
        turn = Rotation.from_rotvec(
            pitch * np.array([1, -1, 0]) / np.sqrt(2)
        ) * Rotation.from_euler("z", heading)
        scale = np.sqrt(3) / np.linalg.norm(axis)
        local = scale * turn.apply(points - points[i])
        np.testing.assert_allclose(local[j], 1)
        others = [x for x in range(4) if x not in (i, j)]
        np.testing.assert_allclose(
            describe(points[None])[0], local[others].ravel(), atol=1e-9
        )


def test_place_size_and_a_turn_about_the_optical_axis_do_not_matter():
    points = np.random.default_rng(1).normal(size=(50, 4, 3))
    turned = Rotation.from_euler("z", 1.2).apply(points.reshape(-1, 3))
    moved = 0.7 * turned.reshape(points.shape) + [1, -2, 3]
    np.testing.assert_allclose(describe(moved), describe(points), atol=1e-9)


def test_an_axis_along_z_and_joints_in_one_place_are_finite():
    points = np.zeros((2, 4, 3))
    points[0, 3] = [0, 0, 2]
    points[1, 1] = [1, 0, 0]
    assert np.isfinite(describe(points)).all()


def test_quads_are_drawn_within_each_body_and_between_two():
    rng = np.random.default_rng(0)
    quads = draw_quads(2, 25, 300, rng)
    assert len(np.unique(quads, axis=0)) == 900
    assert (np.diff(quads) > 0).all()
    of_body = (quads >= 25).sum(axis=1)
    np.testing.assert_array_equal(of_body, [0] * 300 + [4] * 300 + [2] * 300)
    np.testing.assert_array_equal(quads[:300] + 25, quads[300:600])
    # A skeleton of five joints has no more than these.
    assert len(draw_quads(1, 5, 300, rng)) == 5
    assert len(draw_quads(2, 5, 300, rng)) == 5 + 5 + 100


def test_quads_of_an_absent_body_are_left_out():
    clip = random_clip(0, 3)
    clip[1, 1] = 0
    quads = draw_quads(2, 5, 300, np.random.default_rng(0))
    described, frames = quads_of_clip(clip, quads)
    assert described.shape == (len(frames), 6)
    np.testing.assert_array_equal(np.bincount(frames), [110, 5, 110])


def log_likelihood(points, weights, means, deviations):
    total = 0.0
    for point in points:
        density = 0.0
        for weight, mean, deviation in zip(
            weights, means, deviations, strict=True
        ):
            z = (point - mean) / deviation
            density += (
                weight
                * np.exp(-0.5 * (z * z).sum())
                / np.prod(np.sqrt(2 * np.pi) * deviation)
            )
        total += np.log(density)
    return total / len(points)


def test_fisher_vector_is_the_gradient_of_the_likelihood():
    rng = np.random.default_rng(0)
    mixture = GaussianMixture(3, covariance_type="diag", random_state=0)
    mixture.fit(rng.normal(size=(200, 2)))
    points = rng.normal(size=(7, 2))
    vector = fisher_vector(points, mixture.predict_proba(points), mixture)
    weights, means = mixture.weights_, mixture.means_
    deviations = np.sqrt(mixture.covariances_)
    expected = []
    for by, factor in ((means, 1), (deviations, 1 / np.sqrt(2))):
        for k, d in np.ndindex(by.shape):
            values = []
            for step in (-1e-5, 1e-5):
                by[k, d] += step
                values.append(
                    log_likelihood(points, weights, means, deviations)
                )
                by[k, d] -= step
            slope = (values[1] - values[0]) / 2e-5
            expected.append(
                slope * deviations[k, d] * factor / np.sqrt(weights[k])
            )
    np.testing.assert_allclose(vector, expected, rtol=1e-5, atol=1e-8)


def test_a_clip_has_the_vectors_of_six_segments():
    vectors = QuadFisherVectors(ARMS, seed=0, quads=10, gaussians=4)
    clips = [random_clip(n, 6) for n in range(3)]
    features = vectors.fit_transform(clips)
    size = 2 * 4 * 6
    assert features.shape == (3, 6 * size)
    np.testing.assert_allclose(
        np.linalg.norm(features.reshape(3, 6, size), axis=2), 1
    )
    # Signed square roots of the Fisher vector of all quads, at unit length.
    quads, _ = quads_of_clip(clips[0], vectors.quads_)
    mixture = vectors.mixture_
    whole = fisher_vector(quads, mixture.predict_proba(quads), mixture)
    roots = [np.sqrt(x) if x > 0 else -np.sqrt(-x) for x in whole]
    np.testing.assert_allclose(
        features[0, :size], roots / np.sqrt(np.abs(whole).sum())
    )
    # The second half and the last third, as clips of their own.
    for segment, frames in ((2, slice(3, 6)), (5, slice(4, 6))):
        (alone,) = vectors.transform([clips[0][frames]])
        np.testing.assert_allclose(
            features[0, segment * size : (segment + 1) * size], alone[:size]
        )
    # A single frame has one segment of each level, the others are zeros.
    (one,) = vectors.transform([clips[0][:1]]).reshape(1, 6, size)
    np.testing.assert_array_equal(one.any(axis=1), [1, 1, 0, 1, 0, 0])


@pytest.mark.parametrize("seed", [0, 1])
def test_the_seed_chooses_the_quads(seed):
    clips = [random_clip(n, 6) for n in range(3)]
    drawn = [
        QuadFisherVectors(ARMS, seed, quads=3, gaussians=2).fit(clips).quads_
        for seed in (0, seed)
    ]
    assert np.array_equal(*drawn) == (seed == 0)
