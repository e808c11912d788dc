import numpy as np

from stalstm.preprocessing import BodyOrder
from tests.preprocessing.frame_layer_test import (
    TORSO,
    presence,
    run_frame_layer_test,
)


def test_is_a_good_frame_layer(tmp_path):
    run_frame_layer_test(BodyOrder(TORSO), tmp_path)


def test_needs_both_performers():
    assert BodyOrder(TORSO).least_bodies == 2


def test_the_left_performer_of_the_first_frame_comes_first():
    # In camera space, x grows towards the left of the image.
    clip = np.zeros((1, 3, 2, 4, 3), "float32")
    clip[0, :, 0, TORSO, 0] = [-1.0, 0.0, 1.0]
    clip[0, :, 1, TORSO, 0] = [0.5, 0.5, 0.5]
    ordered, present = BodyOrder(TORSO)(clip, presence(clip))
    np.testing.assert_array_equal(ordered, clip[:, :, ::-1])
    np.testing.assert_array_equal(present, presence(clip)[:, :, ::-1])
    attention = np.arange(8.0).reshape(1, 1, 2, 4)
    restored = BodyOrder(TORSO).restore(attention, clip)
    np.testing.assert_array_equal(restored, attention[:, :, ::-1])
    again, _ = BodyOrder(TORSO)(ordered, present)
    np.testing.assert_array_equal(again, ordered)
