"""Skeletons as the sensors deliver them: which joint stands at which index."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """The joints of one body, in the order of the recordings.

    Attributes:
        joint_names: names of the joints, by index.
        torso: name of the joint that stands for the body's position.
        spine: names of the joints at the lower and upper end of the part of
            the spine that bends least.
    """

    joint_names: tuple[str, ...]
    torso: str
    spine: tuple[str, str]

    @property
    def joints(self) -> int:
        return len(self.joint_names)

    def index(self, joint_name: str) -> int:
        return self.joint_names.index(joint_name)


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
    spine=("torso", "neck"),
)

# Kinect v2, as in NTU RGB+D.
KINECT2 = Skeleton(
    joint_names=(
        "spine_base",
        "spine_mid",
        "neck",
        "head",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "left_hand",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "right_hand",
        "left_hip",
        "left_knee",
        "left_ankle",
        "left_foot",
        "right_hip",
        "right_knee",
        "right_ankle",
        "right_foot",
        "spine_shoulder",
        "left_hand_tip",
        "left_thumb",
        "right_hand_tip",
        "right_thumb",
    ),
    torso="spine_mid",
    spine=("spine_base", "spine_mid"),
)

SKELETONS = {"nite": NITE, "kinect2": KINECT2}
