import numpy as np
import pytest

from stalstm.serving import inputs

CLIP = np.ones((4, 2, 3, 3), "float32")


def changed(place, value):
    clip = CLIP.copy()
    clip[place] = value
    return clip


def test_a_good_clip_passes():
    checked = inputs.check_clip(CLIP.tolist(), 2, 3, least_bodies=2)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, CLIP)
    inputs.check_frame(CLIP[0], 2, 3)


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        (CLIP[:0], r"at least one frame. Received: \(0, 2, 3, 3\)"),
        (CLIP[0], r"\(frames, 2, 3, 3\).*Received: \(2, 3, 3\)"),
        (CLIP[:, :, :2], r"Received: \(4, 2, 2, 3\)"),
        ([["a"]], "expected numbers"),
        (changed((1, 0, 2, 1), np.nan), r"Received: nan at \(1, 0, 2, 1\)"),
        (changed((1, 0, 2, 1), -np.inf), r"Received: -inf at \(1, 0, 2, 1\)"),
        (changed((3, 1, 0, 2), 2500), r"metres.*Received: 2500.0 at \(3, 1"),
        (changed(np.s_[:, 1], 0), "at least 2 bodies.*for body 1"),
    ],
)
def test_a_bad_clip_is_refused(clip, message):
    with pytest.raises(inputs.InputError, match=message):
        inputs.check_clip(clip, 2, 3, least_bodies=2)


def test_one_body_is_enough_where_the_model_says_so():
    alone = changed(np.s_[:, 1], 0)
    inputs.check_clip(alone, 2, 3, least_bodies=1)
    with pytest.raises(inputs.InputError, match="for body 0, 1"):
        inputs.check_clip(0 * CLIP, 2, 3, least_bodies=1)


def test_a_bad_frame_is_refused():
    with pytest.raises(inputs.InputError, match=r"expected shape \(2, 3, 3\)"):
        inputs.check_frame(CLIP, 2, 3)
    with pytest.raises(inputs.InputError, match=r"nan at \(0, 0, 0\)"):
        inputs.check_frame(np.full((2, 3, 3), np.nan), 2, 3)
