import keras
import numpy as np
import pytest

from stalstm.layers import LSTM, Dropout, ModalityDropout
from tests.layers.layer_test import run_layer_test

INPUTS = np.ones((4, 50, 20), "float32")


def test_is_a_good_layer(tmp_path):
    run_layer_test(Dropout(0.25), INPUTS, tmp_path=tmp_path)


def test_drops_in_training_only_and_keeps_the_mean():
    layer = Dropout(0.25)
    np.testing.assert_array_equal(layer(INPUTS), INPUTS)
    dropped = layer(INPUTS, training=True).numpy()
    np.testing.assert_allclose(np.unique(dropped), [0, 4 / 3])
    np.testing.assert_allclose(np.mean(dropped == 0), 0.25, atol=0.03)


@pytest.mark.parametrize(
    "layer",
    [
        Dropout(0.5),
        ModalityDropout(0.5, [0] * 10 + [1] * 10),
        LSTM(20, weight_drop=0.5, return_sequences=True),
    ],
)
def test_resumes_from_a_checkpoint(layer, tmp_path):
    model = keras.Sequential([keras.Input((50, 20)), layer])
    layer(INPUTS, training=True)
    model.save_weights(tmp_path / "model.weights.h5")
    expected = layer(INPUTS, training=True).numpy()
    assert np.any(layer(INPUTS, training=True).numpy() != expected)
    model.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(layer(INPUTS, training=True), expected)
