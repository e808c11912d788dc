"""The skeletons that ship with the package.

A joint has the same name in every skeleton in which it is the same joint.
"left" and "right" are those of the person.
"""

from collections.abc import Mapping
from types import MappingProxyType

from stalstm.skeletons.skeleton import Skeleton


def _sides(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"left_{name}", f"right_{name}") for name in names)


def _limbs(middle: str, *names: str) -> tuple[tuple[str, str], ...]:
    """The bones of a left and a right limb, from a joint in the middle."""
    return tuple(
        bone
        for limb in zip(*_sides(*names), strict=True)
        for bone in zip((middle, *limb), limb, strict=False)
    )


def _branches(root: str, *names: str) -> tuple[tuple[str, str], ...]:
    """The bones from a joint of each side to others of that side."""
    return tuple(
        (f"{side}_{root}", f"{side}_{name}")
        for side in ("left", "right")
        for name in names
    )


def _parts(
    arm: tuple[str, ...], leg: tuple[str, ...], **others: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    left_arm, right_arm = zip(*_sides(*arm), strict=True)
    left_leg, right_leg = zip(*_sides(*leg), strict=True)
    return {
        **others,
        "left_arm": left_arm,
        "right_arm": right_arm,
        "left_leg": left_leg,
        "right_leg": right_leg,
    }


# Kinect v1 through OpenNI/NITE, as in SBU Kinect Interaction.
NITE = Skeleton(
    name="nite",
    joints=(
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
    bones=(
        ("head", "neck"),
        ("neck", "left_shoulder"),
        ("left_shoulder", "left_elbow"),
        ("left_elbow", "left_hand"),
        ("neck", "right_shoulder"),
        ("right_shoulder", "right_elbow"),
        ("right_elbow", "right_hand"),
        ("neck", "torso"),
        ("torso", "left_hip"),
        ("left_hip", "left_knee"),
        ("left_knee", "left_foot"),
        ("torso", "right_hip"),
        ("right_hip", "right_knee"),
        ("right_knee", "right_foot"),
    ),
    mirror=_sides("shoulder", "elbow", "hand", "hip", "knee", "foot"),
    roles={
        "torso": "torso",
        "left_shoulder": "left_shoulder",
        "right_shoulder": "right_shoulder",
        "spine_base": "torso",
        "spine_mid": "neck",
        "head": "head",
    },
    parts={
        "trunk": ("head", "neck", "torso"),
        "left_arm": ("left_shoulder", "left_elbow", "left_hand"),
        "right_arm": ("right_shoulder", "right_elbow", "right_hand"),
        "left_leg": ("left_hip", "left_knee", "left_foot"),
        "right_leg": ("right_hip", "right_knee", "right_foot"),
    },
)

# Kinect v2, as in NTU RGB+D (Shahroudy et al. 2016, Figure 1).
KINECT2 = Skeleton(
    name="kinect2",
    joints=(
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
    bones=(
        ("spine_base", "spine_mid"),
        ("spine_mid", "spine_shoulder"),
        ("spine_shoulder", "neck"),
        ("neck", "head"),
        ("spine_shoulder", "left_shoulder"),
        ("left_shoulder", "left_elbow"),
        ("left_elbow", "left_wrist"),
        ("left_wrist", "left_hand"),
        ("left_hand", "left_hand_tip"),
        ("left_wrist", "left_thumb"),
        ("spine_shoulder", "right_shoulder"),
        ("right_shoulder", "right_elbow"),
        ("right_elbow", "right_wrist"),
        ("right_wrist", "right_hand"),
        ("right_hand", "right_hand_tip"),
        ("right_wrist", "right_thumb"),
        ("spine_base", "left_hip"),
        ("left_hip", "left_knee"),
        ("left_knee", "left_ankle"),
        ("left_ankle", "left_foot"),
        ("spine_base", "right_hip"),
        ("right_hip", "right_knee"),
        ("right_knee", "right_ankle"),
        ("right_ankle", "right_foot"),
    ),
    mirror=_sides(
        "shoulder",
        "elbow",
        "wrist",
        "hand",
        "hip",
        "knee",
        "ankle",
        "foot",
        "hand_tip",
        "thumb",
    ),
    roles={
        "torso": "spine_mid",
        "left_shoulder": "left_shoulder",
        "right_shoulder": "right_shoulder",
        "spine_base": "spine_base",
        "spine_mid": "spine_mid",
        "head": "head",
    },
    parts={
        "trunk": ("spine_base", "spine_mid", "spine_shoulder", "neck", "head"),
        "left_arm": (
            "left_shoulder",
            "left_elbow",
            "left_wrist",
            "left_hand",
            "left_hand_tip",
            "left_thumb",
        ),
        "right_arm": (
            "right_shoulder",
            "right_elbow",
            "right_wrist",
            "right_hand",
            "right_hand_tip",
            "right_thumb",
        ),
        "left_leg": ("left_hip", "left_knee", "left_ankle", "left_foot"),
        "right_leg": ("right_hip", "right_knee", "right_ankle", "right_foot"),
    },
)

# Kinect v1 through Microsoft's Kinect for Windows SDK 1.x, in the order of its
# NUI_SKELETON_POSITION_INDEX, as in Northwestern-UCLA. UTD-MHAD and MSR
# Action3D have the same joints, each in an order of its own. `spine` is only a
# few centimetres above `hip_center`, too near for a direction or a length: the
# roles are those of NITE's torso and neck, seen by the same sensor.
KINECT1 = Skeleton(
    name="kinect1",
    joints=(
        "hip_center",
        "spine",
        "shoulder_center",
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
    ),
    bones=(
        ("hip_center", "spine"),
        ("spine", "shoulder_center"),
        ("shoulder_center", "head"),
        *_limbs("shoulder_center", "shoulder", "elbow", "wrist", "hand"),
        *_limbs("hip_center", "hip", "knee", "ankle", "foot"),
    ),
    mirror=_sides(
        "shoulder", "elbow", "wrist", "hand", "hip", "knee", "ankle", "foot"
    ),
    roles={
        "torso": "spine",
        "left_shoulder": "left_shoulder",
        "right_shoulder": "right_shoulder",
        "spine_base": "spine",
        "spine_mid": "shoulder_center",
        "head": "head",
    },
    parts=_parts(
        trunk=("hip_center", "spine", "shoulder_center", "head"),
        arm=("shoulder", "elbow", "wrist", "hand"),
        leg=("hip", "knee", "ankle", "foot"),
    ),
)

# MediaPipe's pose landmarks (BlazePose), in the order of its PoseLandmark:
# https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker
# None of them is on the spine, so there is no torso, spine_base or spine_mid;
# the origin of the world landmarks is already midway between the hips. The
# connections that MediaPipe draws have loops and leave the face on its own.
# These bones are a tree: from the nose to both shoulders, from each to its hip.
MEDIAPIPE = Skeleton(
    name="mediapipe",
    joints=(
        "nose",
        "left_eye_inner",
        "left_eye",
        "left_eye_outer",
        "right_eye_inner",
        "right_eye",
        "right_eye_outer",
        "left_ear",
        "right_ear",
        "left_mouth",
        "right_mouth",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_pinky",
        "right_pinky",
        "left_index",
        "right_index",
        "left_thumb",
        "right_thumb",
        "left_hip",
        "right_hip",
        "left_knee",
        "right_knee",
        "left_ankle",
        "right_ankle",
        "left_heel",
        "right_heel",
        "left_foot_index",
        "right_foot_index",
    ),
    bones=(
        *_limbs("nose", "eye_inner", "eye", "eye_outer", "ear"),
        *_limbs("nose", "mouth"),
        *_limbs("nose", "shoulder", "elbow", "wrist"),
        *_branches("wrist", "pinky", "index", "thumb"),
        *_branches("shoulder", "hip"),
        *_branches("hip", "knee"),
        *_branches("knee", "ankle"),
        *_branches("ankle", "heel", "foot_index"),
    ),
    mirror=_sides(
        "eye_inner",
        "eye",
        "eye_outer",
        "ear",
        "mouth",
        "shoulder",
        "elbow",
        "wrist",
        "pinky",
        "index",
        "thumb",
        "hip",
        "knee",
        "ankle",
        "heel",
        "foot_index",
    ),
    roles={
        "left_shoulder": "left_shoulder",
        "right_shoulder": "right_shoulder",
        "head": "nose",
    },
    parts=_parts(
        head=(
            "nose",
            "left_eye_inner",
            "left_eye",
            "left_eye_outer",
            "right_eye_inner",
            "right_eye",
            "right_eye_outer",
            "left_ear",
            "right_ear",
            "left_mouth",
            "right_mouth",
        ),
        arm=("shoulder", "elbow", "wrist", "pinky", "index", "thumb"),
        leg=("hip", "knee", "ankle", "heel", "foot_index"),
    ),
)

# The 17 joints of Human3.6M that pose estimators use, in the order of
# VideoPose3D (Pavllo et al. 2019; the names in its issue 57) and of MotionBERT
# (Zhu et al. 2023). There, `ankle` is also called foot, `thorax` neck, and
# `nose` neck; `head` is the top of the head.
H36M = Skeleton(
    name="h36m",
    joints=(
        "pelvis",
        "right_hip",
        "right_knee",
        "right_ankle",
        "left_hip",
        "left_knee",
        "left_ankle",
        "spine",
        "thorax",
        "nose",
        "head",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
    ),
    bones=(
        ("pelvis", "spine"),
        ("spine", "thorax"),
        ("thorax", "nose"),
        ("nose", "head"),
        *_limbs("thorax", "shoulder", "elbow", "wrist"),
        *_limbs("pelvis", "hip", "knee", "ankle"),
    ),
    mirror=_sides("shoulder", "elbow", "wrist", "hip", "knee", "ankle"),
    roles={
        "torso": "spine",
        "left_shoulder": "left_shoulder",
        "right_shoulder": "right_shoulder",
        "spine_base": "pelvis",
        "spine_mid": "spine",
        "head": "head",
    },
    parts=_parts(
        trunk=("pelvis", "spine", "thorax", "nose", "head"),
        arm=("shoulder", "elbow", "wrist"),
        leg=("hip", "knee", "ankle"),
    ),
)

# SMPL (Loper et al. 2015), its 24 joints in the order of the body model:
# https://github.com/vchoutas/smplx/blob/main/smplx/joint_names.py
SMPL = Skeleton(
    name="smpl",
    joints=(
        "pelvis",
        "left_hip",
        "right_hip",
        "spine1",
        "left_knee",
        "right_knee",
        "spine2",
        "left_ankle",
        "right_ankle",
        "spine3",
        "left_foot",
        "right_foot",
        "neck",
        "left_collar",
        "right_collar",
        "head",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
        "left_hand",
        "right_hand",
    ),
    bones=(
        ("pelvis", "spine1"),
        ("spine1", "spine2"),
        ("spine2", "spine3"),
        ("spine3", "neck"),
        ("neck", "head"),
        *_limbs("spine3", "collar", "shoulder", "elbow", "wrist", "hand"),
        *_limbs("pelvis", "hip", "knee", "ankle", "foot"),
    ),
    mirror=_sides(
        "collar",
        "shoulder",
        "elbow",
        "wrist",
        "hand",
        "hip",
        "knee",
        "ankle",
        "foot",
    ),
    roles={
        "torso": "spine2",
        "left_shoulder": "left_shoulder",
        "right_shoulder": "right_shoulder",
        "spine_base": "pelvis",
        "spine_mid": "spine2",
        "head": "head",
    },
    parts=_parts(
        trunk=("pelvis", "spine1", "spine2", "spine3", "neck", "head"),
        arm=("collar", "shoulder", "elbow", "wrist", "hand"),
        leg=("hip", "knee", "ankle", "foot"),
    ),
)

SHIPPED: Mapping[str, Skeleton] = MappingProxyType(
    {
        skeleton.name: skeleton
        for skeleton in (NITE, KINECT1, KINECT2, MEDIAPIPE, H36M, SMPL)
    }
)
