import numpy as np
import pytest

from stalstm.layers import MainLSTM, PartLSTM
from tests import reference
from tests.layers.layer_test import run_layer_test

# Six joints with three channels each, in two parts that lie mixed.
PARTS = (0, 1, 1, 0, 1, 1)
CLIPS = np.random.default_rng(3).normal(size=(3, 7, 18)).astype("float32")


def make_layer(**kwargs):
    return PartLSTM(8, PARTS, return_sequences=True, **kwargs)


def test_is_a_good_layer(tmp_path):
    run_layer_test(make_layer(), CLIPS, tmp_path=tmp_path)


@pytest.mark.parametrize("recurrence", ["keras", "xla"])
def test_is_the_paper_s_equations(recurrence):
    layer = make_layer()
    layer.recurrence = recurrence
    hidden = layer(CLIPS).numpy()
    for clip, h in zip(CLIPS, hidden, strict=True):
        expected = reference.part_lstm(layer, clip)
        np.testing.assert_allclose(h, expected, rtol=1e-4, atol=1e-6)


def test_has_weights_for_the_connections_that_are_there():
    layer = make_layer()
    layer.build((None, None, 18))
    shapes = {x.path.split("/")[-1]: x.shape for x in layer.weights}
    assert shapes == {
        "kernel": (18, 3 * 4 + 8),
        "recurrent_kernel": (8, 4 * 8),
        "bias": (4 * 8,),
    }
    # Forget gates start open, as Keras's do.
    bias = layer.cell.bias.numpy()
    np.testing.assert_array_equal(np.flatnonzero(bias), range(8, 16))


def test_steps_in_a_main_lstm():
    layer = MainLSTM(
        [make_layer(), PartLSTM(8, (0, 1), return_sequences=True)], 4
    )
    scores = layer(CLIPS).numpy()
    state = layer.initial_state(len(CLIPS))
    for t in range(CLIPS.shape[1]):
        z, state = layer.step(CLIPS[:, t], state)
        np.testing.assert_allclose(z, scores[:, t], rtol=1e-5, atol=1e-6)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"parts, 2\. Received: units=5"):
        PartLSTM(5, PARTS)
    with pytest.raises(ValueError, match=r"multiple of 6.*Received: 20"):
        PartLSTM(8, PARTS).build((None, None, 20))
