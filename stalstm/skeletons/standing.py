"""A person who stands, as the shipped skeletons see it."""

import numpy as np

from stalstm.skeletons.skeleton import Skeleton

# Metres in camera space (x to the left of the image, y up, z away from the
# camera), the origin at the pelvis. The person faces the camera, so the left
# side is at negative x.
_MIDDLE = {
    "head": (0.0, 0.69, -0.02),
    "nose": (0.0, 0.63, -0.11),
    "neck": (0.0, 0.53, 0.0),
    "thorax": (0.0, 0.47, 0.02),
    "shoulder_center": (0.0, 0.46, 0.01),
    "spine_shoulder": (0.0, 0.45, 0.02),
    "spine3": (0.0, 0.33, 0.03),
    "spine2": (0.0, 0.25, 0.03),
    "spine_mid": (0.0, 0.24, 0.02),
    "torso": (0.0, 0.22, 0.01),
    "spine": (0.0, 0.18, 0.02),
    "spine1": (0.0, 0.11, 0.01),
    "hip_center": (0.0, 0.08, 0.0),
    "pelvis": (0.0, 0.0, 0.0),
    "spine_base": (0.0, 0.0, 0.0),
}
_LEFT = {
    "eye_inner": (-0.018, 0.67, -0.09),
    "eye": (-0.035, 0.67, -0.085),
    "eye_outer": (-0.052, 0.667, -0.075),
    "ear": (-0.08, 0.64, 0.01),
    "mouth": (-0.028, 0.58, -0.085),
    "collar": (-0.08, 0.42, 0.01),
    "shoulder": (-0.18, 0.43, 0.02),
    "elbow": (-0.26, 0.16, 0.04),
    "wrist": (-0.33, -0.08, -0.05),
    "hand": (-0.35, -0.15, -0.08),
    "hand_tip": (-0.37, -0.24, -0.11),
    "thumb": (-0.31, -0.13, -0.12),
    "pinky": (-0.37, -0.16, -0.06),
    "index": (-0.35, -0.19, -0.1),
    "hip": (-0.1, -0.03, 0.0),
    "knee": (-0.12, -0.46, -0.03),
    "ankle": (-0.13, -0.86, 0.02),
    "heel": (-0.125, -0.91, 0.06),
    "foot": (-0.15, -0.9, -0.1),
    "foot_index": (-0.155, -0.92, -0.15),
}
_POSITIONS = {
    **_MIDDLE,
    **{f"left_{name}": position for name, position in _LEFT.items()},
    **{f"right_{name}": (-x, y, z) for name, (x, y, z) in _LEFT.items()},
}


def standing(skeleton: Skeleton) -> np.ndarray:
    """An adult of about 1.7 m who stands at rest and faces the camera.

    Args:
        skeleton: A skeleton whose joints have names of the shipped skeletons.

    Returns:
        `(joints, 3)`, float64, metres in camera space (x to the left of the
        image, y up, z away from the camera), the pelvis at the origin. Left and
        right mirror each other.

    Raises:
        ValueError: No shipped skeleton has a joint of one of the names.
    """
    if unknown := [x for x in skeleton.joints if x not in _POSITIONS]:
        raise ValueError(
            "`skeleton` must have joints of the shipped skeletons. "
            f"Received: skeleton {skeleton.name} with {', '.join(unknown)}"
        )
    return np.array([_POSITIONS[joint] for joint in skeleton.joints])
