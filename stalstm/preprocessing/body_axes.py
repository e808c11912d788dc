"""The directions of the axes."""

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
class BodyAxes(BodyFrame):
    """Turns the axes to those of the main performer's trunk.

    View invariance as in Shahroudy, Liu, Ng and Wang, "NTU RGB+D", CVPR 2016,
    section 3.2: x from the right shoulder to the left one, y from the base of
    the spine upwards (as near to it as x allows), z across both. The main
    performer is the first body that is present. Where the trunk has no such
    axes (no body, or two of the joints on one point), the camera's axes stay.

    Args:
        left_shoulder, right_shoulder, spine_base, spine_mid: Indices of joints.
        per: See `BodyFrame`.
    """

    def __init__(
        self,
        left_shoulder: int,
        right_shoulder: int,
        spine_base: int,
        spine_mid: int,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.left_shoulder = left_shoulder
        self.right_shoulder = right_shoulder
        self.spine_base = spine_base
        self.spine_mid = spine_mid

    def _measure(self, skeleton, present):
        body = main_body(skeleton, present)[..., 0, :, :]
        across = body[..., self.left_shoulder, :]
        across = across - body[..., self.right_shoulder, :]
        up = body[..., self.spine_mid, :] - body[..., self.spine_base, :]
        x, has_x = _direction(across)
        y, has_y = _direction(up - x * ops.sum(x * up, -1, keepdims=True))
        axes = ops.stack([x, y, _cross(x, y)], axis=-2)
        good = ops.logical_and(has_x, has_y)[..., None, None]
        axes = ops.where(good, axes, ops.eye(3, dtype=axes.dtype))
        return axes[..., None, None, :, :]

    def _apply(self, skeleton, reference):
        return sum(
            skeleton[..., n : n + 1] * reference[..., n] for n in range(3)
        )

    def get_config(self):
        return {
            **super().get_config(),
            "left_shoulder": self.left_shoulder,
            "right_shoulder": self.right_shoulder,
            "spine_base": self.spine_base,
            "spine_mid": self.spine_mid,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class BodyAxesFields(FrameLayerFields):
    # Axes along the main performer's shoulders and spine.
    axes: str = ours("camera", choices=("frame", "clip", "camera"))

    def layer(self, data: Description) -> BodyAxes | None:
        if self.axes == "camera":
            return None
        roles = ["left_shoulder", "right_shoulder", "spine_base", "spine_mid"]
        data.require(f"axes={self.axes}", roles)
        return BodyAxes(*map(data.skeleton.role, roles), per=self.axes)


def _direction(vector):
    """A vector's direction, and whether it has one."""
    length = norm(vector)
    return vector / ops.maximum(length, SHORTEST), length[..., 0] > SHORTEST


def _cross(a, b):
    """The cross product, in operations that LiteRT has."""
    a_yzx, b_yzx = (ops.take(x, (1, 2, 0), axis=-1) for x in (a, b))
    a_zxy, b_zxy = (ops.take(x, (2, 0, 1), axis=-1) for x in (a, b))
    return a_yzx * b_zxy - a_zxy * b_yzx
