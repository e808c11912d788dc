import dataclasses

import pytest

from stalstm import recipes, training
from stalstm.description import Contents, Description
from stalstm.recipes import sbu
from stalstm.skeletons import KINECT1, MEDIAPIPE, NITE, SHIPPED, Skeleton

CONTENTS = Contents(clips=60, least_bodies=1, median_frames=40, long_frames=90)
ALONE = Description(KINECT1, 1, ("wave", "bow"), {}, CONTENTS)
PAIR = Description(
    NITE, 2, ("hug", "push"), {}, dataclasses.replace(CONTENTS, least_bodies=2)
)


def chosen(data, **changed):
    recipe, lines = recipes.get("custom", dataclasses.replace(data, **changed))
    recipe.check(dataclasses.replace(data, **changed))
    training.stages(recipe)
    values = {
        name: field["value"]
        for name, field in recipe.to_dict(recipe).items()
        if name != "model"
    }
    return values, "\n".join(lines)


def test_a_set_with_a_recipe_of_its_own_gets_that():
    assert recipes.get("sbu", PAIR) == (sbu.RECIPE, [])
    recipe, lines = recipes.get("nothing_of_that_name", PAIR)
    assert recipe.training.stages == "algorithm_1"
    assert not lines


def test_one_body_has_no_order_and_is_known_from_any_side():
    values, lines = chosen(ALONE)
    assert values["body_order"] == "recorded"
    assert values["heading"] == "camera"
    assert values["yaw"] == 90
    assert "which way bodies face is not known" in lines
    assert values["distances"] == 0
    assert values["relative_to"] == "torso"
    assert not values["mirror"]
    assert "relative_to=torso: " in lines


@pytest.mark.parametrize(("turned", "yaw"), [(0, 30), (7, 37), (80, 90)])
def test_clips_are_turned_as_far_as_bodies_are_and_more(turned, yaw):
    contents = dataclasses.replace(CONTENTS, turned=turned)
    values, lines = chosen(ALONE, contents=contents)
    assert values["yaw"] == yaw
    assert f"face within {turned} degrees" in lines


def test_two_bodies_are_ordered_and_measure_their_distances():
    values, lines = chosen(PAIR)
    assert values["body_order"] == "left_first"
    assert values["heading"] == "bodies"
    assert values["relative_to"] == "origin"
    assert values["distances"] == 0.3
    assert "distances=0.3: " in lines


def test_two_bodies_are_mirrored_unless_a_class_names_a_side():
    assert chosen(PAIR)[0]["mirror"]
    values, _ = chosen(PAIR, classes=("push left", "hug"))
    assert not values["mirror"]
    without_pairs = dataclasses.replace(NITE, mirror=())
    assert not chosen(PAIR, skeleton=without_pairs)[0]["mirror"]


def test_an_order_needs_two_bodies_in_every_clip():
    values, _ = chosen(PAIR, contents=CONTENTS)
    assert values["body_order"] == "recorded"
    assert values["heading"] == "camera"
    assert values["distances"] == 0.3


def test_three_bodies_are_like_one():
    values, _ = chosen(PAIR, bodies=3)
    assert values["body_order"] == "recorded"
    assert values["relative_to"] == "torso"
    assert values["distances"] == 0


def test_without_roles_the_mean_of_the_joints_does():
    worm = Skeleton("worm", ("head", "ring", "tail"))
    for skeleton in (worm, MEDIAPIPE):
        values, lines = chosen(ALONE, skeleton=skeleton)
        assert values["origin_at"] == values["relative_to"] == "joints"
        assert "names no torso" in lines


@pytest.mark.parametrize(
    ("frames", "stride"), [(1, 1), (100, 1), (101, 2), (300, 3), (3000, 30)]
)
def test_long_clips_are_thinned_and_streams_are_told(frames, stride):
    contents = dataclasses.replace(CONTENTS, long_frames=frames)
    values, lines = chosen(ALONE, contents=contents)
    assert values["stride"] == stride
    assert ("keep the recordings' frame rate" in lines) == (stride > 1)
    # Few lengths of batches.
    multiple = values["pad_to_multiple_of"]
    assert multiple % 8 == 0
    assert -(-frames // stride) / multiple <= 8


def test_every_clip_of_a_large_set_is_seen_forty_times():
    many = dataclasses.replace(CONTENTS, clips=50_000)
    values, _ = chosen(ALONE, contents=many)
    assert values["iterations"] == 50_000 * 40 // 32
    assert chosen(ALONE)[0]["iterations"] == 2500


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("bodies", [1, 2, 3])
def test_fits_every_skeleton_that_ships(name, bodies):
    contents = dataclasses.replace(CONTENTS, least_bodies=bodies)
    chosen(ALONE, skeleton=SHIPPED[name], bodies=bodies, contents=contents)
