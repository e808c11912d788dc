import numpy as np

from stalstm.show import joint_map
from stalstm.skeletons import Skeleton

JOINTS = Skeleton("three", ("head", "torso", "hip"))
ALPHA = np.random.default_rng(3).uniform(0.1, 2.0, size=(6, 6))


def maps(figure):
    """The axes of the maps, without the colour bar."""
    return [x for x in figure.axes if x.get_ylabel() == "joint"]


def test_each_body_has_a_map_of_joints_and_frames():
    one, other = maps(joint_map.draw(JOINTS, ALPHA))
    for axes, alpha in ((one, ALPHA[:, :3]), (other, ALPHA[:, 3:])):
        (image,) = axes.images
        np.testing.assert_array_equal(image.get_array(), alpha.T)
        names = [x.get_text() for x in axes.get_yticklabels()]
        assert names == list(JOINTS.joints)
        # The first frame has the number 1, and its cell is around it.
        assert image.get_extent() == [0.5, 6.5, 2.5, -0.5]


def test_the_bodies_share_one_scale_from_zero():
    figure = joint_map.draw(JOINTS, ALPHA)
    limits = {x.images[0].get_clim() for x in maps(figure)}
    assert limits == {(0.0, ALPHA.max())}


def test_an_absent_body_has_no_colour_and_one_that_never_comes_no_map():
    alpha = ALPHA.copy()
    alpha[:2, :3], alpha[:, 3:] = 0, 0
    (axes,) = maps(joint_map.draw(JOINTS, alpha))
    shown = axes.images[0].get_array()
    np.testing.assert_array_equal(shown.mask[:, :2], True)
    assert not np.any(shown.mask[:, 2:])


def test_a_clip_without_anybody_is_drawn(tmp_path):
    figure = joint_map.draw(JOINTS, np.zeros((1, 6)))
    figure.savefig(tmp_path / "map.png")
    assert len(maps(figure)) == 1
