import numpy as np

from stalstm.baselines.yun_plane_features import normal_plane, plane
from tests.baselines.baseline_test import random_points, run_baseline_test


def test_is_a_good_baseline():
    run_baseline_test("yun_plane_features", at_least=0.6)


def test_plane_is_the_signed_distance_from_a_plane_through_three_joints():
    points, there = random_points(0)
    corners = [(0, 1, 2), (5, 6, 7)]
    features = plane(points, there, np.array(corners))
    features = features.reshape(4, 3, 2, 10)
    for window, frame, number, i in np.ndindex(features.shape):
        j, k, m = corners[number]
        x = points[window, frame]
        if window == 0 and max(i, j) >= 5:
            assert features[window, frame, number, i] == 0
            continue
        # a x + b y + c z + d = 0, scaled so that (a, b, c) has length 1.
        a, b, c = np.cross(x[j] - x[k], x[m] - x[k])
        d = -(a * x[k][0] + b * x[k][1] + c * x[k][2])
        value = a * x[i][0] + b * x[i][1] + c * x[i][2] + d
        np.testing.assert_allclose(
            features[window, frame, number, i],
            value / np.sqrt(a * a + b * b + c * c),
            atol=1e-12,
        )


def test_normal_plane_is_the_height_above_the_end_of_a_bone():
    points, there = random_points(0)
    points[1, 0, :3] = [[0, 0, 0], [0, 2, 0], [5, 2.5, -7]]
    features = normal_plane(points, there, np.array([[0, 1], [1, 0], [0, 7]]))
    features = features.reshape(4, 3, 3, 10)
    # Bone 0 1 points up and ends at a height of 2; bone 1 0 points down to 0.
    np.testing.assert_allclose(features[1, 0, 0, :3], [-2, 0, 0.5])
    np.testing.assert_allclose(features[1, 0, 1, :3], [0, -2, -2.5])
    # In the first window, joints 5 to 9 are absent.
    assert features[0, :, 0, :5].any()
    assert not features[0, :, 0, 5:].any()
    assert not features[0, :, 2].any()
