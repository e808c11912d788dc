"""Dropout that XLA compiles well."""

import tensorflow as tf

from stalstm.layers.recurrence import compiled_by_xla


def dropout(inputs, rate: float, seed):
    """`keras.random.dropout`, by an algorithm that suits the compiler.

    Keras leaves the choice of the random number generator to TensorFlow, which
    then puts a switch between generators into the compiled program. On a CPU
    one mask of 32,000 numbers takes 11 ms with it and 0.1 ms without, more than
    the rest of a training step.

    Args:
        inputs: a tensor.
        rate: fraction of the inputs that becomes zero.
        seed: a `keras.random.SeedGenerator`.
    """
    return tf.nn.experimental.stateless_dropout(
        inputs,
        rate,
        seed=tf.cast(seed.next(), "int32"),
        # Outside XLA TensorFlow has no threefry; inside it philox is slower.
        rng_alg="threefry" if compiled_by_xla() else "philox",
    )
