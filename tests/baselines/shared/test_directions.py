import numpy as np

from stalstm.baselines.shared.directions import along, normal


def test_directions_have_length_one_or_are_zeros():
    points = np.array([[0, 0, 0], [0, 3, 0], [2, 0, 0], [0, 6, 0], [0, 3, 0]])
    points = points.astype(float)
    np.testing.assert_allclose(
        along(points, np.array([[0, 1], [1, 0], [1, 4]])),
        [[0, 1, 0], [0, -1, 0], [0, 0, 0]],
    )
    # Two edges, y and x, and three joints on a line.
    np.testing.assert_allclose(
        normal(points, np.array([[1, 0, 2], [2, 0, 1], [0, 1, 3]])),
        [[0, 0, -1], [0, 0, 1], [0, 0, 0]],
    )
