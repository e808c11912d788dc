import numpy as np

from stalstm.baselines.yun_raw import positions
from tests.baselines.baseline_test import random_points, run_baseline_test


def test_is_a_good_baseline():
    # It is the weakest of all; one in three is chance.
    run_baseline_test("yun_raw", at_least=0.5)


def test_is_the_positions_in_all_three_frames():
    points, there = random_points(0)
    features = positions(points, there)
    assert features.shape == (4, 3 * 10 * 3)
    np.testing.assert_array_equal(features[2, :3], points[2, 0, 0])
    np.testing.assert_array_equal(features[2, -3:], points[2, 2, 9])
