import numpy as np

from stalstm.baselines.yun_velocity_features import normal_velocity, velocity
from tests.baselines.baseline_test import random_points, run_baseline_test


def test_is_a_good_baseline():
    run_baseline_test("yun_velocity_features")


def test_velocity_is_the_step_along_a_bone():
    points, there = random_points(0)
    bones = [(0, 1), (3, 8)]
    features = velocity(points, there, np.array(bones)).reshape(4, 2, 2, 10)
    for window, step, number, i in np.ndindex(features.shape):
        j, k = bones[number]
        before, x = points[window, step], points[window, step + 1]
        if window == 0 and max(i, k) >= 5:
            assert features[window, step, number, i] == 0
            continue
        length = np.sqrt(((x[k] - x[j]) ** 2).sum())
        np.testing.assert_allclose(
            features[window, step, number, i],
            (x[i] - before[i]) @ (x[k] - x[j]) / length,
            atol=1e-12,
        )


def test_normal_velocity_is_the_step_out_of_a_plane():
    points, there = random_points(0)
    # A plane in which y is 3 in the second frame, whatever it was before.
    points[1, 1, :3] = [[0, 3, 1], [0, 3, 0], [1, 3, 0]]
    features = normal_velocity(points, there, np.array([[0, 1, 2], [5, 6, 7]]))
    features = features.reshape(4, 2, 2, 10)
    np.testing.assert_allclose(
        features[1, 0, 0], points[1, 1, :, 1] - points[1, 0, :, 1]
    )
    assert features[0, :, 0, :5].any()
    assert not features[0, :, 0, 5:].any()
    assert not features[0, :, 1].any()


def test_a_body_that_has_just_appeared_has_no_velocity():
    points, there = random_points(1)
    there[2, :2, 5:] = False
    points[2, :2, 5:] = 0
    features = velocity(points, there, np.array([[0, 1]])).reshape(4, 2, 10)
    assert features[2, :, :5].any()
    assert not features[2, :, 5:].any()
