"""Places relative to each body's own torso."""

import dataclasses

import keras
from keras import ops

from stalstm.description import Description
from stalstm.fields import ours
from stalstm.preprocessing.frame_layer import FrameLayer, FrameLayerFields


@keras.saving.register_keras_serializable("stalstm")
class TorsoRelative(FrameLayer):
    """Measures x and z of each joint from its body's torso in the same frame.

    The height stays as it is, so that a jump or a fall remains visible. What
    other channels have been made of the coordinates stays too.

    Args:
        torso: Index of the torso joint.
    """

    def __init__(self, torso: int, **kwargs):
        super().__init__(**kwargs)
        self.torso = torso

    def call(self, skeleton, present, length=None):
        return self._moved(skeleton), present

    def step(self, frame, present, valid, state):
        return self._moved(frame), present, valid, state

    def _moved(self, skeleton):
        # The joints of an absent body are zero, and so is its torso.
        torso = skeleton[..., self.torso : self.torso + 1, :]
        channels = skeleton.shape[-1]
        horizontal = [1.0, 0.0, 1.0] + [0.0] * (channels - 3)
        return skeleton - torso * ops.convert_to_tensor(horizontal, "float32")

    def get_config(self):
        return {**super().get_config(), "torso": self.torso}


@dataclasses.dataclass(frozen=True, kw_only=True)
class TorsoRelativeFields(FrameLayerFields):
    # Where a body is in the room no longer matters, only its pose and height.
    torso_relative: bool = ours(False)

    def layer(self, data: Description) -> TorsoRelative | None:
        if not self.torso_relative:
            return None
        data.require("torso_relative=true", ["torso"])
        return TorsoRelative(data.skeleton.role("torso"))
