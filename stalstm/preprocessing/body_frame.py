"""Changes of coordinates, from the camera's to the bodies'."""

from keras import ops

from stalstm.preprocessing.frame_layer import FrameLayer, expand

# Metres. In a shorter trunk, two joints coincide.
SHORTEST = 1e-3


class BodyFrame(FrameLayer):
    """A change of coordinates, the same for all bodies of a frame.

    Sub-classes measure a reference, `(batch, frames, ...)`, in each frame and
    apply it. Layers that append channels come after this one.

    Args:
        per: `"frame"`: what is measured in a frame holds for it alone;
            `"clip"`: what is measured in the first frame with a body holds for
            the whole clip.
    """

    def __init__(self, per: str = "frame", **kwargs):
        if per not in ("frame", "clip"):
            raise ValueError(
                f'`per` must be "frame" or "clip". Received: per={per!r}'
            )
        super().__init__(**kwargs)
        self.per = per

    def build(self, skeleton_shape, present_shape=None, length_shape=None):
        if skeleton_shape[-1] != 3:
            raise ValueError(
                f"{type(self).__name__} expects three channels, x y z: layers "
                "that append channels come after it. "
                f"Received: {skeleton_shape[-1]} channels"
            )
        super().build(skeleton_shape, present_shape, length_shape)

    def call(self, skeleton, present, length=None):
        reference = self._measure(skeleton, present)
        if self.per == "clip":
            first = ops.argmax(ops.any(present, axis=-1), axis=1)
            first = ops.one_hot(first, ops.shape(skeleton)[1])
            first = expand(first, reference)
            reference = ops.sum(first * reference, axis=1, keepdims=True)
        return self._apply_to_present(skeleton, present, reference), present

    def initial_state(self, shape):
        if self.per == "frame":
            return {}
        reference = self._measure(
            ops.zeros(shape, "float32"), ops.zeros(shape[:2], "bool")
        )
        return {
            "begun": ops.zeros(shape[:1], "bool"),
            "reference": ops.zeros_like(reference),
        }

    def step(self, frame, present, valid, state):
        reference = self._measure(frame, present)
        if self.per == "clip":
            begun = state["begun"]
            known = expand(begun, reference)
            reference = ops.where(known, state["reference"], reference)
            begins = ops.logical_and(valid, ops.any(present, axis=-1))
            state = {
                "begun": ops.logical_or(begun, begins),
                "reference": reference,
            }
        frame = self._apply_to_present(frame, present, reference)
        return frame, present, valid, state

    def _apply_to_present(self, skeleton, present, reference):
        moved = self._apply(skeleton, reference)
        # Finite, and a product takes a third of the time that `where` takes.
        return moved * ops.cast(expand(present, moved), moved.dtype)

    def get_config(self):
        return {**super().get_config(), "per": self.per}


def main_body(skeleton, present):
    """The first body that is present, `(..., 1, joints, 3)`; or zeros."""
    present = ops.cast(present, "int32")
    first = ops.logical_and(present == 1, ops.cumsum(present, axis=-1) == 1)
    first = ops.cast(expand(first, skeleton), skeleton.dtype)
    return ops.sum(first * skeleton, axis=-3, keepdims=True)


def place(skeleton, joint: int | None):
    """Where each body is: a joint, or the mean of all joints.

    Args:
        skeleton: `(..., joints, channels)`.
        joint: Index of the joint; `None` for the mean.

    Returns:
        `(..., 1, channels)`; zeros for an absent body.
    """
    if joint is None:
        return ops.mean(skeleton, axis=-2, keepdims=True)
    return skeleton[..., joint : joint + 1, :]


def norm(vector):
    """Length of vectors `(..., n)`, `(..., 1)`; zero has the gradient zero."""
    squares = ops.sum(ops.square(vector), axis=-1, keepdims=True)
    there = squares > 0
    # The root of 0 has no gradient, and one outside would be infinite x 0.
    return ops.where(there, ops.sqrt(ops.where(there, squares, 1.0)), 0.0)
