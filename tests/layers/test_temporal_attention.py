import keras
import numpy as np
import pytest

from stalstm.layers import TemporalAttention
from tests import reference
from tests.layers.layer_test import run_layer_test, run_wrapper_test

CLIPS = np.random.default_rng(2).normal(size=(3, 7, 18)).astype("float32")
LENGTHS = np.array([7, 4, 1], "int32")


def make_layer(**kwargs):
    lstm = keras.layers.LSTM(5, return_sequences=True, name="lstm")
    return TemporalAttention(lstm, **kwargs)


def test_is_a_good_layer(tmp_path):
    run_layer_test(make_layer(lambda2=0.1), CLIPS, tmp_path=tmp_path)


def test_is_equation_6():
    layer = make_layer(beta_bias=0.5)
    beta = layer(CLIPS).numpy()
    expected = [reference.temporal_attention(layer, x) for x in CLIPS]
    np.testing.assert_allclose(beta, expected, rtol=1e-4, atol=1e-6)
    assert np.any(beta == 0)
    assert np.any(beta > 0)


def test_bias_starts_where_it_is_told():
    layer = make_layer(beta_bias=0.25)
    layer(CLIPS)
    assert layer.input_projection.bias.numpy() == 0.25


def test_padding_changes_nothing():
    layer = make_layer(lambda2=0.5)
    padded = CLIPS.copy()
    padded[1, 4:] = 1e3
    padded[2, 1:] = -1e3
    beta = layer(padded, LENGTHS).numpy()
    (loss,) = layer.losses
    losses = []
    for clip, length, gate in zip(CLIPS, LENGTHS, beta, strict=True):
        alone = layer(clip[None, :length]).numpy()
        losses.append(layer.losses[0].numpy())
        np.testing.assert_allclose(gate[:length], alone[0], rtol=1e-5)
        np.testing.assert_array_equal(gate[length:], 0)
    np.testing.assert_allclose(loss, np.mean(losses), rtol=1e-5)


@pytest.mark.parametrize(("norm", "power"), [("l2", 1), ("square", 2)])
def test_loss_is_the_third_term_of_equation_7(norm, power):
    layer = make_layer(lambda2=0.3, beta_norm=norm)
    beta = layer(CLIPS, LENGTHS).numpy()
    expected = 0.0
    for gate, length in zip(beta, LENGTHS, strict=True):
        for t in range(length):
            expected += 0.3 / length * abs(gate[t]) ** power / 3
    np.testing.assert_allclose(layer.losses[0], expected, rtol=1e-5)


def test_step_equals_call():
    layer = make_layer()
    beta = layer(CLIPS).numpy()
    state = layer.initial_state(len(CLIPS))
    for t in range(CLIPS.shape[1]):
        gate, state = layer.step(CLIPS[:, t], state)
        np.testing.assert_allclose(gate, beta[:, t], rtol=1e-5, atol=1e-6)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"`beta_norm`.*beta_norm='l1'"):
        make_layer(beta_norm="l1")
    with pytest.raises(ValueError, match="`return_sequences=True`"):
        TemporalAttention(keras.layers.LSTM(5))


def test_wraps_any_recurrent_layer_that_it_can_use(tmp_path):
    run_wrapper_test(lambda layer: TemporalAttention(layer), CLIPS, tmp_path)
