import json

import pytest

from stalstm.skeletons import KINECT1, KINECT2, NITE, Skeleton


def test_survives_json():
    """Those that ship are tested in `test_shipped`."""
    worm = Skeleton("worm", ("tail",))
    record = json.loads(json.dumps(worm.to_json()))
    assert Skeleton.from_json(record) == worm


def test_roles_give_the_joints_index():
    assert NITE.role("torso") == 2
    assert KINECT2.role("torso") == 1
    assert KINECT1.role("spine_mid") == 2
    headless = Skeleton("worm", ("tail",))
    message = "with the role head.*skeleton worm, which has no roles"
    with pytest.raises(ValueError, match=message):
        headless.role("head")


def test_splits_its_joints_by_parts():
    trunk, left_arm, *_ = NITE.split(NITE.parts)
    assert (trunk, left_arm) == ((0, 1, 2), (3, 4, 5))
    parts = {"head": ("b",), "rest": ("c", "a"), "eye": ("b",)}
    worm = Skeleton("worm", ("a", "b", "c"), parts=parts)
    assert worm.split(("rest", "head")) == ((2, 0), (1,))
    for names in (["rest"], ["rest", "head", "eye"], ["rest", "head", "arm"]):
        message = f"parts {', '.join(names)}. Received: .*worm.*head \\(b\\)"
        with pytest.raises(ValueError, match=message):
            worm.split(names)
    with pytest.raises(ValueError, match="which has no parts"):
        Skeleton("worm", ("a",)).split(())


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
