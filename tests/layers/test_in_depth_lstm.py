import keras
import numpy as np
import pytest

from stalstm.layers import InDepthLSTM
from tests import reference
from tests.layers.layer_test import run_layer_test

CLIPS = np.random.default_rng(3).normal(size=(3, 7, 18)).astype("float32")
UNITS = 5
# In the order in which the layer draws them.
RESPONSES = ("i", "f", "o", "c", "h")


def make_layer(in_depth_dropout=0.4, **kwargs):
    return InDepthLSTM(
        UNITS,
        in_depth_dropout=in_depth_dropout,
        return_sequences=True,
        **kwargs,
    )


def fix_masks(monkeypatch, masks):
    """Lets dropout use these masks, one after the other."""
    rest = iter(masks)
    monkeypatch.setattr(
        keras.random, "dropout", lambda inputs, *_, **__: inputs * next(rest)
    )


def test_is_a_good_layer(tmp_path):
    run_layer_test(make_layer(), CLIPS, tmp_path=tmp_path)


def test_is_an_lstm_outside_of_training():
    layer = make_layer()
    hidden = layer(CLIPS).numpy()
    for clip, h in zip(CLIPS, hidden, strict=True):
        expected = reference.lstm(clip, *(x.numpy() for x in layer.weights))
        np.testing.assert_allclose(h, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("recurrence", ["keras", "xla"])
def test_drops_what_goes_up(recurrence, monkeypatch):
    layer = make_layer()
    layer.recurrence = recurrence
    layer.build((None, None, 18))
    rng = np.random.default_rng(0)
    shape = (len(CLIPS), 7, UNITS)
    masks = {x: rng.integers(0, 2, shape) / 0.6 for x in RESPONSES}
    fix_masks(monkeypatch, [x.astype("float32") for x in masks.values()])
    hidden = layer(CLIPS, training=True).numpy()
    kernel, recurrent_kernel, bias = (x.numpy() for x in layer.weights)
    for n, clip in enumerate(CLIPS):
        mine = {name: x[n] for name, x in masks.items()}
        expected = reference.in_depth_lstm(
            clip, kernel, recurrent_kernel, bias, mine
        )
        np.testing.assert_allclose(hidden[n], expected, rtol=1e-4, atol=1e-6)


def test_nothing_is_dropped_along_time(monkeypatch):
    """A frame in which all is dropped leaves the later ones as they are."""
    layer = make_layer()
    expected = layer(CLIPS).numpy()
    mask = np.ones((1, 7, 1), "float32")
    mask[:, 2] = 0
    fix_masks(monkeypatch, [mask] * 5)
    hidden = layer(CLIPS, training=True).numpy()
    expected[:, 2] = 0
    np.testing.assert_allclose(hidden, expected, rtol=1e-4, atol=1e-6)


def test_every_frame_has_masks_of_its_own():
    layer = make_layer(in_depth_dropout=0.1)
    still = np.repeat(CLIPS[:, :1], 7, axis=1)
    dropped = layer(still, training=True).numpy() == 0
    # 15 outputs, of which about a third are dropped in each frame.
    assert np.any(dropped[:, 1:] != dropped[:, :-1], axis=(0, 2)).all()


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="`return_sequences=True`"):
        InDepthLSTM(UNITS)
    with pytest.raises(ValueError, match="`weight_drop` must be 0"):
        InDepthLSTM(UNITS, return_sequences=True, weight_drop=0.1)
