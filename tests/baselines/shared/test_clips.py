import numpy as np
import pytest

from stalstm.baselines.shared.clips import (
    features_of_each_clip,
    filled,
    resampled,
)
from tests.baselines.baseline_test import ARMS, random_clip


def number_of_frames(clip, times):
    return np.array([times * len(clip)])


def test_each_clip_is_checked_and_has_its_features():
    transformer = features_of_each_clip(number_of_frames, ARMS, times=2)
    clips = [random_clip(0, 3), random_clip(1, 5)]
    assert [x.tolist() for x in transformer.fit_transform(clips)] == [[6], [10]]
    with pytest.raises(ValueError, match=r"frames, 2, 5, 3.*clips\[1\]"):
        transformer.transform([clips[0], clips[1][:, :, :4]])


def test_an_absent_body_stands_still():
    clip = random_clip(0, 6)
    clip[:2, 1] = 0
    clip[4, 1] = 0
    clip[3:, 0] = 0
    result = filled(clip)
    np.testing.assert_array_equal(result[:, 1], clip[[2, 2, 2, 3, 3, 5], 1])
    np.testing.assert_array_equal(result[:, 0], clip[[0, 1, 2, 2, 2, 2], 0])
    clip[:, 0] = 0
    assert not filled(clip)[:, 0].any()


def test_resampled_from_the_first_frame_to_the_last():
    sequence = np.array([[0.0], [2.0], [3.0]])
    np.testing.assert_allclose(
        resampled(sequence, 5).ravel(), [0, 1, 2, 2.5, 3]
    )
    np.testing.assert_allclose(resampled(sequence, 3), sequence)
    np.testing.assert_allclose(resampled(sequence[:1], 3).ravel(), [0, 0, 0])
    assert resampled(sequence.astype(np.float32), 4).dtype == np.float32
