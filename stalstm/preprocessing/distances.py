"""Distances to the other performer as further channels."""

import dataclasses
from collections.abc import Sequence

import keras
from keras import ops

from stalstm.description import Description
from stalstm.fields import ours
from stalstm.preprocessing.body_frame import norm
from stalstm.preprocessing.frame_layer import (
    FrameLayer,
    FrameLayerFields,
    expand,
)


@keras.saving.register_keras_serializable("stalstm")
class Distances(FrameLayer):
    """Appends each joint's distances to the other performer's joints.

    One more channel for each of those joints of the other body, `factor *
    (distance - centre)`; zero where either body is absent.

    Args:
        factor: What the centred distances are multiplied by.
        centre: Distance that becomes zero, in the unit of the coordinates.
        joints: Indices of the other body's joints; `None`, all of them.
    """

    def __init__(
        self,
        factor: float = 1.0,
        centre: float = 0.0,
        joints: Sequence[int] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.factor = factor
        self.centre = centre
        self.joints = None if joints is None else list(joints)

    def build(self, skeleton_shape, present_shape=None, length_shape=None):
        if skeleton_shape[-3] != 2:
            raise ValueError(
                "Distances expects two bodies. "
                f"Received: {skeleton_shape[-3]} bodies"
            )
        super().build(skeleton_shape, present_shape, length_shape)

    def call(self, skeleton, present, length=None):
        return self._append(skeleton, present), present

    def step(self, frame, present, valid, state):
        return self._append(frame, present), present, valid, state

    def _append(self, skeleton, present):
        coordinates = skeleton[..., :3]
        other = ops.flip(coordinates, axis=-3)
        if self.joints is not None:
            other = ops.take(other, self.joints, axis=-2)
        between = coordinates[..., :, None, :] - other[..., None, :, :]
        distances = self.factor * (norm(between)[..., 0] - self.centre)
        both = ops.all(present, axis=-1)
        distances = ops.where(expand(both, distances), distances, 0.0)
        return ops.concatenate([skeleton, distances], axis=-1)

    def compute_output_shape(
        self, skeleton_shape, present_shape=None, length_shape=None
    ):
        joints = skeleton_shape[-2] if self.joints is None else len(self.joints)
        channels = skeleton_shape[-1] + joints
        return (*skeleton_shape[:-1], channels), present_shape

    def get_config(self):
        return {
            **super().get_config(),
            "factor": self.factor,
            "centre": self.centre,
            "joints": self.joints,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class DistancesFields(FrameLayerFields):
    # Factor of the distance channels; 0 leaves them out.
    distances: float = ours(0.0, at_least=0)
    # Distance, in the unit of the coordinates, that becomes zero.
    distances_centre: float = ours(1.0, at_least=0)
    # Which joints of the other body: all, or the ends of its limbs and head.
    distances_to: str = ours("all", choices=("all", "ends"))

    def layer(self, data: Description) -> Distances | None:
        if not self.distances:
            return None
        data.require(f"distances={self.distances:g}", bodies=2)
        joints = None
        if self.distances_to == "ends":
            joints = [data.skeleton.index(x) for x in data.skeleton.ends]
            if not joints:
                raise ValueError(
                    "`distances_to=ends` needs a skeleton with bones. "
                    f"Received: data with the skeleton {data.skeleton.name}, "
                    "without any"
                )
        return Distances(self.distances, self.distances_centre, joints)
