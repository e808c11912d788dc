"""Smoothing of the joints' paths."""

import dataclasses

import keras
import numpy as np
from keras import ops

from stalstm.description import Description
from stalstm.fields import paper
from stalstm.preprocessing.frame_layer import (
    FrameLayer,
    FrameLayerFields,
    expand,
)


@keras.saving.register_keras_serializable("stalstm")
class Smoothing(FrameLayer):
    """Savitzky-Golay smoothing of every joint's path over time.

    Five frames, quadratic: the weights are -3 12 17 12 -3 over 35
    (Savitzky and Golay 1964; the smoothing that section 5.1 of the paper takes
    from Du, Wang and Wang 2015). Towards the ends of a clip the same quadratic
    is fitted to those of the five frames that exist, so straight lines stay
    straight, the first and last frame stay as they are, and two frames of
    look-ahead are always enough. A body that is absent in one of the frames
    stays as it is.
    """

    look_ahead = 2

    def call(self, skeleton, present, length):
        frames = ops.shape(skeleton)[1]
        time = ops.arange(frames, dtype="int32")
        left = ops.minimum(time, 2)
        right = ops.cast(length, "int32")[:, None] - 1 - time
        right = ops.clip(right, 0, 2)
        weights = ops.take(self._table(), 3 * left + right, axis=0)
        weights = [weights[:, :, i, None, None, None] for i in range(5)]
        window = _window(skeleton, frames)
        smooth = sum(w * x for w, x in zip(weights, window, strict=True))
        # A body must be present in all frames with a weight.
        there = _window(ops.cast(present, "int32"), frames)
        there = [expand(x, skeleton) == 1 for x in there]
        absent = [
            ops.logical_and(w != 0, ops.logical_not(x))
            for w, x in zip(weights, there, strict=True)
        ]
        kept = ops.any(ops.stack(absent), axis=0)
        return ops.where(kept, skeleton, smooth), present

    def initial_state(self, shape):
        batch_size, bodies, *_ = shape
        return {
            "window": ops.zeros((batch_size, 5, *shape[1:]), "float32"),
            "present": ops.zeros((batch_size, 5, bodies), "bool"),
            # Calls, up to five; and by how many the frames lag behind, up to
            # three: no stream is too long to count.
            "calls": ops.zeros((batch_size,), "int32"),
            "behind": ops.zeros((batch_size,), "int32"),
        }

    def step(self, frame, present, valid, state):
        """Gives the frame of two calls ago, now that two have followed it.

        After a stream's last frame, two more calls with `valid` false give its
        last two frames.
        """
        window = ops.concatenate([state["window"][:, 1:], frame[:, None]], 1)
        there = ops.concatenate([state["present"][:, 1:], present[:, None]], 1)
        calls = ops.minimum(state["calls"] + 1, 5)
        ended = ops.cast(ops.logical_not(valid), "int32")
        behind = ops.minimum(state["behind"] + ended, 3)
        left = ops.clip(calls - 3, 0, 2)
        right = ops.clip(2 - behind, 0, 2)
        weights = ops.take(self._table(), 3 * left + right, axis=0)
        # As in `call`, but all five frames at once: fewer operations.
        weights = weights[:, :, None, None, None]
        smooth = ops.sum(weights * window, axis=1)
        absent = ops.logical_and(
            weights != 0, ops.logical_not(expand(there, window))
        )
        smooth = ops.where(ops.any(absent, axis=1), window[:, 2], smooth)
        ready = ops.logical_and(calls >= 3, behind < 3)
        state = {
            "window": window,
            "present": there,
            "calls": calls,
            "behind": behind,
        }
        return smooth, there[:, 2], ready, state

    def _table(self):
        """Five weights for each number of frames on the left and right."""
        table = [_fit_weights(i, j) for i in range(3) for j in range(3)]
        return ops.convert_to_tensor(np.stack(table), self.compute_dtype)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SmoothingFields(FrameLayerFields):
    smoothing: bool = paper(True)

    def layer(self, data: Description) -> Smoothing | None:
        return Smoothing() if self.smoothing else None


def _window(sequence, frames):
    """The sequence at the frames -2 to 2 from each; zero outside of it."""
    around = [[0, 0], [2, 2]] + [[0, 0]] * (len(sequence.shape) - 2)
    padded = ops.pad(sequence, around)
    return [padded[:, i : i + frames] for i in range(5)]


def _fit_weights(left: int, right: int) -> np.ndarray:
    """Weights of a quadratic least-squares fit, evaluated at its frame.

    Args:
        left, right: Number of frames (0 to 2) seen on either side.

    Returns:
        Five weights, for the frames -2 to 2; zero for the unseen ones.
    """
    positions = np.arange(-left, right + 1)
    degree = min(2, left + right)
    powers = np.vander(positions, degree + 1, increasing=True)
    weights = np.zeros(5)
    weights[2 + positions] = np.linalg.pinv(powers)[0]
    return weights
