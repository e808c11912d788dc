import numpy as np
import pytest

from stalstm.preprocessing import Stride
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    run,
    run_frame_layer_test,
)


@pytest.mark.parametrize("stride", [2, 3, 10])
def test_is_a_good_frame_layer(stride, tmp_path):
    run_frame_layer_test(Stride(stride), tmp_path)


def test_keeps_the_first_of_every_three_frames():
    skeleton, present = run(Stride(3), CLIPS, np.array([9, 9, 9]))
    np.testing.assert_array_equal(skeleton, CLIPS[:, [0, 3, 6]])
    assert present.all()
