"""Skeletons as the sensors deliver them: which joint stands at which index."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """The joints of one body, in the order of the recordings.

    Attributes:
        joint_names: names of the joints, by index.
        torso: name of the joint that stands for the body's position.
    """

    joint_names: tuple[str, ...]
    torso: str

    @property
    def joints(self) -> int:
        return len(self.joint_names)

    @property
    def torso_index(self) -> int:
        return self.joint_names.index(self.torso)


# Kinect v1 through OpenNI/NITE, as in SBU Kinect Interaction.
NITE = Skeleton(
    joint_names=(
        "head",
        "neck",
        "torso",
        "left_shoulder",
        "left_elbow",
        "left_hand",
        "right_shoulder",
        "right_elbow",
        "right_hand",
        "left_hip",
        "left_knee",
        "left_foot",
        "right_hip",
        "right_knee",
        "right_foot",
    ),
    torso="torso",
)

SKELETONS = {"nite": NITE}
