import numpy as np

from stalstm.layers import ModalityDropout
from tests.layers.layer_test import run_layer_test

CLIPS = 200
# Two joints, with two channels of one kind and one of another.
KINDS = [0, 0, 1, 0, 0, 1]
INPUTS = np.random.default_rng(1).normal(size=(CLIPS, 3, 6)).astype("float32")


def test_is_a_good_layer(tmp_path):
    run_layer_test(ModalityDropout(0.25, KINDS), INPUTS, tmp_path=tmp_path)


def test_leaves_out_kinds_of_a_clip_in_training_only():
    layer = ModalityDropout(0.25, KINDS)
    np.testing.assert_array_equal(layer(INPUTS), INPUTS)
    factors = layer(INPUTS, training=True).numpy() / INPUTS
    of_kinds = factors[:, 0, [0, 2]]
    # Whole kinds, in all frames; the mean stays.
    np.testing.assert_allclose(
        factors,
        np.broadcast_to(of_kinds[:, None, KINDS], factors.shape),
        rtol=1e-5,
    )
    np.testing.assert_allclose(np.unique(of_kinds.round(5)), [0, 1.33333])
    np.testing.assert_allclose(np.mean(of_kinds == 0), 0.25, atol=0.06)
    # Each kind by itself.
    one, other = of_kinds.T == 0
    assert np.any(one & ~other)
    assert np.any(other & ~one)
