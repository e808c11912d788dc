"""The direction that a clip begins in."""

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
class Heading(BodyFrame):
    """Turns a clip around the vertical so that it begins facing the camera.

    The horizontal direction from one point to another becomes that of -x. With
    the shoulders of the main performer, the first body that is present, from
    right to left, the main performer faces the camera; with the places of the
    first body and the second, the two stand side by side, seen from the camera,
    the first one on the left of the image. Where a point is missing, or both
    are above each other, nothing is turned.

    Args:
        start, end: Indices of the joints that the direction leads from and to.
        between: `"joints"` of the main performer, or `"bodies"`, from the
            first body's `start` to the second body's `end`.
        per: See `BodyFrame`.
    """

    def __init__(self, start: int, end: int, between: str = "joints", **kwargs):
        if between not in ("joints", "bodies"):
            raise ValueError(
                '`between` must be "joints" or "bodies". '
                f"Received: between={between!r}"
            )
        super().__init__(**kwargs)
        self.start = start
        self.end = end
        self.between = between

    def _measure(self, skeleton, present):
        if self.between == "bodies":
            first, second = skeleton[..., 0, :, :], skeleton[..., 1, :, :]
            there = ops.logical_and(present[..., 0], present[..., 1])
        else:
            first = second = main_body(skeleton, present)[..., 0, :, :]
            there = ops.any(present, axis=-1)
        direction = second[..., self.end, :] - first[..., self.start, :]
        # Across and away, without the height.
        across, away = direction[..., 0:1], direction[..., 2:3]
        length = norm(ops.concatenate([across, away], axis=-1))
        known = ops.logical_and(there[..., None], length > SHORTEST)
        length = ops.maximum(length, SHORTEST)
        cosine = ops.where(known, -across / length, 1.0)
        sine = ops.where(known, away / length, 0.0)
        return ops.concatenate([cosine, sine], axis=-1)[..., None, None, :]

    def _apply(self, skeleton, reference):
        cosine, sine = reference[..., 0], reference[..., 1]
        x, y, z = (skeleton[..., i] for i in range(3))
        x, z = cosine * x - sine * z, sine * x + cosine * z
        return ops.stack([x, y, z], axis=-1)

    def get_config(self):
        return {
            **super().get_config(),
            "start": self.start,
            "end": self.end,
            "between": self.between,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class HeadingFields(FrameLayerFields):
    # What faces the camera in a clip's first frame: the main performer's
    # shoulders, or the line from one of two bodies to the other.
    heading: str = ours("camera", choices=("shoulders", "bodies", "camera"))

    def layer(self, data: Description) -> Heading | None:
        setting = f"heading={self.heading}"
        if self.heading == "shoulders":
            roles = ["right_shoulder", "left_shoulder"]
            data.require(setting, roles)
            right, left = map(data.skeleton.role, roles)
            return Heading(right, left, per="clip")
        if self.heading == "bodies":
            data.require(setting, ["torso"], bodies=2)
            torso = data.skeleton.role("torso")
            return Heading(torso, torso, between="bodies", per="clip")
        return None
