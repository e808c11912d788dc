import json

import pytest

from stalstm.skeletons import (
    H36M,
    KINECT1,
    KINECT2,
    MEDIAPIPE,
    NITE,
    ROLES,
    SHIPPED,
    SMPL,
    Skeleton,
)

EACH = pytest.mark.parametrize("skeleton", SHIPPED.values(), ids=SHIPPED)


def by_index(skeleton):
    return {tuple(map(skeleton.index, bone)) for bone in skeleton.bones}


def test_ships_six_skeletons_by_name():
    joints = {name: len(x.joints) for name, x in SHIPPED.items()}
    assert joints == {
        "nite": 15,
        "kinect1": 20,
        "kinect2": 25,
        "mediapipe": 33,
        "h36m": 17,
        "smpl": 24,
    }
    assert all(name == x.name for name, x in SHIPPED.items())


@EACH
def test_survives_json(skeleton):
    record = json.loads(json.dumps(skeleton.to_json()))
    assert Skeleton.from_json(record) == skeleton


@EACH
def test_bones_connect_all_joints_in_one_tree(skeleton):
    assert len(skeleton.bones) == len(skeleton.joints) - 1
    reached = {skeleton.joints[0]}
    for _ in skeleton.joints:
        for bone in skeleton.bones:
            if reached & set(bone):
                reached |= set(bone)
    assert reached == set(skeleton.joints)


@EACH
def test_the_mirror_exchanges_each_left_joint_with_its_right_one(skeleton):
    left = [x for x in skeleton.joints if x.startswith("left_")]
    right = [x for x in skeleton.joints if x.startswith("right_")]
    assert sorted(x for x, _ in skeleton.mirror) == sorted(left)
    assert sorted(x for _, x in skeleton.mirror) == sorted(right)
    for one, other in skeleton.mirror:
        assert one.removeprefix("left_") == other.removeprefix("right_")


@EACH
def test_the_mirror_image_has_the_same_bones(skeleton):
    pairs = dict(skeleton.mirror)
    exchange = pairs | {right: left for left, right in pairs.items()}
    bones = {frozenset(bone) for bone in skeleton.bones}
    assert bones == {
        frozenset(exchange.get(joint, joint) for joint in bone)
        for bone in bones
    }


@EACH
def test_every_joint_is_in_one_part(skeleton):
    parts = [joint for part in skeleton.parts.values() for joint in part]
    assert sorted(parts) == sorted(skeleton.joints)


@EACH
def test_every_role_is_taken_but_those_on_a_spine_that_is_not_there(skeleton):
    missing = set(ROLES) - set(skeleton.roles)
    spine = {"torso", "spine_base", "spine_mid"}
    assert missing == (spine if skeleton is MEDIAPIPE else set())


@pytest.mark.parametrize(
    ("skeleton", "parents"),
    [
        # NUI_SKELETON_POSITION_INDEX and the SDK's table of bones.
        (
            KINECT1,
            [0, 1, 2, 2, 4, 5, 6, 2, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18],
        ),
        # VideoPose3D's skeleton, after it removes joints.
        (H36M, [0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15]),
        # The kinematic tree in SMPL's model files.
        (SMPL, [0, 0, 0, *range(1, 10), 9, 9, 12, 13, 14, *range(16, 22)]),
    ],
    ids=["kinect1", "h36m", "smpl"],
)
def test_the_bones_are_those_that_are_published(skeleton, parents):
    published = {(parent, x) for x, parent in enumerate(parents, start=1)}
    assert by_index(skeleton) == published


def test_the_bones_of_mediapipe_are_among_those_that_it_draws():
    drawn = {(0, 1), (1, 2), (2, 3), (3, 7), (0, 4), (4, 5), (5, 6), (6, 8)}
    drawn |= {(11, 13), (13, 15), (15, 17), (15, 19), (15, 21)}
    drawn |= {(12, 14), (14, 16), (16, 18), (16, 20), (16, 22)}
    drawn |= {(11, 23), (23, 25), (25, 27), (27, 29), (27, 31)}
    drawn |= {(12, 24), (24, 26), (26, 28), (28, 30), (28, 32)}
    to_the_nose = {(0, 9), (0, 10), (0, 11), (0, 12)}
    assert by_index(MEDIAPIPE) - drawn == to_the_nose
    assert MEDIAPIPE.joints[9:13] == (
        "left_mouth",
        "right_mouth",
        "left_shoulder",
        "right_shoulder",
    )


@pytest.mark.parametrize(
    ("skeleton", "left", "right"),
    [
        (NITE, 3, 6),
        (KINECT1, 4, 8),
        (KINECT2, 4, 8),
        (MEDIAPIPE, 11, 12),
        (H36M, 11, 14),
        (SMPL, 16, 17),
    ],
)
def test_left_and_right_are_not_exchanged(skeleton, left, right):
    assert skeleton.role("left_shoulder") == left
    assert skeleton.role("right_shoulder") == right
