"""Operations on clips of different lengths."""

import keras
from keras import ops


def mask(sequence, length=None):
    """Marks the frames that belong to their clip.

    Args:
        sequence: `(batch, frames, ...)`.
        length: `(batch,)`, number of frames of each clip; all by default.

    Returns:
        `(batch, frames)`, in the sequence's dtype: 1 within a clip, 0 beyond.
    """
    batch, frames = ops.shape(sequence)[:2]
    if length is None:
        return ops.ones((batch, frames), sequence.dtype)
    time = ops.arange(frames, dtype="int32")
    within = time < ops.cast(length, "int32")[:, None]
    return ops.cast(within, sequence.dtype)


def masked_mean(sequence, mask):
    """Mean over a clip's own frames.

    Args:
        sequence: `(batch, frames, ...)`, zero beyond a clip's length.
        mask: `(batch, frames, ...)`, 1 within a clip, 0 beyond.

    Returns:
        `(batch, ...)`.
    """
    length = ops.maximum(ops.sum(mask, axis=1), 1)
    return ops.sum(sequence, axis=1) / length


def previous(sequence):
    """The sequence one frame later: h_{t-1} at t, zero at the first frame."""
    batch, frames, features = ops.shape(sequence)
    # The gradient of a slice is a block copy; that of `[:, :-1]` is not.
    sequence = ops.slice(sequence, (0, 0, 0), (batch, frames - 1, features))
    return ops.pad(sequence, [[0, 0], [1, 0], [0, 0]])


def check_recurrent(layer):
    """Checks that a recurrent layer gives h_t, and only h_t, at every frame.

    Raises:
        ValueError: The layer is no LSTM, GRU or simple RNN, or has an option
            that keeps h at the frame before from being known.
    """
    kinds = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)
    if not isinstance(layer, kinds):
        expected = "a `keras.layers.LSTM`, `GRU` or `SimpleRNN`"
    elif not layer.return_sequences:
        expected = "one with `return_sequences=True`, to know h at every frame"
    elif layer.return_state:
        expected = "one with `return_state=False`, to give h and nothing else"
    elif layer.go_backwards:
        expected = "one with `go_backwards=False`, as h must know the past only"
    elif layer.stateful:
        expected = "one with `stateful=False`, as every clip begins anew"
    else:
        return
    raise ValueError(
        f"the recurrent `layer` must be {expected}. Received: layer={layer!r}"
    )
