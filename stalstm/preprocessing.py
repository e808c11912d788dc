"""Layers between camera space and the network.

They are part of the model, so that training, evaluation and every export
prepare recordings in the same way. Each takes skeletons of shape
`(batch, frames, bodies, joints, 3)` in metres and the clips' lengths, and
returns skeletons of the same shape. What they do to a frame never depends on
frames beyond the clip's length, nor on frames that a live stream does not
have yet (but for the two frames that `Smoothing` looks ahead).

For a live stream each has a `step(frame, valid, state)`. It takes one frame
`(batch, bodies, joints, 3)` and which of the streams have one, `(batch,)`
bool; it returns the frame that is ready now, which of the streams have one,
and the new state.
"""

import keras
import numpy as np
from keras import ops

from stalstm import skeletons


def _fit_weights(left: int, right: int) -> np.ndarray:
    """Weights of a quadratic least-squares fit, evaluated at its frame.

    Args:
        left, right: number of frames (0 to 2) seen on either side.

    Returns:
        Five weights, for the frames -2 to 2; zero for the unseen ones.
    """
    positions = np.arange(-left, right + 1)
    degree = min(2, left + right)
    powers = np.vander(positions, degree + 1, increasing=True)
    weights = np.zeros(5)
    weights[2 + positions] = np.linalg.pinv(powers)[0]
    return weights


@keras.saving.register_keras_serializable("stalstm")
class Smoothing(keras.layers.Layer):
    """Savitzky-Golay smoothing of every joint's path over time.

    Five frames, quadratic: the weights are -3 12 17 12 -3 over 35
    (Savitzky and Golay 1964; the smoothing that section 5.1 of the paper takes
    from Du, Wang and Wang 2015). Towards the ends of a clip the same quadratic
    is fitted to those of the five frames that exist, so straight lines stay
    straight, the first and last frame stay as they are, and two frames of
    look-ahead are always enough.

    Call arguments:
        skeleton: `(batch, frames, bodies, joints, 3)`.
        length: `(batch,)`, number of frames of each clip.

    Returns:
        `(batch, frames, bodies, joints, 3)`.
    """

    def call(self, skeleton, length):
        frames = ops.shape(skeleton)[1]
        time = ops.arange(frames, dtype="int32")
        left = ops.minimum(time, 2)
        right = ops.cast(length, "int32")[:, None] - 1 - time
        right = ops.clip(right, 0, 2)
        weights = ops.take(self._table(), 3 * left + right, axis=0)
        weights = weights[:, :, :, None, None, None]
        padded = ops.pad(skeleton, [[0, 0], [2, 2], [0, 0], [0, 0], [0, 0]])
        return sum(
            weights[:, :, i] * padded[:, i : i + frames] for i in range(5)
        )

    def initial_state(self, frame_shape):
        """State before the first frame; `(batch, bodies, joints, 3)`."""
        batch_size, *frame_shape = frame_shape
        return {
            "window": ops.zeros((batch_size, 5, *frame_shape), "float32"),
            # Frames that came, and calls: frames and what followed the last.
            "frames": ops.zeros((batch_size,), "int32"),
            "calls": ops.zeros((batch_size,), "int32"),
        }

    def step(self, frame, valid, state):
        """Gives the frame before the one before, now that two have followed.

        After a stream's last frame two more calls, with `valid` false, give
        the last two.
        """
        window = ops.concatenate([state["window"][:, 1:], frame[:, None]], 1)
        frames = state["frames"] + ops.cast(valid, "int32")
        calls = state["calls"] + 1
        index = calls - 3
        left = ops.clip(index, 0, 2)
        right = ops.clip(frames - 1 - index, 0, 2)
        weights = ops.take(self._table(), 3 * left + right, axis=0)
        smooth = ops.sum(weights[:, :, None, None, None] * window, axis=1)
        ready = ops.logical_and(index >= 0, index < frames)
        state = {"window": window, "frames": frames, "calls": calls}
        return smooth, ready, state

    def _table(self):
        """Five weights for each number of frames on the left and right."""
        table = [_fit_weights(i, j) for i in range(3) for j in range(3)]
        return ops.convert_to_tensor(np.stack(table), self.compute_dtype)

    def compute_output_shape(self, skeleton_shape, length_shape=None):
        return skeleton_shape


@keras.saving.register_keras_serializable("stalstm")
class BodyOrder(keras.layers.Layer):
    """The performer who starts on the left of the image comes first.

    Recordings list two performers in an arbitrary order. The torsos' places in
    the first frame decide, for the whole clip. In camera space x grows towards
    the left of the image.

    Args:
        torso: index of the torso joint.

    Call arguments:
        skeleton: `(batch, frames, 2, joints, 3)`.
        length: not used.

    Returns:
        `(batch, frames, 2, joints, 3)`.
    """

    def __init__(self, torso: int, **kwargs):
        super().__init__(**kwargs)
        self.torso = torso

    def call(self, skeleton, length=None):
        return self._order(skeleton, self._swapped(skeleton[:, 0])[:, None])

    def initial_state(self, frame_shape):
        """State before the first frame: nothing decided."""
        return {
            "begun": ops.zeros(frame_shape[:1], "bool"),
            "swapped": ops.zeros(frame_shape[:1], "bool"),
        }

    def step(self, frame, valid, state):
        """One frame; see the module."""
        begun = state["begun"]
        swapped = ops.where(begun, state["swapped"], self._swapped(frame))
        state = {"begun": ops.logical_or(begun, valid), "swapped": swapped}
        return self._order(frame, swapped), valid, state

    def _swapped(self, frame):
        return frame[:, 0, self.torso, 0] < frame[:, 1, self.torso, 0]

    def _order(self, skeleton, swapped):
        swapped = swapped[..., None, None, None]
        return ops.where(swapped, ops.flip(skeleton, axis=-3), skeleton)

    def compute_output_shape(self, skeleton_shape, length_shape=None):
        return skeleton_shape

    def get_config(self):
        return {**super().get_config(), "torso": self.torso}


@keras.saving.register_keras_serializable("stalstm")
class Origin(keras.layers.Layer):
    """Moves the origin from the camera to the mean of the bodies' torsos.

    Args:
        torso: index of the torso joint.
        per: `"frame"`, each frame has its own origin: only the bodies' poses
            and their places relative to each other remain; or `"clip"`, the
            origin of the first frame holds for all: the way that both bodies
            move together remains too.

    Call arguments:
        skeleton: `(batch, frames, bodies, joints, 3)`.
        length: not used.

    Returns:
        `(batch, frames, bodies, joints, 3)`.
    """

    def __init__(self, torso: int, per: str = "frame", **kwargs):
        if per not in ("frame", "clip"):
            raise ValueError(
                f'`per` must be "frame" or "clip". Received: per={per!r}'
            )
        super().__init__(**kwargs)
        self.torso = torso
        self.per = per

    def call(self, skeleton, length=None):
        origin = self._origin(skeleton)
        return skeleton - (origin[:, :1] if self.per == "clip" else origin)

    def initial_state(self, frame_shape):
        """State before the first frame: no origin yet."""
        return {
            "begun": ops.zeros(frame_shape[:1], "bool"),
            "origin": ops.zeros((frame_shape[0], 1, 1, 3), "float32"),
        }

    def step(self, frame, valid, state):
        """One frame; see the module."""
        origin, begun = self._origin(frame), state["begun"]
        if self.per == "clip":
            known = begun[:, None, None, None]
            origin = ops.where(known, state["origin"], origin)
        state = {"begun": ops.logical_or(begun, valid), "origin": origin}
        return frame - origin, valid, state

    def _origin(self, skeleton):
        torsos = skeleton[..., self.torso : self.torso + 1, :]
        return ops.mean(torsos, axis=-3, keepdims=True)

    def compute_output_shape(self, skeleton_shape, length_shape=None):
        return skeleton_shape

    def get_config(self):
        return {**super().get_config(), "torso": self.torso, "per": self.per}


def from_recipe(recipe) -> list[keras.layers.Layer]:
    """The layers that a recipe asks for, in their order."""
    torso = skeletons.SKELETONS[recipe.skeleton].torso_index
    # Metres need float32, whatever the network computes in.
    layers: list[keras.layers.Layer] = []
    if recipe.smoothing:
        layers.append(Smoothing(dtype="float32"))
    if recipe.body_order == "left_first":
        layers.append(BodyOrder(torso, dtype="float32"))
    if recipe.origin != "camera":
        layers.append(Origin(torso, per=recipe.origin, dtype="float32"))
    return layers
