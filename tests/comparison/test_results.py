import json

import pytest

from stalstm import files
from stalstm.comparison import results, summary
from stalstm.comparison.rows import Row
from stalstm.comparison.runs import Run
from stalstm.recipe import Recipe

RECIPE = Recipe().override(["units=4"])
ABOUT = {
    "recipe": RECIPE,
    "dataset": "sbu/2.0.0",
    "training_split": "fold_2",
    "test_split": "fold_1",
    "seed": 3,
}
RESULT = {
    "protocol": "fold_1",
    "seed": 3,
    "trained_on": "fold_2",
    "evaluated_on": "fold_1",
    "accuracy": 0.5,
    "best_epoch": None,
    "parameters": 7,
    "seconds": 1,
}


@pytest.fixture
def path(tmp_path):
    """A file of one training, which `write` wrote."""
    fields = RECIPE.to_dict(RECIPE)
    row = Row(name="LSTM")
    run = Run(row, "fold_1", 3, tmp_path / "none", (), fields, RESULT)
    other = Run(row, "fold_2", 3, tmp_path / "none", ())
    about = {"dataset": "sbu/2.0.0", "validate": False, "protocols": ["fold_1"]}
    out = tmp_path / "results.json"
    result = results.write(out, about, [row], [run, other])
    assert files.read_json(out) == json.loads(json.dumps(result))
    table = out.with_suffix(".md").read_text().splitlines()
    assert table == summary.table(result)
    return out


def test_what_was_written_is_known_again(path):
    assert results.Known([path]).find(ABOUT) == RESULT


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 4},
        {"recipe": RECIPE.override(["units=5"])},
        {"dataset": "sbu/3.0.0"},
        {"training_split": "fold_2+fold_3"},
        {"test_split": "fold_2"},
    ],
)
def test_another_training_is_not_known(path, other):
    assert results.Known([path]).find({**ABOUT, **other}) is None
    assert results.Known([]).find(ABOUT) is None


def test_a_baseline_is_known_by_its_name(path):
    content = files.read_json(path)
    content["rows"][0] |= {"baseline": "yun_raw", "fields": None}
    files.write_json(path, content)
    about = {x: y for x, y in ABOUT.items() if x != "recipe"}
    known = results.Known([path])
    assert known.find({**about, "baseline": "yun_raw"}) == RESULT
    assert known.find({**about, "baseline": "lie_group"}) is None


def test_a_recipe_of_another_version_is_not_known(path):
    content = files.read_json(path)
    content["rows"][0]["fields"]["of_tomorrow"] = {"value": 1, "source": "ours"}
    files.write_json(path, content)
    known = results.Known([path])
    assert known.find(ABOUT) is None
    assert known.left_out == [f"{path}: LSTM"]


@pytest.mark.parametrize("content", ["{", "[]", '{"rows": [{}], "dataset": 1}'])
def test_a_file_without_results_is_named(path, tmp_path, content):
    other = tmp_path / "other.json"
    other.write_text(content)
    with pytest.raises(ValueError, match=r"comparison wrote.*other\.json"):
        results.Known([path, other])
