import pytest

from stalstm import algorithm1
from stalstm.algorithm1 import MAIN, SPATIAL, TEMPORAL
from stalstm.recipes import sbu


def stages(*assignments):
    return algorithm1.stages(sbu.RECIPE.override(assignments))


def test_the_table_is_that_of_the_paper():
    expected = {
        # LSTM layers, attentions, what is fixed, iterations
        "step_2": (1, {TEMPORAL}, (), 1000),
        "step_3": (3, {TEMPORAL}, (TEMPORAL,), 1000),
        "step_4": (3, {TEMPORAL}, (), 500),
        "step_5": (1, {SPATIAL}, (), 1000),
        "step_6": (3, {SPATIAL}, (SPATIAL,), 1000),
        "step_7": (3, {SPATIAL}, (), 500),
        "step_8": (3, {SPATIAL, TEMPORAL}, (SPATIAL, TEMPORAL), 1000),
        "step_9": (3, {SPATIAL, TEMPORAL}, (), 500),
    }
    assert {
        stage.name: (
            stage.arguments["main_layers"],
            {x for x in (SPATIAL, TEMPORAL) if stage.arguments[x]},
            stage.fixed,
            stage.iterations,
        )
        for stage in stages()
    } == expected


def test_step_8_starts_from_the_recipe_s_stage():
    assert stages()[-2].starts_from[MAIN] == "step_7"
    step_8 = stages("main_from=step_4")[-2]
    assert step_8.starts_from == {
        MAIN: "step_4",
        SPATIAL: "step_7",
        TEMPORAL: "step_4",
    }
    assert MAIN not in stages("main_from=fresh")[-2].starts_from


def test_growing_keeps_the_first_layer_or_nothing():
    step_3 = stages()[1]
    assert step_3.starts_from[MAIN] == "step_2"
    assert step_3.starts_anew == {MAIN: ("lstm_2", "lstm_3", "score")}
    assert MAIN not in stages("growing=fresh")[1].starts_from


@pytest.mark.parametrize(
    ("spatial", "temporal", "names"),
    [
        ("true", "false", ["step_5", "step_6", "step_7"]),
        ("false", "true", ["step_2", "step_3", "step_4"]),
        ("false", "false", ["main_1", "main_2", "main_3"]),
    ],
)
def test_other_configurations_of_figure_7_take_their_part(
    spatial, temporal, names
):
    assignments = (
        f"spatial_attention={spatial}",
        f"temporal_attention={temporal}",
    )
    assert [x.name for x in stages(*assignments)] == names
