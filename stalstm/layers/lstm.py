"""The LSTM layer, with a recurrence that is fast on a plain CPU."""

from collections.abc import Callable

import keras
import tensorflow as tf

from stalstm.layers import lstm_exported, lstm_recurrence
from stalstm.layers.replica_seed import ReplicaSeed, SavedSeed

# What else than Keras can compute the layer.
RECURRENCES: dict[str, Callable] = {
    "xla": lstm_recurrence.lstm,
    "xla_prediction": lstm_recurrence.lstm_without_gradient,
    "fused": lstm_exported.fused,
    "hoisted": lstm_exported.hoisted,
}


@keras.saving.register_keras_serializable("stalstm")
class LSTM(SavedSeed, keras.layers.LSTM):
    """`keras.layers.LSTM`, with a recurrence that is fast on a CPU.

    Same arguments, weights, numbers and files; and it can drop connections of
    the recurrent matrix in training, the same ones in all frames and clips of a
    batch (Merity, Keskar and Socher, "Regularizing and optimizing LSTM language
    models", ICLR 2018, section 2).

    Args:
        units: Units of the layer.
        weight_drop: Part of the recurrent matrix that is zero in a training
            step; the rest grows accordingly, so that the mean stays.
        **kwargs: Further arguments of `keras.layers.LSTM`.

    Attributes:
        recurrence: How the layer computes; never saved. `"keras"`, as Keras
            does (cuDNN on a GPU): how every new or loaded layer begins.
            `"xla"`, by `stalstm.layers.lstm_recurrence`, a part of the batch
            for each core, with gradients of the first order (a `LookupError`
            for higher ones). `"xla_prediction"`, by the same in one part,
            keeping nothing for a gradient. `"fused"` and `"hoisted"`, by
            `stalstm.layers.lstm_exported`, in a SavedModel and in LiteRT. With
            a mask, other activations than `tanh` and `sigmoid`, no bias,
            dropout within the layer, mixed precision, `go_backwards`, `unroll`
            or a single unit it is always Keras's.
    """

    recurrence = "keras"

    def __init__(self, units: int, weight_drop: float = 0.0, **kwargs):
        super().__init__(units, **kwargs)
        self.weight_drop = weight_drop
        if weight_drop:
            self.dropout_seed = ReplicaSeed()

    def inner_loop(self, sequences, initial_state, mask, training=False):
        arguments = sequences, initial_state, mask, training
        if not (training and self.weight_drop):
            return self._inner_loop(*arguments)
        # However the layer computes, it asks the cell for the matrix.
        whole = self.cell.recurrent_kernel
        self.cell.recurrent_kernel = keras.random.dropout(
            whole, self.weight_drop, seed=self.dropout_seed
        )
        try:
            return self._inner_loop(*arguments)
        finally:
            self.cell.recurrent_kernel = whole

    def _inner_loop(self, sequences, initial_state, mask, training):
        if self.recurrence == "keras" or not self._is_plain(mask):
            return super().inner_loop(sequences, initial_state, mask, training)
        cell = self.cell
        hidden, carry = initial_state
        hidden, carry = RECURRENCES[self.recurrence](
            sequences,
            hidden,
            carry,
            tf.convert_to_tensor(cell.kernel),
            tf.convert_to_tensor(cell.recurrent_kernel),
            tf.convert_to_tensor(cell.bias),
        )
        return hidden[:, -1], hidden, [hidden[:, -1], carry]

    def _is_plain(self, mask) -> bool:
        return (
            mask is None
            and self.compute_dtype == "float32"
            and self.activation is keras.activations.tanh
            and self.recurrent_activation is keras.activations.sigmoid
            and self.use_bias
            and self.units > 1  # TensorFlow loses the shape of one unit
            and not (self.dropout or self.recurrent_dropout)
            and not (self.go_backwards or self.unroll)
        )

    def get_config(self):
        return {**super().get_config(), "weight_drop": self.weight_drop}


def resolve_recurrence(name: str) -> str:
    """The recurrence to train with on this machine.

    Args:
        name: `"auto"`, which is `"keras"` where there is a GPU, else `"xla"`;
            or one of these two, which is returned.
    """
    if name != "auto":
        return name
    return "keras" if tf.config.list_logical_devices("GPU") else "xla"
