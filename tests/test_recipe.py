import json
from dataclasses import fields

import pytest

from stalstm.description import Description
from stalstm.preprocessing.smoothing import SmoothingFields
from stalstm.recipe import Recipe
from stalstm.recipes import ntu, sbu
from stalstm.skeletons import Skeleton
from tests.fake_clips import DATA


def test_sbu_has_the_values_of_the_paper():
    recipe = sbu.RECIPE
    assert recipe.model == "sta_lstm"
    model, training = recipe.arguments, recipe.training
    assert (model.lambda1, model.lambda2, model.lambda3) == (
        0.001,
        0.0001,
        0.0005,
    )
    assert (training.batch_size, training.n1, training.n2) == (8, 1000, 500)
    assert (model.main_layers, model.units) == (3, 100)


def test_fields_are_overridden_by_name():
    recipe = sbu.RECIPE.override(
        ["n1=20", "dropout=0.25", "smoothing=false", "main_from=step_4"]
    )
    assert recipe.training.n1 == 20
    assert recipe.arguments.dropout == 0.25
    assert recipe.preprocessing[0] == SmoothingFields(smoothing=False)
    assert recipe.training.main_from == "step_4"
    assert recipe.training.n2 == sbu.RECIPE.training.n2


def test_a_field_has_one_name_in_all_sections():
    names = [x.name for y in sbu.RECIPE._sections() for x in fields(y)]
    assert len(set(names)) == len(names)
    assert "model" not in names


def test_another_model_keeps_the_arguments_that_it_shares():
    recipe = sbu.RECIPE.override(["model=deep_lstm", "main_layers=2"])
    assert recipe.model == "deep_lstm"
    assert recipe.arguments.main_layers == 2
    assert recipe.arguments.lambda3 == sbu.RECIPE.arguments.lambda3
    assert not hasattr(recipe.arguments, "lambda1")
    # Whatever the order.
    same = sbu.RECIPE.override(["main_layers=2", "model=deep_lstm"])
    assert same == recipe
    with pytest.raises(ValueError, match="model=transformer"):
        sbu.RECIPE.override(["model=transformer"])
    with pytest.raises(ValueError, match=r"Received: lambda1=0\.1"):
        recipe.override(["lambda1=0.1"])


def test_the_fields_choose_the_frame_layers():
    def names(*assignments):
        recipe = sbu.RECIPE.override(assignments)
        return [type(x).__name__ for x in recipe.layers(DATA)]

    assert names() == ["Smoothing", "BodyOrder", "Origin"]
    assert names("smoothing=false") == ["BodyOrder", "Origin"]
    assert names("body_order=recorded", "origin=camera") == ["Smoothing"]
    assert names("axes=clip", "scale=clip", "velocity=5", "distances=0.3") == [
        "Smoothing",
        "BodyOrder",
        "Origin",
        "BodyAxes",
        "BodyScale",
        "Velocity",
        "Distances",
    ]


@pytest.mark.parametrize(
    ("assignment", "needs"),
    [
        ("body_order=left_first", r"`body_order=left_first` needs 2 bodies.*1"),
        ("distances=0.3", r"`distances=0.3` needs 2 bodies.*data with 1"),
        ("origin=clip", "`origin=clip` needs .*torso.*skeleton worm"),
        ("axes=clip", "`axes=clip` needs .*left_shoulder.*skeleton worm"),
        ("scale=frame", "`scale=frame` needs .*spine_base.*skeleton worm"),
    ],
)
def test_a_field_that_needs_what_the_data_has_not_names_both(assignment, needs):
    data = Description(Skeleton("worm", ("head", "tail")), 1, ("a", "b"), {})
    plain = Recipe().replace(
        smoothing=False, body_order="recorded", origin="camera"
    )
    plain.build(data)
    with pytest.raises(ValueError, match=needs):
        plain.override([assignment]).build(data)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("n1", "500", "a whole number"),
        ("n1", 500.0, "a whole number"),
        ("batch_size", True, "a whole number"),
        ("dropout", "0.5", "a number"),
        ("clip_norm", None, "a number"),
        ("smoothing", 1, "true or false"),
        ("stages", ["joint"], "a word"),
        ("model", ["sta_lstm"], "one of co_occurrence_lstm, deep_lstm"),
    ],
)
def test_a_value_of_another_type_is_an_error(name, value, expected):
    with pytest.raises(ValueError, match=f"`{name}` must be {expected}"):
        Recipe().replace(**{name: value})


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("n3=5", r"pretrain_iterations, n1, n2.*Received: n3=5"),
        ("units=0", r"`units` must be at least 1. Received: units=0"),
        ("n1", r"expected name=value.*Received: n1"),
        ("n1=many", r"`n1` must be a whole number. Received: n1=many"),
        ("n1=1.5", r"`n1` must be a whole number. Received: n1=1.5"),
        ("n1=0", r"`n1` must be at least 1. Received: n1=0"),
        ("dropout=half", r"`dropout` must be a number. Received"),
        ("dropout=nan", r"`dropout` must be a finite number. Received"),
        ("learning_rate=inf", r"`learning_rate` must be a finite number"),
        ("dropout=1", r"`dropout` must be below 1. Received"),
        ("smoothing=1", r"`smoothing` must be true or false. Received"),
        ("origin=torso", r"`origin` must be one of frame, clip, camera. R"),
    ],
)
def test_what_is_not_allowed_is_named(assignment, message):
    with pytest.raises(ValueError, match=message):
        sbu.RECIPE.override([assignment])


def test_survives_json():
    recipe = sbu.RECIPE.override(["n1=20", "origin=clip"])
    record = json.loads(json.dumps(recipe.to_dict(sbu.RECIPE)))
    assert Recipe.from_dict(record) == recipe
    assert record["n1"] == {"value": 20, "source": "set"}
    assert record["n2"] == {"value": 500, "source": "paper"}
    model = record["model"]
    assert model["name"] == {"value": "sta_lstm", "source": "paper"}
    assert model["dropout"] == {"value": 0.5, "source": "ours"}
    # The paper's sum would be "paper"; that of another choice is ours.
    assert model["pooling"] == {"value": "sum", "source": "paper"}
    record = ntu.RECIPE.to_dict(ntu.RECIPE)
    assert record["model"]["pooling"] == {"value": "mean", "source": "ours"}
    assert record["model"]["lambda1"] == {"value": 0.01, "source": "paper"}
    assert record["batch_size"] == {"value": 256, "source": "paper"}
    other = sbu.RECIPE.override(["model=deep_lstm"])
    record = json.loads(json.dumps(other.to_dict(sbu.RECIPE)))
    assert Recipe.from_dict(record) == other
    assert record["model"]["name"] == {"value": "deep_lstm", "source": "set"}


def test_a_recipe_of_another_version_is_named():
    record = sbu.RECIPE.to_dict(sbu.RECIPE)
    with pytest.raises(ValueError, match="a recipe of this version"):
        Recipe.from_dict({"n1": 20})
    with pytest.raises(ValueError, match="Received: bodies"):
        Recipe.from_dict({**record, "bodies": {"value": 2, "source": "paper"}})


def test_a_field_that_is_newer_than_a_record_has_its_default():
    record = sbu.RECIPE.override(["velocity=3"]).to_dict(sbu.RECIPE)
    del record["velocity"]
    assert Recipe.from_dict(record) == sbu.RECIPE
