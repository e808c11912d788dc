import keras
import numpy as np
import pytest

from stalstm.layers import LSTM, Bidirectional
from stalstm.layers.bidirectional import reverse
from tests import reference
from tests.layers.layer_test import run_layer_test

CLIPS = np.random.default_rng(3).normal(size=(3, 7, 18)).astype("float32")
LENGTHS = np.array([7, 4, 1], "int32")


def make_layer(**kwargs):
    layers = (
        LSTM(5, return_sequences=True, name=name, **kwargs)
        for name in ("forward", "backward")
    )
    return Bidirectional(*layers)


def test_is_a_good_layer(tmp_path):
    run_layer_test(make_layer(), CLIPS, LENGTHS, tmp_path=tmp_path)


@pytest.mark.parametrize("recurrence", ["keras", "xla"])
def test_the_backward_layer_starts_at_the_clip_s_own_end(recurrence):
    layer = make_layer()
    for inner in layer.layers:
        inner.recurrence = recurrence
    hidden = layer(CLIPS, LENGTHS).numpy()
    for clip, h, length in zip(CLIPS, hidden, LENGTHS, strict=True):
        expected = reference.bidirectional(layer, clip[:length])
        np.testing.assert_allclose(h[:length], expected, rtol=1e-4, atol=1e-6)


def test_a_length_that_is_none_is_no_crash():
    """The exporter tries a model with whatever is in its memory."""
    lengths = np.array([10**9, -5, 3], "int32")
    reversed_clips = reverse(CLIPS, lengths)
    np.testing.assert_array_equal(reversed_clips[0], CLIPS[0, ::-1])
    np.testing.assert_array_equal(reversed_clips[1], CLIPS[1])


def test_wrong_arguments_are_named():
    layer = keras.layers.LSTM(5)
    with pytest.raises(ValueError, match="`return_sequences=True`"):
        Bidirectional(LSTM(5, return_sequences=True), layer)
