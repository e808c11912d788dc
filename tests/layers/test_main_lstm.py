import keras
import numpy as np
import pytest

from stalstm.layers import MainLSTM
from tests import reference
from tests.layers.layer_test import run_layer_test

CLIPS = np.random.default_rng(3).normal(size=(3, 7, 18)).astype("float32")


def make_layer(layers=2, **kwargs):
    lstms = [
        keras.layers.LSTM(5, return_sequences=True, name=f"lstm_{i}")
        for i in range(layers)
    ]
    return MainLSTM(lstms, num_classes=4, **kwargs)


def test_is_a_good_layer(tmp_path):
    run_layer_test(make_layer(), CLIPS, tmp_path=tmp_path)


def test_is_stacked_lstms_and_a_score():
    layer = make_layer(layers=3)
    scores = layer(CLIPS).numpy()
    for clip, z in zip(CLIPS, scores, strict=True):
        expected = reference.main_lstm(layer, clip)
        np.testing.assert_allclose(z, expected, rtol=1e-4, atol=1e-6)


def test_step_equals_call():
    layer = make_layer()
    scores = layer(CLIPS).numpy()
    state = layer.initial_state(len(CLIPS))
    for t in range(CLIPS.shape[1]):
        z, state = layer.step(CLIPS[:, t], state)
        np.testing.assert_allclose(z, scores[:, t], rtol=1e-5, atol=1e-6)


def test_dropout_acts_in_training_only():
    layer = make_layer(dropout=0.5)
    scores = layer(CLIPS).numpy()
    np.testing.assert_array_equal(layer(CLIPS), scores)
    assert np.any(layer(CLIPS, training=True).numpy() != scores)


def test_dropout_goes_on_from_a_checkpoint(tmp_path):
    layer = make_layer(dropout=0.5)
    model = keras.Sequential([keras.Input((None, 18)), layer])
    layer(CLIPS, training=True)
    model.save_weights(tmp_path / "model.weights.h5")
    expected = layer(CLIPS, training=True).numpy()
    assert np.any(layer(CLIPS, training=True).numpy() != expected)
    model.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(layer(CLIPS, training=True), expected)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="`return_sequences=True`"):
        MainLSTM([keras.layers.LSTM(5)], num_classes=4)
