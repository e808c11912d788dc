"""The recurrence of an LSTM, fast on a plain CPU.

There is little to compute between two frames: one multiplication by a small
matrix and some pointwise functions. TensorFlow, one operation at a time, spends
more time on starting the operations than on the numbers, and automatic
differentiation multiplies their number. Here everything that does not depend
on the previous frame leaves the loop, the gradient is derived by hand, and XLA
compiles both loops:

- Forward, the input projections of all frames are one multiplication, before
  the loop. Each frame then takes one multiplication, one activation of all
  gates, and the update of the state. What the gradient needs of a frame is
  computed there and then, from numbers that are in the cache.
- Backward, the loop only carries the gradient of the state from frame to frame
  and keeps the gradient of the gates' inputs. The gradients of the weights and
  of the inputs are three multiplications after the loop.
- What depends on the number of features is TensorFlow's: XLA compiles once for
  all layers of a width.
- One loop cannot use two cores, so a batch is cut into parts whose loops
  TensorFlow runs in parallel.

XLA runs a loop's body in one go if it has at most eight kernels, else it hands
each one to a thread pool, which takes longer than they do. `_forward` and
`_backward` have eight each, so what looks roundabout in their steps is there to
spare one: XLA makes a kernel for each matrix product, concatenation, and array
that is written, for each tanh, and for what two others need and is not cheap.

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


def lstm(inputs, hidden, carry, kernel, recurrent_kernel, bias):
    """Hidden variables of an LSTM at all frames, in parts for each core.

    Args:
        inputs: `(batch, frames, features)`.
        hidden, carry: `(batch, units)`, state before the first frame.
        kernel: `(features, 4 * units)`.
        recurrent_kernel: `(units, 4 * units)`.
        bias: `(4 * units,)`.

    Returns:
        Hidden variables `(batch, frames, units)`, and the carry at the last
        frame `(batch, units)`.

    Raises:
        LookupError: A gradient of its gradient is asked for.
    """
    return _lstm(
        *(inputs, hidden, carry, kernel, recurrent_kernel, bias),
        parts=number_of_parts(inputs.shape[0]),
    )


@tf.function(jit_compile=True, autograph=False)
def lstm_without_gradient(
    inputs, hidden, carry, kernel, recurrent_kernel, bias
):
    """As `lstm`, in one part, and keeping nothing for a gradient."""
    frames = tf.shape(inputs)[1]
    projected = tf.tensordot(_swap(inputs), kernel, 1)

    def step(frame, hidden, carry, outputs):
        gates = projected[frame] + tf.matmul(hidden, recurrent_kernel) + bias
        i, f, g, o = tf.unstack(_activated(gates), axis=1)
        carry = f * carry + i * g
        hidden = o * tf.tanh(carry)
        return frame + 1, hidden, carry, outputs.write(frame, hidden)

    outputs = _array(frames, hidden)
    _, carry, outputs = _loop(frames, step, hidden, carry, outputs)
    return _swap(outputs.stack()), carry


def cores() -> int:
    """The number of parts that TensorFlow computes at the same time."""
    threads = tf.config.threading.get_inter_op_parallelism_threads()
    return threads or os.cpu_count() or 1


def cut_batch(*tensors, largest=None):
    """Cuts the batch of all tensors into parts that can run in parallel.

    Args:
        *tensors: `(batch, ...)` each.
        largest: Maximum number of clips of a part.

    Returns:
        A list of parts, each a list of tensors.
    """
    number = number_of_parts(tensors[0].shape[0], largest)
    return _cut(tensors, number)


def number_of_parts(batch: int | None, largest: int | None = None) -> int:
    """Into how many parts `cut_batch` cuts.

    Args:
        batch: Number of clips; `None` if it is not known.
        largest: As of `cut_batch`.
    """
    number = min(cores(), (batch or 1) // SMALLEST_PART)
    if largest is not None and batch:
        number = max(number, -(-batch // largest))
    return max(number, 1)


def _cut(tensors, number):
    if number == 1:
        return [tensors]
    sizes = [len(x) for x in np.array_split(range(tensors[0].shape[0]), number)]
    return list(zip(*(tf.split(x, sizes) for x in tensors), strict=True))


# Not compiled: XLA would compile anew for each number of features. Traced once
# for all layers of a shape, in all stages of a training.
@tf.function(autograph=False)
def _lstm(inputs, hidden, carry, kernel, recurrent_kernel, bias, parts: int):
    """`lstm` in a number of parts."""
    outputs, carries = [], []
    for x, h, c in _cut((inputs, hidden, carry), parts):
        projected = tf.matmul(_rows(_swap(x)), kernel)
        output, last = _recurrence(projected, h, c, recurrent_kernel, bias)
        outputs.append(output)
        carries.append(last)
    return tf.concat(outputs, axis=0), tf.concat(carries, axis=0)


@tf.custom_gradient
def _recurrence(projected, hidden, carry, recurrent_kernel, bias):
    """The loop, from projected inputs `(frames * batch, 4 * units)`."""
    arguments = (projected, hidden, carry, recurrent_kernel, bias)
    # Otherwise the tape would record the loop itself.
    arguments = tuple(map(tf.stop_gradient, arguments))
    outputs, last_carry, *saved = _forward(*arguments)
    # Given a persistent tape, or after a gradient in a graph, TensorFlow asks
    # for gradients of these, too. It would make the loop's lists outputs of
    # `_forward`, which XLA cannot return.
    saved = tuple(map(tf.stop_gradient, saved))

    def gradient(d_outputs, d_carry):
        gradients = _backward(
            hidden, recurrent_kernel, *saved, d_outputs, d_carry
        )
        return tuple(map(_first_order_only, gradients))

    return (outputs, last_carry), gradient


@tf.function(jit_compile=True, autograph=False)
def _forward(projected, hidden, carry, recurrent_kernel, bias):
    """The outputs, the last carry, and what `_backward` takes."""
    batch, units = tf.shape(hidden)[0], hidden.shape[-1]
    projected = tf.reshape(projected, (-1, batch, 4, units))
    frames = tf.shape(projected)[0]

    def step(frame, hidden, carry, slopes, states):
        gates = tf.reshape(slopes.read(frame), (-1, 4 * units))
        gates = gates + tf.matmul(hidden, recurrent_kernel) + bias
        i, f, g, o = tf.unstack(_activated(gates), axis=1)
        carry = f * carry + i * g
        hidden = o * tf.tanh(carry)
        # Derivatives of the carry by each gate's input, and of the hidden
        # variables by the output gate's. The second one is
        # f * (1 - f) * (carry before).
        slope = _stack(
            g * (i * (1 - i)),
            carry * (1 - f) - g * (i * (1 - f)),
            i * (1 - g * g),
            hidden * (1 - o),
        )
        slopes = slopes.write(frame, slope)
        states = states.write(frame, _stack(hidden, f, o))
        return frame + 1, hidden, carry, slopes, states

    # The slopes overwrite the projected inputs.
    slopes = _array(frames, hidden, 4).unstack(projected)
    states = _array(frames, hidden, 3)
    _, carry, slopes, states = _loop(
        frames, step, hidden, carry, slopes, states
    )
    slopes, states = slopes.stack(), states.stack()
    return _swap(states[:, :, 0]), carry, slopes, states


@tf.function(jit_compile=True, autograph=False)
def _backward(hidden, recurrent_kernel, slopes, states, d_outputs, d_carry):
    """Gradients of all arguments of `_forward`.

    Args:
        hidden, recurrent_kernel: As of `lstm`.
        slopes: `(frames, batch, 4, units)`, see `_forward`.
        states: `(frames, batch, 3, units)`: hidden variables, forget gate and
            output gate.
        d_outputs: `(batch, frames, units)`.
        d_carry: `(batch, units)`, of the last frame.
    """
    d_outputs = _swap(d_outputs)
    frames, units = tf.shape(states)[0], hidden.shape[-1]
    transposed = tf.transpose(recurrent_kernel)
    hiddens, forget, o = tf.unstack(states, axis=2)
    # o * (1 - tanh(carry) ** 2), as hidden = o * tanh(carry).
    d_carry_by_hidden = o - hiddens * hiddens / tf.maximum(o, 1e-30)

    def step(turn, d_hidden, d_carry, d_gates):
        frame = frames - 1 - turn
        following = tf.minimum(frame + 1, frames - 1)
        d_hidden = d_hidden + d_outputs[frame]
        d_carry = d_carry * tf.where(turn == 0, 1.0, states[following][:, 1])
        d_carry = d_carry + d_hidden * d_carry_by_hidden[frame]
        d_gate = tf.concat([d_carry, d_carry, d_carry, d_hidden], axis=1)
        d_gate = d_gate * d_gates.read(frame)
        d_gates = d_gates.write(frame, d_gate)
        return turn + 1, tf.matmul(d_gate, transposed), d_carry, d_gates

    # The gradients overwrite the slopes.
    slopes = tf.reshape(slopes, (frames, -1, 4 * units))
    d_gates = _array(frames, slopes).unstack(slopes)
    d_hidden, d_carry, d_gates = _loop(
        frames, step, tf.zeros_like(hidden), d_carry, d_gates
    )
    d_gates = d_gates.stack()
    before = tf.concat([hidden[None], hiddens[:-1]], axis=0)
    rows = _rows(d_gates)
    d_recurrent = tf.matmul(_rows(before), rows, transpose_a=True)
    d_bias = tf.reduce_sum(rows, axis=0)
    d_carry = d_carry * forget[0]
    return rows, d_hidden, d_carry, d_recurrent, d_bias


def _first_order_only(gradient):
    return tf.raw_ops.PreventGradient(
        input=gradient,
        message="The recurrence 'xla' has gradients of the first order only. "
        "For higher ones, set `recurrence = 'keras'` of the layer.",
    )


def _activated(gates):
    """`(batch, 4 * units)` to `(batch, 4, units)`, through sigmoid or tanh."""
    gates = tf.reshape(gates, (-1, 4, gates.shape[-1] // 4))
    # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: one function for all gates.
    scale = tf.constant([[0.5], [0.5], [1.0], [0.5]], gates.dtype)
    return tf.tanh(gates * scale) * scale + (1 - scale)


def _stack(*parts):
    """As `tf.stack(parts, axis=1)`, in one kernel with what makes the parts."""
    place = tf.range(len(parts))[:, None]
    *others, stacked = (part[:, None] for part in parts)
    for number, part in enumerate(others):
        stacked = tf.where(place == number, part, stacked)
    return stacked


def _loop(frames, step, *state):
    return tf.while_loop(
        lambda turn, *_: turn < frames,
        step,
        (0, *state),
        maximum_iterations=frames,
    )[1:]


def _array(frames, like, *parts):
    """An array with one block of memory for each frame."""
    shape = (None, *parts, like.shape[-1])
    return tf.TensorArray(like.dtype, frames, element_shape=shape)


def _rows(sequence):
    """The frames of all clips as rows of one matrix."""
    return tf.reshape(sequence, (-1, sequence.shape[-1]))


def _swap(sequence):
    """`(batch, frames, ...)` to `(frames, batch, ...)`, and back."""
    return tf.transpose(sequence, (1, 0, 2))
