"""Velocities as further channels."""

import dataclasses

import keras
from keras import ops

from stalstm.description import Description
from stalstm.fields import ours
from stalstm.preprocessing.frame_layer import (
    FrameLayer,
    FrameLayerFields,
    expand,
)


@keras.saving.register_keras_serializable("stalstm")
class Velocity(FrameLayer):
    """Appends each joint's velocity: `factor * (x_t - x_{t-1})`.

    Three more channels, in the unit of the coordinates, per frame. They are
    zero in the first frame, and where the body was absent in the frame before.

    Args:
        factor: What the differences are multiplied by. The step from one frame
            to the next is small compared with a coordinate.
    """

    def __init__(self, factor: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, skeleton, present, length=None):
        before, there = _delayed(skeleton), _delayed(present)
        there = ops.logical_and(there, present)
        return self._append(skeleton, before, there), present

    def initial_state(self, shape):
        return {
            "frame": ops.zeros(shape, "float32"),
            "present": ops.zeros(shape[:2], "bool"),
        }

    def step(self, frame, present, valid, state):
        there = ops.logical_and(state["present"], present)
        came = expand(valid, frame)
        new_state = {
            "frame": ops.where(came, frame, state["frame"]),
            "present": ops.where(valid[:, None], present, state["present"]),
        }
        frame = self._append(frame, state["frame"], there)
        return frame, present, valid, new_state

    def _append(self, skeleton, before, there):
        velocity = self.factor * (skeleton - before)[..., :3]
        velocity = ops.where(expand(there, skeleton), velocity, 0.0)
        return ops.concatenate([skeleton, velocity], axis=-1)

    def compute_output_shape(
        self, skeleton_shape, present_shape=None, length_shape=None
    ):
        return (*skeleton_shape[:-1], skeleton_shape[-1] + 3), present_shape

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@dataclasses.dataclass(frozen=True, kw_only=True)
class VelocityFields(FrameLayerFields):
    # Factor of the velocity channels; 0 leaves them out.
    velocity: float = ours(0.0, at_least=0)

    def layer(self, data: Description) -> Velocity | None:
        return Velocity(self.velocity) if self.velocity else None


def _delayed(sequence):
    """The sequence one frame later: zero, or false, at the first frame."""
    first = ops.zeros_like(sequence[:, :1])
    return ops.concatenate([first, sequence[:, :-1]], axis=1)
