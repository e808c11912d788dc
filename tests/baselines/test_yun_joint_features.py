import numpy as np

from stalstm.baselines.yun_joint_features import joint_distance, joint_motion
from tests.baselines.baseline_test import random_points, run_baseline_test


def test_is_a_good_baseline():
    run_baseline_test("yun_joint_features")


def distance(one, other):
    return np.sqrt(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)))


def test_joint_distance_is_that_of_all_pairs_in_each_frame():
    points, there = random_points(0)
    features = joint_distance(points, there)
    for window in range(4):
        expected = []
        for frame in range(3):
            for i in range(10):
                for j in range(i + 1, 10):
                    absent = window == 0 and j >= 5
                    x = points[window, frame]
                    expected.append(0 if absent else distance(x[i], x[j]))
        np.testing.assert_allclose(features[window], expected)


def test_joint_motion_is_between_all_joints_of_two_frames():
    points, there = random_points(1)
    features = joint_motion(points, there)
    for window in range(4):
        expected = []
        for before, after in ((0, 1), (0, 2), (1, 2)):
            for i in range(10):
                for j in range(10):
                    absent = window == 0 and max(i, j) >= 5
                    one, other = (
                        points[window, before, i],
                        points[window, after, j],
                    )
                    expected.append(0 if absent else distance(one, other))
        np.testing.assert_allclose(features[window], expected)
