"""Draws bodies on matplotlib axes."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from stalstm.skeletons import Skeleton

# By body. They differ in a grey print too.
BODY_COLORS = ("black", "0.55")
# By side: blue and orange of Okabe and Ito, which colour-blind people tell
# apart too, and which a grey print shows as dark and light.
LEFT_COLOR, RIGHT_COLOR, MIDDLE_COLOR = "#0072b2", "#e69f00", "black"
MARGIN = 0.25  # metres


def draw_bodies(
    axes: Any, pose: np.ndarray, skeleton: Skeleton, sides: bool = False
) -> None:
    """Draws the bodies of one frame: their bones, and joints without bones.

    Args:
        axes: `matplotlib.axes.Axes`, x and y as in camera space: see
            `set_view`.
        pose: `(bodies, joints, 3)`, metres in camera space. An absent body is
            all zeros.
        skeleton: The joints of each body.
        sides: Whether colours tell left from right, by the skeleton's mirror
            pairs, instead of one body from another.
    """
    connected = {joint for bone in skeleton.bones for joint in bone}
    single = [(x,) for x in skeleton.joints if x not in connected]
    for number, body in enumerate(pose):
        if not np.any(body):
            continue
        for joints in [*skeleton.bones, *single]:
            points = body[[skeleton.index(joint) for joint in joints]]
            axes.plot(
                points[:, 0],
                points[:, 1],
                color=side_color(skeleton, joints)
                if sides
                else BODY_COLORS[number % len(BODY_COLORS)],
                linewidth=2.0,
                marker="." if len(joints) == 1 else None,
            )


def side_color(skeleton: Skeleton, joints: Iterable[str]) -> str:
    """The colour of a joint or a bone, by the side on which it has a joint."""
    for left, right in skeleton.mirror:
        if left in joints:
            return LEFT_COLOR
        if right in joints:
            return RIGHT_COLOR
    return MIDDLE_COLOR


def set_view(axes: Any, skeleton: np.ndarray) -> None:
    """Shows bodies as the camera saw them, in true proportions.

    Args:
        axes: `matplotlib.axes.Axes`.
        skeleton: `(..., joints, 3)`, all bodies that must be in view. Those
            that are all zeros are absent; one at least is not.
    """
    present = np.any(skeleton != 0, axis=(-2, -1))
    points = skeleton[present].reshape(-1, 3)[:, :2]
    least, most = points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN
    axes.set_aspect("equal")
    # In camera space x grows to the left of the image.
    axes.set_xlim(most[0], least[0])
    axes.set_ylim(least[1], most[1])
