"""Our Adam is Keras's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from stalstm.adam import Adam


def trained(cls, in_graph, **kwargs):
    """Two weights and what the optimizer keeps, after some steps."""
    rng = np.random.default_rng(0)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 50, warmup_target=0.1, warmup_steps=5
    )
    optimizer = cls(rate, **kwargs)
    weights = [keras.Variable(np.ones(x, "float32")) for x in ((3, 4), 4)]
    optimizer.build(weights)

    def step(gradients):
        optimizer.apply(gradients, weights)

    if in_graph:
        step = tf.function(step)
    for n in range(40):
        # The second weight's are zero from time to time.
        scales = (1.0, float(n % 3 > 0))
        step(
            [
                tf.constant(rng.normal(size=x.shape) * scale, "float32")
                for x, scale in zip(weights, scales, strict=True)
            ]
        )
    optimizer.finalize_variable_values(weights)
    return [
        keras.ops.convert_to_numpy(x) for x in (*weights, *optimizer.variables)
    ]


@pytest.mark.parametrize("in_graph", [True, False])
@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3},
        {"global_clipnorm": 0.5},
        {"use_ema": True, "ema_momentum": 0.9},
    ],
)
def test_the_weights_are_those_of_keras(kwargs, in_graph):
    ours = trained(Adam, in_graph, **kwargs)
    expected = trained(keras.optimizers.Adam, in_graph, **kwargs)
    for x, y in zip(ours, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)
        assert np.any(x != 1)


def test_its_config_makes_it_again():
    optimizer = Adam(1e-2, beta_1=0.8, global_clipnorm=2.0)
    again = Adam.from_config(optimizer.get_config())
    assert again.get_config() == optimizer.get_config()
