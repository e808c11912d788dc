import numpy as np

from stalstm.preprocessing import TorsoRelative
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    TORSO,
    run,
    run_frame_layer_test,
)


def test_is_a_good_frame_layer(tmp_path):
    run_frame_layer_test(TorsoRelative(TORSO), tmp_path)


def test_only_x_and_z_are_measured_from_the_body_s_own_torso():
    clips = np.concatenate([CLIPS, CLIPS[..., :2]], axis=-1)
    moved, _ = run(TorsoRelative(TORSO), clips, np.array([9, 9, 9]))
    for channel, relative in enumerate([True, False, True, False, False]):
        expected = clips[..., channel]
        if relative:
            expected = expected - expected[..., TORSO : TORSO + 1]
        np.testing.assert_allclose(moved[..., channel], expected, atol=1e-6)
