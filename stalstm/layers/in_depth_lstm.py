"""The LSTM layer with in-depth dropout."""

import keras
from keras import ops

from stalstm.layers.dropout import Dropout
from stalstm.layers.lstm import LSTM
from stalstm.layers.sequences import check_recurrent, previous


@keras.saving.register_keras_serializable("stalstm")
class InDepthLSTM(LSTM):
    """An LSTM layer with dropout on its gates, cells and outputs.

    Zhu et al., "Co-occurrence feature learning for skeleton based action
    recognition using regularized deep LSTM networks", AAAI 2016. What goes
    along time is left alone, so that nothing is erased from the memory:

        i, f, g, o = the gates, from x_t and h_{t-1}
        c_t = f c_{t-1} + i g
        h_t = o tanh(c_t)

    What goes up, to the next layer, is made from dropped responses, by a mask m
    for each of them:

        c~_t = m_c ((m_f f) c_{t-1} + (m_i i) g)
        h~_t = m_h ((m_o o) tanh(c~_t))

    The masks are new in every frame, and divided by the probability of a one,
    so outside of training there are none, and h~ is h. Unlike the paper's, the
    gates have no peephole connections, as nowhere in Keras.

    Args:
        units: Units of the layer.
        in_depth_dropout: Part of the zeros of each mask.
        **kwargs: Further arguments of `stalstm.layers.LSTM`;
            `return_sequences` must be true.

    Call arguments:
        sequences: `(batch, frames, features)`.
        training: Whether to apply dropout.

    Returns:
        h~, `(batch, frames, units)`.

    Raises:
        ValueError: `weight_drop` is not zero: the gates of the dropped
            responses would not be those of the recurrence.
    """

    def __init__(self, units: int, in_depth_dropout: float = 0.0, **kwargs):
        super().__init__(units, **kwargs)
        check_recurrent(self)
        if self.weight_drop:
            raise ValueError(
                "`weight_drop` must be 0 beside `in_depth_dropout`. "
                f"Received: weight_drop={self.weight_drop}"
            )
        self.in_depth_dropout = in_depth_dropout
        self.drop = Dropout(
            in_depth_dropout, dtype=self.dtype_policy, name="drop"
        )

    def build(self, sequences_shape):
        # Keras passes shapes by the names of the arguments of `call`.
        super().build(sequences_shape)

    def call(self, sequences, training=False):
        hidden = super().call(sequences, training=training)
        if not (training and self.in_depth_dropout):
            return hidden
        cell = self.cell
        gates = (
            ops.matmul(sequences, cell.kernel)
            + ops.matmul(previous(hidden), cell.recurrent_kernel)
            + cell.bias
        )
        i, f, g, o = ops.split(gates, 4, axis=-1)
        i, f, o = (cell.recurrent_activation(x) for x in (i, f, o))
        g = cell.activation(g)
        before = previous(_carries(f, i * g))
        i, f, o = (self.drop(x, training=True) for x in (i, f, o))
        carry = self.drop(f * before + i * g, training=True)
        return self.drop(o * cell.activation(carry), training=True)

    def compute_output_shape(self, sequences_shape):
        return (*sequences_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "in_depth_dropout": self.in_depth_dropout,
        }


def _carries(kept, added):
    """c_t of all frames, from `(batch, frames, units)` each.

    The recurrence of an LSTM only returns the last one.
    """

    def step(carry, gates):
        carry = gates[0] * carry + gates[1]
        return carry, carry

    # One tensor: Keras cannot scan two whose number of frames is not known.
    gates = ops.transpose(ops.stack([kept, added]), (2, 0, 1, 3))
    _, carries = ops.scan(step, ops.zeros_like(gates[0, 0]), gates)
    return ops.transpose(carries, (1, 0, 2))
