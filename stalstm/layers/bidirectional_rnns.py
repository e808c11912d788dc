"""Several bidirectional recurrent layers, side by side."""

from collections.abc import Sequence

import keras
from keras import ops

from stalstm.layers.bidirectional import reverse


@keras.saving.register_keras_serializable("stalstm")
class BidirectionalRNNs(keras.layers.Layer):
    """Several bidirectional recurrent layers, each with an input of its own.

    Du, Wang and Wang, "Hierarchical recurrent neural network for skeleton based
    action recognition", CVPR 2015: one layer of its subnets, with

        h_t = tanh(W x_t + U h_{t-1} + b)

    in either direction. All of them share one loop over the frames, since
    TensorFlow spends more time on starting the operations of a small layer than
    on its numbers.

    Args:
        units: Units of each direction of each layer.
        names: Name of each layer, which its weights bear.
        kernel_initializer, recurrent_initializer: Initializers of the matrices,
            cloned for each.
        kernel_regularizer, recurrent_regularizer: Regularizers of the matrices.

    Call arguments:
        inputs: A list of `(batch, frames, features)`, one for each layer;
            their numbers of features may differ.
        length: `(batch,)`, number of frames of each clip. Frames beyond it
            change nothing within it.

    Returns:
        A list of `(batch, frames, 2 * units)`, forward outputs first.
    """

    def __init__(
        self,
        units: int,
        names: Sequence[str],
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.names = tuple(names)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(
            recurrent_initializer
        )
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(
            recurrent_regularizer
        )
        # They hold the weights, first all of the forward direction.
        self.cells = [
            keras.layers.SimpleRNNCell(
                units,
                # Clone: a shared initializer would give kernels of equal shape
                # the same values.
                kernel_initializer=self.kernel_initializer.clone(),
                recurrent_initializer=self.recurrent_initializer.clone(),
                kernel_regularizer=self.kernel_regularizer,
                recurrent_regularizer=self.recurrent_regularizer,
                dtype=self.dtype_policy,
                name=f"{name}_{direction}",
            )
            for direction in ("forward", "backward")
            for name in self.names
        ]

    def build(self, inputs_shape, length_shape=None):
        for cell, shape in zip(self.cells, inputs_shape * 2, strict=True):
            cell.build((None, shape[-1]))
        self.built = True

    def call(self, inputs, length):
        inputs = [*inputs, *(reverse(x, length) for x in inputs)]
        projected = ops.stack(
            [
                ops.matmul(x, cell.kernel) + cell.bias
                for x, cell in zip(inputs, self.cells, strict=True)
            ]
        )
        # The matrices come first in the product below, so clips are columns.
        # LiteRT transposes a constant that comes second, once for all calls,
        # and in a loop may read that copy after its memory got another use.
        recurrent = ops.stack(
            [ops.transpose(x.recurrent_kernel) for x in self.cells]
        )

        def step(hidden, projected):
            hidden = ops.tanh(projected + ops.matmul(recurrent, hidden))
            return hidden, hidden

        # Frames first, then the layers: `(frames, layers, units, batch)`.
        projected = ops.transpose(projected, (2, 0, 3, 1))
        before = ops.zeros_like(projected[0])
        _, hidden = ops.scan(step, before, projected)
        hidden = ops.unstack(
            ops.transpose(hidden, (1, 3, 0, 2)), len(self.cells)
        )
        forward, backward = (
            hidden[: len(self.names)],
            hidden[len(self.names) :],
        )
        return [
            ops.concatenate([x, reverse(y, length)], axis=-1)
            for x, y in zip(forward, backward, strict=True)
        ]

    def compute_output_shape(self, inputs_shape, length_shape=None):
        return [(*x[:-1], 2 * self.units) for x in inputs_shape]

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "names": self.names,
            **{
                f"{matrix}_initializer": keras.initializers.serialize(
                    getattr(self, f"{matrix}_initializer")
                )
                for matrix in ("kernel", "recurrent")
            },
            **{
                f"{matrix}_regularizer": keras.regularizers.serialize(
                    getattr(self, f"{matrix}_regularizer")
                )
                for matrix in ("kernel", "recurrent")
            },
        }
