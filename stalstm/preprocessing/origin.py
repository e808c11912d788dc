"""The origin of the coordinates."""

import dataclasses

import keras
from keras import ops

from stalstm.description import Description
from stalstm.fields import ours
from stalstm.preprocessing.body_frame import BodyFrame, main_body, place
from stalstm.preprocessing.frame_layer import FrameLayerFields, expand


@keras.saving.register_keras_serializable("stalstm")
class Origin(BodyFrame):
    """Moves the origin from the camera to the bodies.

    With `per="frame"` only the bodies' poses and their places relative to each
    other remain; with `per="clip"` their common movement remains too.

    Args:
        joint: Index of the joint that represents a body's place; `None` for the
            mean of all joints.
        of: `"all"`, the mean over the bodies that are present; `"main"`, the
            place of the main performer, the first body that is present.
        per: See `BodyFrame`.
    """

    def __init__(self, joint: int | None, of: str = "all", **kwargs):
        if of not in ("all", "main"):
            raise ValueError(
                f'`of` must be "all" or "main". Received: of={of!r}'
            )
        super().__init__(**kwargs)
        self.joint = joint
        self.of = of

    def _measure(self, skeleton, present):
        if self.of == "main":
            skeleton = main_body(skeleton, present)
            present = ops.any(present, axis=-1, keepdims=True)
        places = place(skeleton, self.joint)  # zero for an absent body
        number = ops.cast(expand(present, places), places.dtype)
        number = ops.maximum(ops.sum(number, axis=-3, keepdims=True), 1.0)
        return ops.sum(places, axis=-3, keepdims=True) / number

    def _apply(self, skeleton, reference):
        return skeleton - reference

    def get_config(self):
        return {**super().get_config(), "joint": self.joint, "of": self.of}


@dataclasses.dataclass(frozen=True, kw_only=True)
class OriginFields(FrameLayerFields):
    # Location of the origin: at the torsos in each frame, or in the clip's
    # first frame; at the mean of all performers' torsos, or at the main
    # performer's.
    origin: str = ours("frame", choices=("frame", "clip", "camera"))
    origin_of: str = ours("all", choices=("all", "main"))
    # What represents a body's place: its torso, or the mean of its joints.
    origin_at: str = ours("torso", choices=("torso", "joints"))

    def layer(self, data: Description) -> Origin | None:
        if self.origin == "camera":
            return None
        joint = None
        if self.origin_at == "torso":
            data.require(f"origin={self.origin}", ["torso"])
            joint = data.skeleton.role("torso")
        return Origin(joint, of=self.origin_of, per=self.origin)
