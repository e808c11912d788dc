"""The order of two performers."""

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
class BodyOrder(FrameLayer):
    """Puts first the performer who starts on the left of the image.

    Recordings list two performers in an arbitrary order. The torsos' places in
    the first frame decide, for the whole clip. In camera space x grows towards
    the left of the image.

    Args:
        torso: Index of the torso joint.
    """

    least_bodies = 2

    def __init__(self, torso: int, **kwargs):
        super().__init__(**kwargs)
        self.torso = torso

    def call(self, skeleton, present, length=None):
        swapped = self._swapped(skeleton[:, 0])[:, None]
        return _order(skeleton, swapped, -3), _order(present, swapped, -1)

    def initial_state(self, shape):
        return {
            "begun": ops.zeros(shape[:1], "bool"),
            "swapped": ops.zeros(shape[:1], "bool"),
        }

    def step(self, frame, present, valid, state):
        begun = state["begun"]
        swapped = ops.where(begun, state["swapped"], self._swapped(frame))
        frame, present = _order(frame, swapped, -3), _order(present, swapped, 1)
        state = {"begun": ops.logical_or(begun, valid), "swapped": swapped}
        return frame, present, valid, state

    def restore(self, attention, skeleton):
        swapped = self._swapped(skeleton[:, 0])[:, None]
        return _order(attention, swapped, -2)

    def restore_step(self, attention, state):
        return _order(attention, state["swapped"], -2)

    def _swapped(self, frame):
        return frame[:, 0, self.torso, 0] < frame[:, 1, self.torso, 0]

    def get_config(self):
        return {**super().get_config(), "torso": self.torso}


@dataclasses.dataclass(frozen=True, kw_only=True)
class BodyOrderFields(FrameLayerFields):
    # Ordered by position, two recordings of the same scene look alike.
    body_order: str = ours("left_first", choices=("left_first", "recorded"))

    def layer(self, data: Description) -> BodyOrder | None:
        if self.body_order == "recorded":
            return None
        data.require(f"body_order={self.body_order}", ["torso"], bodies=2)
        return BodyOrder(data.skeleton.role("torso"))


def _order(tensor, swapped, bodies_axis):
    flipped = ops.flip(tensor, axis=bodies_axis)
    return ops.where(expand(swapped, tensor), flipped, tensor)
