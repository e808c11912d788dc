"""The recurrence of an LSTM, fast on a plain CPU.

There is little to compute between two frames: one multiplication by a small
matrix and some pointwise functions. TensorFlow, one operation at a time, spends
more time on starting the operations than on the numbers, and automatic
differentiation multiplies their number. Here everything that does not depend
on the previous frame leaves the loop, the gradient is derived by hand, and XLA
compiles both loops:

- Forward, the input projections of all frames are one multiplication. Each
  frame then takes one multiplication, one activation of all gates, and the
  update of the state.
- Backward, the loop only carries the gradient of the state from frame to frame
  and keeps the gradient of the gates' inputs. The gradients of the weights and
  of the inputs are three multiplications after the loop.
- One loop cannot use two cores, so a batch is cut into parts whose loops
  TensorFlow runs in parallel.

Frames come first within this module, `(frames, batch, ...)`, so that a frame is
one block of memory. Gates are in Keras's order: input, forget, candidate,
output. Nothing is masked: the recurrence is causal, so frames beyond a clip's
length never reach a frame within it.
"""

import os

import numpy as np
import tensorflow as tf

# In clips. A multiplication with fewer rows takes hardly less time.
SMALLEST_PART = 4


def lstm(inputs, hidden, carry, kernel, recurrent_kernel, bias, cut=True):
    """Hidden variables of an LSTM at all frames.

    Args:
        inputs: `(batch, frames, features)`.
        hidden, carry: `(batch, units)`, state before the first frame.
        kernel: `(features, 4 * units)`.
        recurrent_kernel: `(units, 4 * units)`.
        bias: `(4 * units,)`.
        cut: Whether to cut the batch into a part for each core.

    Returns:
        Hidden variables `(batch, frames, units)`, and the carry at the last
        frame `(batch, units)`.
    """
    weights = kernel, recurrent_kernel, bias
    if not cut:
        return _lstm(inputs, hidden, carry, *weights)
    parts = [_lstm(*x, *weights) for x in cut_batch(inputs, hidden, carry)]
    outputs, carries = zip(*parts, strict=True)
    return tf.concat(outputs, axis=0), tf.concat(carries, axis=0)


def cut_batch(*tensors):
    """Cuts the batch of all tensors into parts that can run in parallel.

    Args:
        *tensors: `(batch, ...)` each.

    Returns:
        A list of parts, each a list of tensors.
    """
    batch = tensors[0].shape[0] or 1
    cores = tf.config.threading.get_inter_op_parallelism_threads()
    number = min(cores or os.cpu_count() or 1, batch // SMALLEST_PART)
    if number < 2:
        return [tensors]
    sizes = [len(x) for x in np.array_split(range(batch), number)]
    return list(zip(*(tf.split(x, sizes) for x in tensors), strict=True))


@tf.custom_gradient
def _lstm(inputs, hidden, carry, kernel, recurrent_kernel, bias):
    """`lstm` for one part of a batch."""
    arguments = (inputs, hidden, carry, kernel, recurrent_kernel, bias)
    # Otherwise the tape would record the loop itself.
    arguments = tuple(map(tf.stop_gradient, arguments))
    outputs, gates, carries = _forward(*arguments)

    def gradient(*upstream):
        d_gates, *others = _backward(*arguments, gates, carries, *upstream)
        # Separate, as no gradient is needed when the inputs are recordings.
        return _input_gradient(d_gates, kernel), *others

    return (outputs, carries[-1]), gradient


@tf.function(jit_compile=True, autograph=False)
def _forward(inputs, hidden, carry, kernel, recurrent_kernel, bias):
    """The outputs, and the gates and carries that the gradient needs."""
    frames, units = tf.shape(inputs)[1], hidden.shape[-1]
    scale = _gate_scale(units, inputs.dtype)

    def step(frame, hidden, carry, gates, carries):
        gate = gates.read(frame) + tf.matmul(hidden, recurrent_kernel) + bias
        # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: one function for all gates.
        gate = tf.tanh(gate * scale) * scale + (1 - scale)
        i, f, g, o = tf.split(gate, 4, axis=1)
        carry = f * carry + i * g
        hidden = o * tf.tanh(carry)
        gates = gates.write(frame, gate)
        carries = carries.write(frame, carry)
        return frame + 1, hidden, carry, gates, carries

    # The gates overwrite their projected inputs.
    projected = tf.tensordot(_swap(inputs), kernel, 1)
    gates = _array(frames, projected).unstack(projected)
    carries = _array(frames, carry)
    *_, gates, carries = _loop(frames, step, hidden, carry, gates, carries)
    gates, carries = gates.stack(), carries.stack()
    outputs = gates[..., 3 * units :] * tf.tanh(carries)
    return _swap(outputs), gates, carries


@tf.function(jit_compile=True, autograph=False)
def _backward(
    inputs,
    hidden,
    carry,
    kernel,
    recurrent_kernel,
    bias,
    gates,
    carries,
    d_outputs,
    d_carry,
):
    """Gradients of the gates' inputs and of all arguments except `inputs`."""
    inputs, d_outputs = _swap(inputs), _swap(d_outputs)
    frames = tf.shape(inputs)[0]
    i, f, g, o = tf.split(gates, 4, axis=-1)
    squashed = tf.tanh(carries)
    before = tf.concat([carry[None], carries[:-1]], axis=0)
    d_carry_by_hidden = o * (1 - squashed * squashed)
    # Derivatives of the carry by each gate's input, and of the hidden
    # variables by the output gate's.
    slopes = tf.concat(
        [
            g * i * (1 - i),
            before * f * (1 - f),
            i * (1 - g * g),
            squashed * o * (1 - o),
        ],
        axis=-1,
    )
    transposed = tf.transpose(recurrent_kernel)

    def step(turn, d_hidden, d_carry, d_gates):
        frame = frames - 1 - turn
        d_hidden = d_hidden + d_outputs[frame]
        d_carry = d_carry + d_hidden * d_carry_by_hidden[frame]
        d_gate = tf.concat([d_carry, d_carry, d_carry, d_hidden], axis=1)
        d_gate = d_gate * slopes[frame]
        d_gates = d_gates.write(frame, d_gate)
        d_hidden = tf.matmul(d_gate, transposed)
        return turn + 1, d_hidden, d_carry * f[frame], d_gates

    d_gates = _array(frames, gates)
    d_hidden, d_carry, d_gates = _loop(
        frames, step, tf.zeros_like(hidden), d_carry, d_gates
    )
    d_gates = d_gates.stack()
    outputs = tf.concat([hidden[None], (o * squashed)[:-1]], axis=0)
    rows = _rows(d_gates)
    d_kernel = tf.matmul(_rows(inputs), rows, transpose_a=True)
    d_recurrent = tf.matmul(_rows(outputs), rows, transpose_a=True)
    d_bias = tf.reduce_sum(rows, axis=0)
    return d_gates, d_hidden, d_carry, d_kernel, d_recurrent, d_bias


@tf.function(jit_compile=True, autograph=False)
def _input_gradient(d_gates, kernel):
    return _swap(tf.tensordot(d_gates, kernel, (2, 1)))


def _gate_scale(units, dtype):
    """1/2 for the gates with a sigmoid, 1 for the one with tanh."""
    scale = [0.5] * units + [0.5] * units + [1.0] * units + [0.5] * units
    return tf.constant(scale, dtype)


def _loop(frames, step, *state):
    return tf.while_loop(
        lambda turn, *_: turn < frames,
        step,
        (0, *state),
        maximum_iterations=frames,
    )[1:]


def _array(frames, like):
    """An array with one row of memory for each frame."""
    shape = (None, like.shape[-1])
    return tf.TensorArray(like.dtype, frames, element_shape=shape)


def _rows(sequence):
    """The frames of all clips as rows of one matrix."""
    return tf.reshape(sequence, (-1, sequence.shape[-1]))


def _swap(sequence):
    """`(batch, frames, ...)` to `(frames, batch, ...)`, and back."""
    return tf.transpose(sequence, (1, 0, 2))
