import numpy as np
import pytest

from stalstm.skeletons import H36M, SHIPPED, Skeleton, standing

EACH = pytest.mark.parametrize("skeleton", SHIPPED.values(), ids=SHIPPED)
UP = np.array([0.0, 1.0, 0.0])


def positions(skeleton):
    return dict(zip(skeleton.joints, standing(skeleton), strict=True))


@EACH
def test_left_and_right_mirror_each_other(skeleton):
    body = positions(skeleton)
    for left, right in skeleton.mirror:
        np.testing.assert_allclose(
            body[left] * [-1, 1, 1], body[right], atol=1e-3
        )
    sided = {joint for pair in skeleton.mirror for joint in pair}
    for joint in set(skeleton.joints) - sided:
        assert abs(body[joint][0]) < 1e-3


@EACH
def test_faces_the_camera(skeleton):
    body = positions(skeleton)
    # In camera space x grows to the left of the image.
    assert body["left_shoulder"][0] < -0.1
    left = body["left_shoulder"] - body["right_shoulder"]
    forward = np.cross(left, UP)
    assert forward[2] < 0
    assert (body["left_knee"] - body["left_hip"]) @ forward > 0
    toes = {"left_foot", "left_foot_index"} & set(skeleton.joints)
    assert toes or skeleton is H36M
    for toe in toes:
        assert (body[toe] - body["left_knee"]) @ forward > 0


@EACH
def test_stands_upright_and_has_the_size_of_an_adult(skeleton):
    body = positions(skeleton)
    assert standing(skeleton).shape == (len(skeleton.joints), 3)
    head = body[skeleton.roles["head"]][1]
    knee, hip = body["left_knee"][1], body["left_hip"][1]
    lowest = min(position[1] for position in body.values())
    assert head > body["left_shoulder"][1] > hip > knee > lowest
    assert 1.45 < head - lowest < 1.7
    lengths = [
        np.linalg.norm(body[a] - body[b])
        for a, b in skeleton.bones
        if "nose" not in (a, b)
    ]
    assert 0.015 < min(lengths) < max(lengths) < 0.5


def test_a_joint_is_where_it_is_in_every_skeleton():
    seen: dict[str, np.ndarray] = {}
    for skeleton in SHIPPED.values():
        for joint, position in positions(skeleton).items():
            np.testing.assert_array_equal(
                seen.setdefault(joint, position), position
            )


def test_unknown_joints_are_named():
    worm = Skeleton("worm", ("head", "tail", "left_ring"))
    with pytest.raises(ValueError, match="worm with tail, left_ring"):
        standing(worm)
