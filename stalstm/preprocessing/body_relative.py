"""Places relative to each body's own."""

import dataclasses

import keras
from keras import ops

from stalstm.description import Description
from stalstm.fields import ours
from stalstm.preprocessing.body_frame import place
from stalstm.preprocessing.frame_layer import (
    FrameLayer,
    FrameLayerFields,
    expand,
)


@keras.saving.register_keras_serializable("stalstm")
class BodyRelative(FrameLayer):
    """Measures x and z of each joint from its own body's place in each frame.

    The height stays as it is, so that a jump or a fall remains visible. What
    other layers have made of the coordinates before, in further channels, stays
    too.

    Args:
        joint: Index of the joint that represents a body's place; `None` for the
            mean of all joints.
    """

    def __init__(self, joint: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.joint = joint

    def call(self, skeleton, present, length=None):
        return self._moved(skeleton, present), present

    def step(self, frame, present, valid, state):
        return self._moved(frame, present), present, valid, state

    def _moved(self, skeleton, present):
        channels = skeleton.shape[-1]
        horizontal = [1.0, 0.0, 1.0] + [0.0] * (channels - 3)
        moved = skeleton - place(skeleton, self.joint) * horizontal
        return ops.where(expand(present, skeleton), moved, 0.0)

    def get_config(self):
        return {**super().get_config(), "joint": self.joint}


@dataclasses.dataclass(frozen=True, kw_only=True)
class BodyRelativeFields(FrameLayerFields):
    # What x and z of the joints are measured from, in each frame: the place
    # that the layers before have chosen, the body's torso, or the mean of its
    # joints.
    relative_to: str = ours("origin", choices=("origin", "torso", "joints"))

    def layer(self, data: Description) -> BodyRelative | None:
        if self.relative_to == "origin":
            return None
        if self.relative_to == "joints":
            return BodyRelative()
        data.require("relative_to=torso", ["torso"])
        return BodyRelative(data.skeleton.role("torso"))
