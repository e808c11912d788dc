"""Skeletons: the joints of one body, and those skeletons that ship."""

from stalstm.skeletons.shipped import (
    H36M,
    KINECT1,
    KINECT2,
    MEDIAPIPE,
    NITE,
    SHIPPED,
    SMPL,
)
from stalstm.skeletons.skeleton import ROLES, Skeleton
from stalstm.skeletons.standing import standing

__all__ = [
    "H36M",
    "KINECT1",
    "KINECT2",
    "MEDIAPIPE",
    "NITE",
    "ROLES",
    "SHIPPED",
    "SMPL",
    "Skeleton",
    "standing",
]
