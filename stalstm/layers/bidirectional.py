"""A recurrent layer that reads clips from both ends."""

import keras
import tensorflow as tf
from keras import ops

from stalstm.layers import sequences


@keras.saving.register_keras_serializable("stalstm")
class Bidirectional(keras.layers.Layer):
    """Two recurrent layers, one of which reads every clip from its last frame.

    Schuster and Paliwal, "Bidirectional recurrent neural networks", IEEE
    Transactions on Signal Processing 1997. Other than
    `keras.layers.Bidirectional`, it takes lengths instead of a mask, with which
    no layer could use the fast recurrence of `stalstm.layers.LSTM`.

    Args:
        forward, backward: Recurrent layers that return sequences.

    Call arguments:
        inputs: `(batch, frames, features)`.
        length: `(batch,)`, number of frames of each clip. Frames beyond it
            change nothing within it.

    Returns:
        `(batch, frames, 2 * units)`, the forward layer's output first.
    """

    def __init__(self, forward, backward, **kwargs):
        for layer in (forward, backward):
            sequences.check_recurrent(layer)
        super().__init__(**kwargs)
        self.forward = forward
        self.backward = backward

    @property
    def layers(self):
        """Both layers."""
        return [self.forward, self.backward]

    def build(self, inputs_shape, length_shape=None):
        for layer in self.layers:
            layer.build(inputs_shape)
        self.built = True

    def call(self, inputs, length, training=False):
        forward = self.forward(inputs, training=training)
        backward = self.backward(reverse(inputs, length), training=training)
        return ops.concatenate([forward, reverse(backward, length)], axis=-1)

    def compute_output_shape(self, inputs_shape, length_shape=None):
        units = self.forward.units + self.backward.units
        return (*inputs_shape[:-1], units)

    def get_config(self):
        return {
            **super().get_config(),
            "forward": keras.saving.serialize_keras_object(self.forward),
            "backward": keras.saving.serialize_keras_object(self.backward),
        }

    @classmethod
    def from_config(cls, config):
        layers = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("forward", "backward")
        }
        return cls(**{**config, **layers})


def reverse(sequence, length):
    """Reverses each clip; the frames beyond its length stay where they are.

    Args:
        sequence: `(batch, frames, ...)`.
        length: `(batch,)`, number of frames of each clip.
    """
    # Within the frames: LiteRT ends with an error at others, and the exporter
    # tries a model with any number as the length.
    length = ops.clip(ops.cast(length, "int32"), 0, ops.shape(sequence)[1])
    # One operation, which LiteRT has too. Keras would need a table of indices.
    return tf.reverse_sequence(sequence, length, seq_axis=1)
