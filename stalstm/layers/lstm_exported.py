"""The recurrence of an LSTM for exports: TensorFlow's own operations, no XLA.

A server and a device run a graph one operation at a time, and starting an
operation takes as long as what an LSTM computes between two frames of one clip.
What counts is the number of operations in a frame.
"""

import tensorflow as tf


def fused(inputs, hidden, carry, kernel, recurrent_kernel, bias):
    """For a SavedModel: one operation for all frames.

    Arguments and results are those of `lstm_recurrence.lstm`. It is not meant
    for training, which keeps what this throws away.
    """
    nothing = tf.zeros_like(bias)[: hidden.shape[-1]]
    states = tf.raw_ops.BlockLSTMV2(
        seq_len_max=tf.shape(inputs, out_type=tf.int64)[1],
        x=_swap(inputs),
        cs_prev=carry,
        h_prev=hidden,
        w=tf.concat([kernel, recurrent_kernel], axis=0),
        wci=nothing,
        wcf=nothing,
        wco=nothing,
        b=bias,
        cell_clip=0.0,
        use_peephole=False,
    )
    return _swap(states.h), states.cs[-1]


def hoisted(inputs, hidden, carry, kernel, recurrent_kernel, bias):
    """For LiteRT: a loop with as few operations as possible.

    As `fused`, for a batch of one. The products with the inputs leave the loop,
    the three gates with a sigmoid are neighbours, and the outputs move up by
    one with every frame, which takes two operations where an array takes five.
    """
    units = hidden.shape[-1]
    projected = tf.matmul(inputs[0], _neighbours(kernel)) + _neighbours(bias)
    recurrent_kernel = _neighbours(recurrent_kernel)
    frames = tf.shape(inputs)[1]

    def step(frame, hidden, carry, outputs):
        row = tf.gather(projected, tf.reshape(frame, (1,)))
        gates = tf.matmul(hidden, recurrent_kernel) + row
        sigmoid, candidate = tf.split(gates, [3 * units, units], axis=1)
        i, f, o = tf.split(tf.sigmoid(sigmoid), 3, axis=1)
        carry = f * carry + i * tf.tanh(candidate)
        hidden = o * tf.tanh(carry)
        outputs = tf.concat([outputs[1:], hidden], axis=0)
        return frame + 1, hidden, carry, outputs

    _, _, carry, outputs = tf.while_loop(
        lambda frame, *_: frame < frames,
        step,
        (0, hidden, carry, tf.zeros((frames, units))),
        shape_invariants=(
            tf.TensorShape(()),
            hidden.shape,
            carry.shape,
            tf.TensorShape((inputs.shape[1], units)),
        ),
    )
    return outputs[None], carry


def _neighbours(weights):
    """The output gate before the candidate."""
    i, f, g, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, f, o, g], axis=-1)


def _swap(sequence):
    """`(batch, frames, ...)` to `(frames, batch, ...)`, and back."""
    return tf.transpose(sequence, (1, 0, 2))
