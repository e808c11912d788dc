import numpy as np
import pytest
from scipy import signal

from stalstm.preprocessing import Smoothing
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    LENGTHS,
    make_absent,
    run,
    run_frame_layer_test,
)


def test_is_a_good_frame_layer(tmp_path):
    assert Smoothing().look_ahead == 2
    run_frame_layer_test(Smoothing(), tmp_path)


def test_is_savitzky_golay():
    smooth, _ = run(Smoothing(), CLIPS[:1], LENGTHS[:1])
    weights = np.array([-3, 12, 17, 12, -3]) / 35
    by_hand = sum(w * CLIPS[0, i : i + 5] for i, w in enumerate(weights))
    np.testing.assert_allclose(smooth[0, 2:-2], by_hand, atol=1e-6)
    by_scipy = signal.savgol_filter(CLIPS[0], 5, 2, axis=0)
    np.testing.assert_allclose(smooth[0, 2:-2], by_scipy[2:-2], atol=1e-6)


def test_fits_a_quadratic_to_the_frames_that_the_ends_have():
    smooth, _ = run(Smoothing(), CLIPS)
    for clip, length, output in zip(CLIPS, LENGTHS, smooth, strict=True):
        for t in range(length):
            seen = np.arange(max(0, t - 2), min(length, t + 3))
            degree = min(2, len(seen) - 1)
            values = clip[seen].reshape(len(seen), -1)
            fit = np.polynomial.polynomial.polyfit(seen - t, values, degree)
            np.testing.assert_allclose(output[t].ravel(), fit[0], atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 9])
def test_keeps_straight_lines_straight(length):
    time = np.arange(9, dtype="float32")[None, :, None, None, None]
    line = 0.5 + 0.25 * time * np.ones((1, 9, 2, 4, 3), "float32")
    smooth, _ = run(Smoothing(), line, np.array([length]))
    np.testing.assert_allclose(smooth[:, :length], line[:, :length], atol=1e-5)


def test_leaves_a_body_that_comes_or_goes():
    clips = make_absent(CLIPS)
    smooth, _ = run(Smoothing(), clips)
    whole, _ = run(Smoothing(), CLIPS)
    np.testing.assert_array_equal(smooth[0, 3:5, 0], clips[0, 3:5, 0])
    np.testing.assert_allclose(smooth[0, 5:, 0], whole[0, 5:, 0], atol=1e-6)
    np.testing.assert_array_equal(smooth[0, 5:7, 1], clips[0, 5:7, 1])
