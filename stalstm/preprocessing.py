"""Layers between camera space and the network.

They are part of the model, so that training, evaluation and every export
prepare recordings in the same way. Each takes skeletons of shape
`(batch, frames, bodies, joints, 3)` in metres and the clips' lengths, and
returns skeletons of the same shape. What they do to a frame never depends on
frames beyond the clip's length, nor on frames that a live stream does not
have yet (but for the two frames that `Smoothing` looks ahead). A body whose
joints are all zero in a frame is absent there, and stays so.

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


def is_present(skeleton):
    """Which bodies are there: `(..., bodies, joints, 3)` to `(..., 1, 1)`."""
    return ops.any(skeleton != 0, axis=(-2, -1), keepdims=True)


@keras.saving.register_keras_serializable("stalstm")
class Smoothing(keras.layers.Layer):
    """Savitzky-Golay smoothing of every joint's path over time.

    Five frames, quadratic: the weights are -3 12 17 12 -3 over 35
    (Savitzky and Golay 1964; the smoothing that section 5.1 of the paper takes
    from Du, Wang and Wang 2015). Towards the ends of a clip the same quadratic
    is fitted to those of the five frames that exist, so straight lines stay
    straight, the first and last frame stay as they are, and two frames of
    look-ahead are always enough. A body that is absent in one of the frames
    stays as it is.

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
        padded = ops.pad(skeleton, [[0, 0], [2, 2], [0, 0], [0, 0], [0, 0]])
        window = [padded[:, i : i + frames] for i in range(5)]
        weights = [weights[:, :, i, None, None, None] for i in range(5)]
        smooth = sum(w * x for w, x in zip(weights, window, strict=True))
        # A body must be there in all frames that weigh.
        absent = [
            ops.logical_and(w != 0, ops.logical_not(is_present(x)))
            for w, x in zip(weights, window, strict=True)
        ]
        return ops.where(ops.any(ops.stack(absent), axis=0), skeleton, smooth)

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
        # As `call`, but all five frames at once: a device has fewer operations.
        weights = weights[:, :, None, None, None]
        smooth = ops.sum(weights * window, axis=1)
        absent = ops.logical_and(
            weights != 0, ops.logical_not(is_present(window))
        )
        smooth = ops.where(ops.any(absent, axis=1), window[:, 2], smooth)
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


class _BodyFrame(keras.layers.Layer):
    """A change of coordinates, the same for all bodies of a frame.

    Sub-classes measure a reference, `(batch, frames, ...)`, in each frame and
    apply it.

    Args:
        per: `"frame"`, what is measured in a frame holds for it alone; or
            `"clip"`, what is measured in the first frame with a body holds for
            the whole clip.

    Call arguments:
        skeleton: `(batch, frames, bodies, joints, 3)`.
        length: not used.

    Returns:
        `(batch, frames, bodies, joints, 3)`.
    """

    def __init__(self, per: str = "frame", **kwargs):
        if per not in ("frame", "clip"):
            raise ValueError(
                f'`per` must be "frame" or "clip". Received: per={per!r}'
            )
        super().__init__(**kwargs)
        self.per = per

    def call(self, skeleton, length=None):
        reference = self._measure(skeleton)
        if self.per == "clip":
            first = ops.argmax(_has_body(skeleton), axis=1)
            first = ops.one_hot(first, ops.shape(skeleton)[1])
            first = _like(first, reference)
            reference = ops.sum(first * reference, axis=1, keepdims=True)
        return self._apply_to_present(skeleton, reference)

    def initial_state(self, frame_shape):
        """State before the first frame: nothing measured."""
        if self.per == "frame":
            return {}
        reference = self._measure(ops.zeros(frame_shape, "float32"))
        return {
            "begun": ops.zeros(frame_shape[:1], "bool"),
            "reference": reference,
        }

    def step(self, frame, valid, state):
        """One frame; see the module."""
        reference = self._measure(frame)
        if self.per == "clip":
            begun = state["begun"]
            known = _like(begun, reference)
            reference = ops.where(known, state["reference"], reference)
            begins = ops.logical_and(valid, _has_body(frame))
            state = {
                "begun": ops.logical_or(begun, begins),
                "reference": reference,
            }
        return self._apply_to_present(frame, reference), valid, state

    def _apply_to_present(self, skeleton, reference):
        moved = self._apply(skeleton, reference)
        return ops.where(is_present(skeleton), moved, 0.0)

    def compute_output_shape(self, skeleton_shape, length_shape=None):
        return skeleton_shape

    def get_config(self):
        return {**super().get_config(), "per": self.per}


@keras.saving.register_keras_serializable("stalstm")
class Origin(_BodyFrame):
    """Moves the origin from the camera to the bodies.

    With `per="frame"` only the bodies' poses and their places relative to each
    other remain; with `per="clip"` the way that they move together remains
    too.

    Args:
        joint: index of the joint that stands for a body's place.
        of: `"all"`, the mean over the bodies that are present; `"main"`, the
            main performer's: the first body that is present.
        per: see `_BodyFrame`, which also has the call arguments.
    """

    def __init__(self, joint: int, of: str = "all", **kwargs):
        if of not in ("all", "main"):
            raise ValueError(
                f'`of` must be "all" or "main". Received: of={of!r}'
            )
        super().__init__(**kwargs)
        self.joint = joint
        self.of = of

    def _measure(self, skeleton):
        if self.of == "main":
            skeleton = _main_body(skeleton)
        present = ops.cast(is_present(skeleton), skeleton.dtype)
        number = ops.maximum(ops.sum(present, axis=-3, keepdims=True), 1.0)
        # The joint of an absent body is zero.
        joint = skeleton[..., self.joint : self.joint + 1, :]
        return ops.sum(joint, axis=-3, keepdims=True) / number

    def _apply(self, skeleton, reference):
        return skeleton - reference

    def get_config(self):
        return {**super().get_config(), "joint": self.joint, "of": self.of}


@keras.saving.register_keras_serializable("stalstm")
class BodyAxes(_BodyFrame):
    """Turns the axes to those of the main performer's trunk.

    View invariance as in Shahroudy, Liu, Ng and Wang, "NTU RGB+D", CVPR 2016,
    section 3.2: x from the right shoulder to the left one, y from the base of
    the spine upwards (as near to it as x allows), z across both. The main
    performer is the first body that is present. Where the trunk has no such
    axes (no body, or two of the joints on one point), those of the camera stay.

    Args:
        left_shoulder, right_shoulder, spine_base, spine: indices of joints.
        per: see `_BodyFrame`, which also has the call arguments.
    """

    def __init__(
        self,
        left_shoulder: int,
        right_shoulder: int,
        spine_base: int,
        spine: int,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.left_shoulder = left_shoulder
        self.right_shoulder = right_shoulder
        self.spine_base = spine_base
        self.spine = spine

    def _measure(self, skeleton):
        body = _main_body(skeleton)[..., 0, :, :]
        across = body[..., self.left_shoulder, :]
        across = across - body[..., self.right_shoulder, :]
        up = body[..., self.spine, :] - body[..., self.spine_base, :]
        x, has_x = _direction(across)
        y, has_y = _direction(up - x * ops.sum(x * up, -1, keepdims=True))
        axes = ops.stack([x, y, _cross(x, y)], axis=-2)
        good = ops.logical_and(has_x, has_y)[..., None, None]
        axes = ops.where(good, axes, ops.eye(3, dtype=axes.dtype))
        return axes[..., None, None, :, :]

    def _apply(self, skeleton, reference):
        return ops.sum(reference * skeleton[..., None, :], axis=-1)

    def get_config(self):
        return {
            **super().get_config(),
            "left_shoulder": self.left_shoulder,
            "right_shoulder": self.right_shoulder,
            "spine_base": self.spine_base,
            "spine": self.spine,
        }


@keras.saving.register_keras_serializable("stalstm")
class BodyScale(_BodyFrame):
    """Measures in lengths of the main performer's spine instead of metres.

    Shahroudy, Liu, Ng and Wang, "NTU RGB+D", CVPR 2016, section 3.2. The main
    performer is the first body that is present; one without a spine (no body,
    or both joints on one point) leaves metres.

    Args:
        spine_base, spine: indices of the joints at both ends.
        per: see `_BodyFrame`, which also has the call arguments.
    """

    def __init__(self, spine_base: int, spine: int, **kwargs):
        super().__init__(**kwargs)
        self.spine_base = spine_base
        self.spine = spine

    def _measure(self, skeleton):
        body = _main_body(skeleton)
        spine = body[..., self.spine : self.spine + 1, :]
        spine = spine - body[..., self.spine_base : self.spine_base + 1, :]
        length = _norm(spine)
        return ops.where(length > _SHORTEST, length, 1.0)

    def _apply(self, skeleton, reference):
        return skeleton / reference

    def get_config(self):
        return {
            **super().get_config(),
            "spine_base": self.spine_base,
            "spine": self.spine,
        }


# Metres. A trunk of this size is two joints on one point.
_SHORTEST = 1e-3


def _main_body(skeleton):
    """The first body that is present, `(..., 1, joints, 3)`; or zeros."""
    present = ops.cast(is_present(skeleton), "int32")
    first = ops.logical_and(present == 1, ops.cumsum(present, axis=-3) == 1)
    return ops.sum(ops.where(first, skeleton, 0.0), axis=-3, keepdims=True)


def _has_body(skeleton):
    """Which frames, `(batch, ...)`, have a body."""
    return ops.any(skeleton != 0, axis=(-3, -2, -1))


def _like(mask, tensor):
    """`(batch, ...)` with axes of size one up to a tensor's rank."""
    axes = len(tensor.shape) - len(mask.shape)
    return ops.reshape(mask, tuple(ops.shape(mask)) + (1,) * axes)


def _norm(vector):
    return ops.sqrt(ops.sum(ops.square(vector), axis=-1, keepdims=True))


def _direction(vector):
    """A vector's direction, and whether it has one."""
    norm = _norm(vector)
    return vector / ops.maximum(norm, _SHORTEST), norm[..., 0] > _SHORTEST


def _cross(a, b):
    """The cross product, in operations that LiteRT has."""
    return ops.roll(a, -1, -1) * ops.roll(b, -2, -1) - (
        ops.roll(a, -2, -1) * ops.roll(b, -1, -1)
    )


def from_recipe(recipe) -> list[keras.layers.Layer]:
    """The layers that a recipe asks for, in their order."""
    skeleton = skeletons.SKELETONS[recipe.skeleton]
    torso = skeleton.index(skeleton.torso)
    # Metres need float32, whatever the network computes in.
    layers: list[keras.layers.Layer] = []
    if recipe.smoothing:
        layers.append(Smoothing(dtype="float32"))
    if recipe.body_order == "left_first":
        layers.append(BodyOrder(torso, dtype="float32"))
    if recipe.origin != "camera":
        layers.append(
            Origin(
                torso, of=recipe.origin_of, per=recipe.origin, dtype="float32"
            )
        )
    if recipe.axes != "camera":
        layers.append(
            BodyAxes(
                skeleton.index("left_shoulder"),
                skeleton.index("right_shoulder"),
                skeleton.index(skeleton.spine[0]),
                skeleton.index(skeleton.spine[1]),
                per=recipe.axes,
                dtype="float32",
            )
        )
    if recipe.scale != "metres":
        layers.append(
            BodyScale(
                skeleton.index(skeleton.spine[0]),
                skeleton.index(skeleton.spine[1]),
                per=recipe.scale,
                dtype="float32",
            )
        )
    return layers
