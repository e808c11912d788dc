"""The unit of length."""

import dataclasses

import keras
from keras import ops

from stalstm.description import Description
from stalstm.fields import ours
from stalstm.preprocessing.body_frame import (
    SHORTEST,
    BodyFrame,
    main_body,
    norm,
)
from stalstm.preprocessing.frame_layer import FrameLayerFields


@keras.saving.register_keras_serializable("stalstm")
class BodyScale(BodyFrame):
    """Measures in lengths of the main performer's spine instead of metres.

    Shahroudy, Liu, Ng and Wang, "NTU RGB+D", CVPR 2016, section 3.2. The main
    performer is the first body that is present; one without a spine (no body,
    or both joints on one point) leaves metres.

    Args:
        spine_base, spine_mid: Indices of the joints at both ends.
        per: See `BodyFrame`.
    """

    def __init__(self, spine_base: int, spine_mid: int, **kwargs):
        super().__init__(**kwargs)
        self.spine_base = spine_base
        self.spine_mid = spine_mid

    def _measure(self, skeleton, present):
        body = main_body(skeleton, present)
        spine = body[..., self.spine_mid : self.spine_mid + 1, :]
        spine = spine - body[..., self.spine_base : self.spine_base + 1, :]
        length = norm(spine)
        return ops.where(length > SHORTEST, length, 1.0)

    def _apply(self, skeleton, reference):
        return skeleton / reference

    def get_config(self):
        return {
            **super().get_config(),
            "spine_base": self.spine_base,
            "spine_mid": self.spine_mid,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class BodyScaleFields(FrameLayerFields):
    scale: str = ours("metres", choices=("frame", "clip", "metres"))

    def layer(self, data: Description) -> BodyScale | None:
        if self.scale == "metres":
            return None
        roles = ["spine_base", "spine_mid"]
        data.require(f"scale={self.scale}", roles)
        return BodyScale(*map(data.skeleton.role, roles), per=self.scale)
