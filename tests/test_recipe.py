import json

import pytest

from stalstm.recipe import Recipe
from stalstm.recipes import ntu, sbu


def test_sbu_has_the_values_of_the_paper():
    recipe = sbu.RECIPE
    assert (recipe.lambda1, recipe.lambda2, recipe.lambda3) == (
        0.001,
        0.0001,
        0.0005,
    )
    assert (recipe.batch_size, recipe.n1, recipe.n2) == (8, 1000, 500)
    assert (recipe.main_layers, recipe.units) == (3, 100)


def test_fields_are_overridden_by_name():
    recipe = sbu.RECIPE.override(
        ["n1=20", "dropout=0.25", "smoothing=false", "main_from=step_4"]
    )
    assert recipe.n1 == 20
    assert recipe.dropout == 0.25
    assert recipe.smoothing is False
    assert recipe.main_from == "step_4"
    assert recipe.n2 == sbu.RECIPE.n2


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("n3=5", r"pretrain_iterations, n1, n2.*Received: n3=5"),
        ("n1", r"expected name=value.*Received: n1"),
        ("n1=many", r"`n1` must be a whole number. Received: n1=many"),
        ("n1=1.5", r"`n1` must be a whole number. Received: n1=1.5"),
        ("n1=0", r"`n1` must be at least 1. Received: n1=0"),
        ("dropout=half", r"`dropout` must be a number. Received"),
        ("dropout=nan", r"`dropout` must be at least 0. Received"),
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
    assert record["dropout"] == {"value": 0.5, "source": "ours"}
    # The paper's sum would be "paper"; that of another choice is ours.
    assert record["pooling"] == {"value": "sum", "source": "paper"}
    record = ntu.RECIPE.to_dict(ntu.RECIPE)
    assert record["pooling"] == {"value": "mean", "source": "ours"}
    assert record["lambda1"] == {"value": 0.01, "source": "paper"}
