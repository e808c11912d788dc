import keras
import numpy as np
import pytest
import tensorflow as tf

from stalstm.layers.dropout import dropout


@pytest.mark.parametrize("jit_compile", [False, True])
def test_drops_the_rate_and_keeps_the_mean(jit_compile):
    seed = keras.random.SeedGenerator(1)
    draw = tf.function(
        lambda x: dropout(x, 0.25, seed), jit_compile=jit_compile
    )
    dropped = draw(tf.ones((100, 1000))).numpy()
    np.testing.assert_allclose(np.unique(dropped), [0, 4 / 3], rtol=1e-6)
    np.testing.assert_allclose(np.mean(dropped == 0), 0.25, atol=0.01)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_seed_draws_the_same_masks_again(jit_compile):
    seed = keras.random.SeedGenerator(1)
    draw = tf.function(lambda x: dropout(x, 0.5, seed), jit_compile=jit_compile)
    state = seed.state.numpy()
    first, second = (draw(tf.ones((5, 7))).numpy() for _ in range(2))
    assert np.any(first != second)
    seed.state.assign(state)
    np.testing.assert_array_equal(draw(tf.ones((5, 7))), first)
