import json

import pytest

from stalstm import skeletons
from stalstm.skeletons import KINECT2, NITE, Skeleton


@pytest.mark.parametrize("skeleton", [NITE, KINECT2])
def test_survives_json(skeleton):
    record = json.loads(json.dumps(skeleton.to_json()))
    assert Skeleton.from_json(record) == skeleton


@pytest.mark.parametrize(("skeleton", "joints"), [(NITE, 15), (KINECT2, 25)])
def test_ships_whole_bodies(skeleton, joints):
    assert len(skeleton.joints) == joints
    # A tree: every joint is reached, by one way.
    assert len(skeleton.bones) == joints - 1
    reached = {skeleton.joints[0]}
    for _ in skeleton.joints:
        for bone in skeleton.bones:
            if reached & set(bone):
                reached |= set(bone)
    assert reached == set(skeleton.joints)
    assert set(skeleton.roles) == set(skeletons.ROLES)
    parts = [joint for part in skeleton.parts.values() for joint in part]
    assert sorted(parts) == sorted(skeleton.joints)
    for left, right in skeleton.mirror:
        assert left.replace("left", "right") == right
    sided = [x for x in skeleton.joints if x.startswith("left")]
    assert len(skeleton.mirror) == len(sided)


def test_roles_give_the_joints_index():
    assert NITE.role("torso") == 2
    assert KINECT2.role("torso") == 1
    headless = Skeleton("worm", ("tail",))
    message = "with the role head.*skeleton worm, which has no roles"
    with pytest.raises(ValueError, match=message):
        headless.role("head")


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"joints": ("a", "a")}, "`joints` must have different names"),
        ({"roles": {"tail": "a"}}, "`roles` must be among .*Received: tail"),
        ({"roles": {"head": "c"}}, "`roles` must name joints.*Received: c"),
        ({"bones": (("a", "c"),)}, "`bones` must name joints.*Received: c"),
        ({"mirror": (("a", "c"),)}, "`mirror` must name joints.*Received: c"),
        ({"parts": {"x": ("c",)}}, "`parts` must name joints.*Received: c"),
    ],
)
def test_what_does_not_fit_is_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        Skeleton(**{"name": "x", "joints": ("a", "b"), **kwargs})
