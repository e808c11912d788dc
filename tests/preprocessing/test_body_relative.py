import numpy as np
import pytest

from stalstm.preprocessing import BodyRelative
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    TORSO,
    run,
    run_frame_layer_test,
)


@pytest.mark.parametrize("joint", [TORSO, None])
def test_is_a_good_frame_layer(joint, tmp_path):
    run_frame_layer_test(BodyRelative(joint), tmp_path)


@pytest.mark.parametrize("joint", [TORSO, None])
def test_only_x_and_z_are_measured_from_the_body_s_own_place(joint):
    clips = np.concatenate([CLIPS, CLIPS[..., :2]], axis=-1)
    moved, _ = run(BodyRelative(joint), clips, np.array([9, 9, 9]))
    place = clips.mean(axis=3) if joint is None else clips[:, :, :, joint]
    for channel, relative in enumerate([True, False, True, False, False]):
        expected = clips[..., channel]
        if relative:
            expected = expected - place[..., None, channel]
        np.testing.assert_allclose(moved[..., channel], expected, atol=1e-6)
