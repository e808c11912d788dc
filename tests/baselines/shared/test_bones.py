import numpy as np
import pytest

from stalstm.baselines.shared.bones import bones, corners
from stalstm.description import Description
from stalstm.skeletons import NITE, Skeleton
from tests.baselines.baseline_test import ARMS


def test_bones_of_all_bodies():
    np.testing.assert_array_equal(
        bones(ARMS),
        [(1, 0), (1, 2), (2, 3), (3, 4), (6, 5), (6, 7), (7, 8), (8, 9)],
    )


def test_corners_are_where_two_bones_meet():
    np.testing.assert_array_equal(
        corners(ARMS),
        [
            *((0, 1, 2), (1, 2, 3), (2, 3, 4)),
            *((5, 6, 7), (6, 7, 8), (7, 8, 9)),
        ],
    )
    # Four bones meet at the neck and three at the torso.
    assert len(corners(Description(NITE, 1, ("a",), {}))) == 6 + 3 + 8


def test_no_bones_is_an_error():
    data = Description(Skeleton("dots", ("a", "b")), 1, ("a",), {})
    with pytest.raises(ValueError, match="Received: skeleton dots"):
        bones(data)
