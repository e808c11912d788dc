"""Layers between camera space and the network.

They are part of the model, so that training, evaluation and every export
prepare recordings in the same way. Each takes skeletons of shape
`(batch, frames, bodies, joints, 3)` in metres and the clips' lengths, and
returns skeletons of the same shape. What they do to a frame never depends on
frames beyond the clip's length, nor on frames that a live stream does not
have yet (but for the two frames that `Smoothing` looks ahead).
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
        table = [_fit_weights(i, j) for i in range(3) for j in range(3)]
        table = ops.convert_to_tensor(np.stack(table), skeleton.dtype)
        weights = ops.take(table, 3 * left + right, axis=0)
        weights = weights[:, :, :, None, None, None]
        padded = ops.pad(skeleton, [[0, 0], [2, 2], [0, 0], [0, 0], [0, 0]])
        return sum(
            weights[:, :, i] * padded[:, i : i + frames] for i in range(5)
        )

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

    def initial_state(self, batch_size: int):
        """State of streams that have not begun: nothing decided."""
        return {
            "begun": ops.zeros((batch_size,), "bool"),
            "swapped": ops.zeros((batch_size,), "bool"),
        }

    def step(self, frame, state):
        """One frame `(batch, 2, joints, 3)`; returns it and the new state."""
        swapped = ops.where(
            state["begun"], state["swapped"], self._swapped(frame)
        )
        state = {"begun": ops.ones_like(state["begun"]), "swapped": swapped}
        return self._order(frame, swapped), state

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
                '`per` must be "frame" or "clip". ' f"Received: per={per!r}"
            )
        super().__init__(**kwargs)
        self.torso = torso
        self.per = per

    def call(self, skeleton, length=None):
        origin = self._origin(skeleton)
        return skeleton - (origin[:, :1] if self.per == "clip" else origin)

    def initial_state(self, batch_size: int):
        """State of streams that have not begun: no origin yet."""
        return {
            "begun": ops.zeros((batch_size, 1, 1, 1), "bool"),
            "origin": ops.zeros((batch_size, 1, 1, 3), self.compute_dtype),
        }

    def step(self, frame, state):
        """One frame `(batch, bodies, joints, 3)`; returns it and the state."""
        origin = self._origin(frame)
        if self.per == "clip":
            origin = ops.where(state["begun"], state["origin"], origin)
        state = {"begun": ops.ones_like(state["begun"]), "origin": origin}
        return frame - origin, state

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
