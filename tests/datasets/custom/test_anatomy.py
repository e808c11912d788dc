import dataclasses

import numpy as np
import pytest

from datasets.custom.anatomy import Anatomy
from stalstm.skeletons import (
    H36M,
    KINECT1,
    KINECT2,
    MEDIAPIPE,
    NITE,
    SHIPPED,
    SMPL,
    Skeleton,
    standing,
)

EACH = pytest.mark.parametrize("skeleton", SHIPPED.values(), ids=SHIPPED)

# The joints of KINECT1 that these have, too, under names of their own.
OPENPOSE = {
    "Nose": "head",
    "Neck": "shoulder_center",
    "RShoulder": "right_shoulder",
    "RElbow": "right_elbow",
    "RWrist": "right_wrist",
    "LShoulder": "left_shoulder",
    "LElbow": "left_elbow",
    "LWrist": "left_wrist",
    "MidHip": "hip_center",
    "RHip": "right_hip",
    "RAnkle": "right_ankle",
    "LHip": "left_hip",
    "LAnkle": "left_ankle",
    "LBigToe": "left_foot",
    "RBigToe": "right_foot",
}
MOTION_CAPTURE = {
    "Hips": "hip_center",
    "Head": "head",
    "LeftShoulder": "left_shoulder",
    "LeftForeArm": "left_elbow",
    "LeftHand": "left_hand",
    "RightShoulder": "right_shoulder",
    "RightForeArm": "right_elbow",
    "RightHand": "right_hand",
    "LeftUpLeg": "left_hip",
    "LeftFoot": "left_ankle",
    "LeftToeBase": "left_foot",
    "RightUpLeg": "right_hip",
    "RightFoot": "right_ankle",
    "RightToeBase": "right_foot",
}


def body(skeleton):
    """Somebody who faces the camera, a hand raised a little."""
    pose = standing(skeleton)
    for joint in ("left_wrist", "left_hand"):
        if joint in skeleton.joints:
            pose[skeleton.index(joint)] += (0, 0.05, -0.05)
    return pose[np.newaxis]


def without(skeleton, *names):
    joints = tuple(x for x in skeleton.joints if x not in names)
    mirror = tuple(x for x in skeleton.mirror if not {*x} & {*names})
    roles = {k: x for k, x in skeleton.roles.items() if x not in names}
    return Skeleton("less", joints, mirror=mirror, roles=roles)


@EACH
def test_who_stands_points_up_and_has_hands_in_front(skeleton):
    anatomy = Anatomy(skeleton)
    assert anatomy.has_up
    assert anatomy.has_hands
    assert anatomy.up(body(skeleton))[0, 1] > 0.98
    assert anatomy.hands_in_front(body(skeleton)) > 0.1


@EACH
def test_an_exchange_or_a_mirror_turns_hands_and_toes_back(skeleton):
    anatomy = Anatomy(skeleton)
    pose = body(skeleton)
    pairs = np.array(anatomy.pairs)
    exchanged = pose.copy()
    exchanged[:, pairs] = pose[:, pairs[:, ::-1]]
    mirrored = pose * (1, 1, -1)
    turned = pose * (-1, 1, -1)
    for measure, known in (
        (anatomy.hands_in_front, anatomy.has_hands),
        (anatomy.toes_in_front, anatomy.has_toes),
    ):
        if known:
            there = measure(pose)
            assert there > 0.1
            np.testing.assert_allclose(measure(turned), there)
            np.testing.assert_allclose(measure(exchanged), -there)
            np.testing.assert_allclose(measure(mirrored), -there)


@pytest.mark.parametrize(
    ("skeleton", "known"),
    [
        (KINECT1, True),
        (KINECT2, True),
        (MEDIAPIPE, True),
        (SMPL, True),
        (NITE, False),
        (H36M, False),
    ],
    ids=lambda x: getattr(x, "name", None),
)
def test_toes_need_heels_or_ankles(skeleton, known):
    assert Anatomy(skeleton).has_toes == known


def test_a_nose_in_front_of_the_ears_is_enough():
    feet = [x for x in MEDIAPIPE.joints if "foot" in x or "heel" in x]
    skeleton = without(MEDIAPIPE, *feet)
    anatomy = Anatomy(skeleton)
    assert anatomy.has_toes
    assert anatomy.toes_in_front(body(skeleton)) > 0.1


@pytest.mark.parametrize("names", [OPENPOSE, MOTION_CAPTURE])
@pytest.mark.parametrize("reverse", [False, True])
def test_names_of_other_skeletons_are_known(names, reverse):
    mirror = [
        (left, right)
        for left in names
        for right in names
        if (left.startswith("L") and right == f"R{left[1:]}")
        or (left.startswith("Left") and right == f"Right{left[4:]}")
    ]
    if reverse:
        mirror = [pair[::-1] for pair in mirror]
    anatomy = Anatomy(Skeleton("other", tuple(names), mirror=tuple(mirror)))
    pose = body(KINECT1)[:, [KINECT1.index(x) for x in names.values()]]
    assert anatomy.up(pose)[0, 1] > 0.98
    assert anatomy.toes_in_front(pose) > 0.1
    assert anatomy.hands_in_front(pose) > 0.1


def test_a_forearm_is_not_an_ear():
    joints = ("nose", "l_forearm", "r_forearm", "l_hip", "r_hip")
    mirror = (("l_forearm", "r_forearm"), ("l_hip", "r_hip"))
    assert not Anatomy(Skeleton("x", joints, mirror=mirror)).has_toes


def test_roles_name_joints_whose_names_say_nothing():
    joints = ("a", "b")
    roles = {"head": "a", "spine_base": "b"}
    assert not Anatomy(Skeleton("x", joints)).has_up
    anatomy = Anatomy(Skeleton("x", joints, roles=roles))
    pose = np.array([[[0, 0, 1.0], [0, 0, 0]]])
    np.testing.assert_allclose(anatomy.up(pose), [[0, 0, 1]])


def test_without_pairs_nobody_knows_what_is_in_front():
    anatomy = Anatomy(dataclasses.replace(KINECT1, mirror=()))
    assert not anatomy.has_toes
    assert not anatomy.has_hands
    assert anatomy.has_up


def test_a_pair_that_is_exchanged_is_opposed_to_the_others():
    anatomy = Anatomy(KINECT1)
    pose = body(KINECT1)
    assert np.all(anatomy.sides(pose) > 0.5)
    pair = [KINECT1.index("left_hip"), KINECT1.index("right_hip")]
    pose[:, pair] = pose[:, pair[::-1]]
    opposed = anatomy.sides(pose) < -0.5
    assert [x for x, y in zip(KINECT1.mirror, opposed, strict=True) if y] == [
        ("left_hip", "right_hip")
    ]


def test_of_two_pairs_neither_is_opposed():
    joints = ("left_a", "right_a", "left_b", "right_b")
    skeleton = Skeleton("x", joints, mirror=(joints[:2], joints[2:]))
    pose = np.array([[[0, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]]], float)
    np.testing.assert_array_equal(Anatomy(skeleton).sides(pose), [0, 0])
