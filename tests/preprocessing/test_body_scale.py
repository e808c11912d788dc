import numpy as np
import pytest

from stalstm.preprocessing import BodyScale
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    run,
    run_frame_layer_test,
)

WHOLE = np.array([9, 9, 9], "int32")


@pytest.mark.parametrize("per", ["frame", "clip"])
def test_is_a_good_frame_layer(per, tmp_path):
    run_frame_layer_test(BodyScale(2, 3, per=per), tmp_path)


def test_the_spine_of_the_main_performer_is_the_unit():
    scaled, _ = run(BodyScale(2, 3), CLIPS, WHOLE)
    spine = np.linalg.norm(scaled[:, :, 0, 3] - scaled[:, :, 0, 2], axis=-1)
    np.testing.assert_allclose(spine, 1, rtol=1e-5)


def test_degenerate_bodies_stay_in_metres():
    clips = CLIPS.copy()
    clips[1, :, 0, 3] = clips[1, :, 0, 2]
    clips[2] = 0
    scaled, _ = run(BodyScale(2, 3), clips, WHOLE)
    np.testing.assert_array_equal(scaled[1:], clips[1:])
