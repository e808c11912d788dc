"""The part-aware LSTM layer."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from stalstm.layers.lstm import LSTM


@keras.saving.register_keras_serializable("stalstm")
class PartLSTM(LSTM):
    """The part-aware LSTM (P-LSTM): a memory for each part of the body.

    Shahroudy, Liu, Ng and Wang, "NTU RGB+D: A large scale dataset for 3D human
    activity analysis", CVPR 2016, section 4. The input, forget and candidate
    gates of a part's memory see the input of this part alone, and the hidden
    variables of all; the output gate sees everything:

        i^p, f^p, g^p = sigmoid, sigmoid, tanh (W^p (x_t^p, h_{t-1}))
        o_t = sigmoid(W_o (x_t^1, ..., x_t^P, h_{t-1}))
        c_t^p = f^p c_{t-1}^p + i^p g^p
        h_t = o_t tanh(c_t^1, ..., c_t^P)

    With the connections that are not there as zeros it is an LSTM, and is
    computed as one. The kernel holds only those that are: `(features,
    3 * units / P + units)`, the gates i, f and g of the feature's own part, and
    the output gate.

    Args:
        units: Units of all parts together, a multiple of their number.
        parts: Part, from 0 to P - 1, of each of some groups of features that
            are as large as each other, such as the channels of each joint.
        **kwargs: Further arguments of `stalstm.layers.LSTM`.

    Call arguments:
        sequences: `(batch, frames, features)`.

    Returns:
        h_t, `(batch, frames, units)`, the units of each part together.

    Raises:
        ValueError: The units do not divide by the parts, or the features not by
            the groups.
    """

    cell: keras.layers.LSTMCell

    def __init__(self, units: int, parts: Sequence[int], **kwargs):
        super().__init__(units, **kwargs)
        self.parts = tuple(parts)
        # In place of Keras's, with the same arguments.
        self.cell = PartLSTMCell(parts=self.parts, **self.cell.get_config())

    def get_config(self):
        return {**super().get_config(), "parts": self.parts}


@keras.saving.register_keras_serializable("stalstm")
class PartLSTMCell(keras.layers.LSTMCell):
    """The cell of `PartLSTM`, with the same arguments."""

    def __init__(self, units: int, parts: Sequence[int], **kwargs):
        super().__init__(units, **kwargs)
        self.parts = tuple(parts)
        self.number = max(self.parts) + 1
        if units % self.number:
            raise ValueError(
                "`units` must be a multiple of the number of parts, "
                f"{self.number}. Received: units={units}"
            )

    def build(self, inputs_shape):
        if inputs_shape[-1] % len(self.parts):
            raise ValueError(
                "the number of features must be a multiple of "
                f"{len(self.parts)}, the length of `parts`. "
                f"Received: {inputs_shape[-1]}"
            )
        super().build(inputs_shape)

    def add_weight(self, shape=None, initializer=None, name=None, **kwargs):
        if name == "kernel":  # without the connections that are not there
            shape = (shape[0], 3 * self.units // self.number + self.units)
        return super().add_weight(shape, initializer, name=name, **kwargs)

    @property
    def kernel(self):
        """The kernel of an LSTM, `(features, 4 * units)`."""
        own, output = ops.split(
            self.connections, [3 * self.units // self.number], axis=1
        )
        features = own.shape[0]
        part = np.repeat(self.parts, features // len(self.parts))
        # Gate by gate, the own part's units among zeros.
        is_own = ops.one_hot(part, self.number, dtype=own.dtype)
        own = ops.reshape(own, (features, 3, 1, -1)) * is_own[:, None, :, None]
        own = ops.reshape(own, (features, 3 * self.units))
        return ops.concatenate([own, output], axis=1)

    @kernel.setter
    def kernel(self, connections):
        self.connections = connections

    def get_config(self):
        return {**super().get_config(), "parts": self.parts}
