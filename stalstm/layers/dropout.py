"""Dropout that resumes where it was."""

import keras

from stalstm.layers.replica_seed import ReplicaSeed, SavedSeed


@keras.saving.register_keras_serializable("stalstm")
class Dropout(SavedSeed):
    """`keras.layers.Dropout` whose random numbers are part of a checkpoint.

    A training that resumes draws the masks that it would have drawn, and every
    replica of a `tf.distribute.MirroredStrategy` draws its own.

    Args:
        rate: Part of the inputs that become zero in training; the others grow
            accordingly, so that the mean stays.

    Call arguments:
        inputs: Of any shape.
        training: Whether to drop anything.

    Returns:
        As the inputs.
    """

    def __init__(self, rate: float, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.dropout_seed = ReplicaSeed()
        self.built = True

    def call(self, inputs, training=False):
        if training and self.rate:
            return keras.random.dropout(
                inputs, self.rate, seed=self.dropout_seed
            )
        return inputs

    def compute_output_shape(self, inputs_shape):
        return inputs_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
