import numpy as np

from stalstm.preprocessing import Velocity
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    LENGTHS,
    make_absent,
    run,
    run_frame_layer_test,
)


def test_is_a_good_frame_layer(tmp_path):
    run_frame_layer_test(Velocity(5.0), tmp_path)


def test_is_the_scaled_difference_to_the_frame_before():
    outputs, _ = run(Velocity(5.0), CLIPS)
    for n, length in enumerate(LENGTHS):
        np.testing.assert_array_equal(
            outputs[n, :length, ..., :3], CLIPS[n, :length]
        )
        np.testing.assert_array_equal(outputs[n, 0, ..., 3:], 0)
        for t in range(1, length):
            expected = 5.0 * (CLIPS[n, t] - CLIPS[n, t - 1])
            np.testing.assert_allclose(
                outputs[n, t, ..., 3:], expected, rtol=1e-5
            )
        np.testing.assert_array_equal(outputs[n, length:], 0)


def test_a_body_that_appears_does_not_jump():
    outputs, _ = run(Velocity(), make_absent(CLIPS))
    np.testing.assert_array_equal(outputs[0, 3, 0, :, 3:], 0)
    assert np.all(outputs[0, 4, 0, :, 3:] != 0)
