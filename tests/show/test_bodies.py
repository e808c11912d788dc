import numpy as np
import pytest
from matplotlib import colors
from matplotlib.figure import Figure

from stalstm.show import bodies
from stalstm.skeletons import NITE, Skeleton, standing

# Two bodies, the second one a metre further to the left, up and away.
POSE = np.stack([standing(NITE)] * 2) + np.array([[[0.0]], [[1.0]]])


@pytest.fixture
def axes():
    return Figure().add_subplot()


def test_draws_each_bone_of_each_body_in_the_color_of_the_body(axes):
    bodies.draw_bodies(axes, POSE, NITE)
    expected = [
        (color, body[[NITE.index(joint) for joint in bone], :2])
        for color, body in zip(bodies.BODY_COLORS, POSE, strict=True)
        for bone in NITE.bones
    ]
    for line, (color, ends) in zip(axes.lines, expected, strict=True):
        assert line.get_color() == color
        np.testing.assert_array_equal(line.get_xydata(), ends)


def test_an_absent_body_is_not_drawn(axes):
    bodies.draw_bodies(axes, POSE * [[[0.0]], [[1.0]]], NITE)
    assert len(axes.lines) == len(NITE.bones)
    assert {x.get_color() for x in axes.lines} == {bodies.BODY_COLORS[1]}


def test_sides_have_colors_of_their_own(axes):
    bodies.draw_bodies(axes, POSE[:1], NITE, sides=True)
    for line in axes.lines:
        x = line.get_xdata().mean()
        color = line.get_color()
        # The left side of a person who faces the camera is at negative x.
        if x < 0:
            assert color == bodies.LEFT_COLOR
        elif x > 0:
            assert color == bodies.RIGHT_COLOR
        else:
            assert color == bodies.MIDDLE_COLOR


def test_the_colors_of_the_sides_differ_in_grey():
    left, right, middle = (
        colors.to_rgb(x) @ np.array([0.299, 0.587, 0.114])
        for x in (bodies.LEFT_COLOR, bodies.RIGHT_COLOR, bodies.MIDDLE_COLOR)
    )
    assert middle + 0.25 < left < right - 0.25


def test_joints_without_bones_are_dots(axes):
    joints = Skeleton("three", ("a", "b", "c"), bones=(("a", "b"),))
    bodies.draw_bodies(axes, POSE[:1, :3], joints)
    bone, dot = axes.lines
    assert len(bone.get_xdata()) == 2
    assert bone.get_marker() == "None"
    np.testing.assert_array_equal(dot.get_xydata(), POSE[:1, 2, :2])
    assert dot.get_marker() == "."


def test_all_present_bodies_are_in_view_as_the_camera_saw_them(axes):
    clip = np.stack([POSE + 5.0, POSE + 8.0])
    clip[1, 0] = 0
    bodies.set_view(axes, clip)
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    present = clip[clip[..., 0] != 0]
    np.testing.assert_allclose(left, present[:, 0].max() + bodies.MARGIN)
    np.testing.assert_allclose(right, present[:, 0].min() - bodies.MARGIN)
    np.testing.assert_allclose(low, present[:, 1].min() - bodies.MARGIN)
    np.testing.assert_allclose(high, present[:, 1].max() + bodies.MARGIN)
    assert axes.get_aspect() == 1
