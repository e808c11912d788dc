import keras
import numpy as np
import pytest

from stalstm.layers import SpatialAttention
from tests import reference
from tests.layers.layer_test import run_layer_test, run_wrapper_test

JOINTS = 6
CLIPS = np.random.default_rng(1).normal(size=(3, 7, 18)).astype("float32")
LENGTHS = np.array([7, 4, 1], "int32")


def make_layer(**kwargs):
    lstm = keras.layers.LSTM(5, return_sequences=True, name="lstm")
    return SpatialAttention(lstm, joints=JOINTS, units=4, **kwargs)


def test_is_a_good_layer(tmp_path):
    run_layer_test(make_layer(lambda1=0.1), CLIPS, tmp_path=tmp_path)


@pytest.mark.parametrize(("scale", "factor"), [("softmax", 1), ("joints", 6)])
def test_is_equations_2_and_3(scale, factor):
    layer = make_layer(alpha_scale=scale)
    alpha = layer(CLIPS)
    for clip, gates in zip(CLIPS, alpha.numpy(), strict=True):
        np.testing.assert_allclose(
            gates, factor * reference.spatial_attention(layer, clip), rtol=1e-4
        )


def test_padding_changes_nothing():
    layer = make_layer(lambda1=0.5)
    padded = CLIPS.copy()
    padded[1, 4:] = 1e3
    padded[2, 1:] = -1e3
    alpha = layer(padded, LENGTHS).numpy()
    (loss,) = layer.losses
    losses = []
    for clip, length, gates in zip(CLIPS, LENGTHS, alpha, strict=True):
        alone = layer(clip[None, :length]).numpy()
        losses.append(layer.losses[0].numpy())
        np.testing.assert_allclose(gates[:length], alone[0], rtol=1e-5)
        np.testing.assert_array_equal(gates[length:], 0)
    np.testing.assert_allclose(loss, np.mean(losses), rtol=1e-5)


def test_loss_is_the_second_term_of_equation_7():
    layer = make_layer(lambda1=0.3)
    alpha = layer(CLIPS, LENGTHS).numpy()
    expected = 0.0
    for gates, length in zip(alpha, LENGTHS, strict=True):
        for k in range(JOINTS):
            expected += 0.3 * (1 - gates[:length, k].sum() / length) ** 2 / 3
    np.testing.assert_allclose(layer.losses[0], expected, rtol=1e-5)


def test_step_equals_call():
    layer = make_layer()
    alpha = layer(CLIPS).numpy()
    state = layer.initial_state(len(CLIPS))
    for t in range(CLIPS.shape[1]):
        gates, state = layer.step(CLIPS[:, t], state)
        np.testing.assert_allclose(gates, alpha[:, t], rtol=1e-5)


def test_scores_are_soft_with_any_weights():
    layer = make_layer()
    layer(CLIPS)
    layer.score.bias.assign(np.linspace(-500, 500, JOINTS))
    alpha = layer(CLIPS).numpy()
    np.testing.assert_allclose(alpha.sum(-1), JOINTS, rtol=1e-5)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"`alpha_scale`.*alpha_scale='mean'"):
        make_layer(alpha_scale="mean")
    with pytest.raises(ValueError, match="`return_sequences=True`"):
        SpatialAttention(keras.layers.LSTM(5), joints=JOINTS)


def test_wraps_any_recurrent_layer_that_it_can_use(tmp_path):
    run_wrapper_test(
        lambda layer: SpatialAttention(layer, joints=JOINTS), CLIPS, tmp_path
    )
