import re
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from stalstm import evaluation, files
from stalstm.looks import Looks
from stalstm.recipe import Recipe
from stalstm.show import report
from tests.export import exported
from tests.fake_clips import DATA, fake_clips

NAMES = [f"clip <{n}>" for n in range(100)]


def finished(workdir, **fields):
    """A workdir as train.py leaves it, but for the report; and the looks."""
    recipe = Recipe().replace(units=4, **fields)
    trained = exported.with_records(recipe, DATA, recipe.build(DATA))
    exported.write_workdir(workdir, trained, workdir)
    looks = Looks(DATA)
    batches = fake_clips(longest=8).padded_batch(
        4, ({"skeleton": (None, None, None, 3), "length": ()}, ())
    )
    result = evaluation.evaluate(
        trained.model, batches, DATA.classes, looks.add
    )
    result["attention"] = looks.attention()
    files.write_json(workdir / "evaluation.json", result)
    files.write_json(
        workdir / "metrics.json",
        [{"stage": "joint", "iteration": 5, "loss": 2.0, "accuracy": 0.5}],
    )
    return looks, result


def text_of(path):
    """The text of a document, without its pictures."""
    return re.sub(r"<[^>]*>", " ", path.read_text())


@pytest.mark.parametrize("attention", [True, False])
def test_a_run_s_report_says_it_all(attention, tmp_path):
    looks, result = finished(
        tmp_path / "run",
        spatial_attention=attention,
        temporal_attention=attention,
    )
    report.of_run(tmp_path / "run", looks, NAMES)
    config = files.read_json(tmp_path / "run" / "config.json")
    text = text_of(tmp_path / "run" / "report.html")
    assert config["command"] in text
    assert f"{result['accuracy']:.1%}" in text
    for name in DATA.classes:
        assert name in text
    for source in ("paper", "ours"):
        assert source in text
    assert config["commit"] in text
    for clip in (*looks.most_certain, *looks.least_certain):
        assert f"clip &lt;{clip.number}&gt;: " in text
    for label, mistakes in enumerate(looks.mistakes):
        for number, predicted in mistakes:
            assert label != predicted
            assert f"clip &lt;{number}&gt; ({DATA.classes[predicted]})" in text
    pictures = (tmp_path / "run" / "report.html").read_text().count("<img")
    assert pictures == (8 if attention else 6)
    events = EventAccumulator(str(tmp_path / "run" / "logs" / "report"))
    events.Reload()
    shown = {"alpha", "beta"} if attention else set()
    assert set(events.Tags()["tensors"]) == {"curves", "confusion", *shown}


MATRIX = np.eye(len(DATA.classes), dtype=int) * 3
ATTENTION = {
    "alpha": [[1.0] * len(DATA.skeleton.joints)] + [None] * 2,
    "beta": [[1.0, 2.0]] * 3,
}


def test_a_comparison_has_a_table_bars_and_what_each_row_does(tmp_path):
    run: dict[str, Any] = {
        "seed": 0,
        "protocol": "fold_1",
        "accuracy": 0.75,
        "best_epoch": 0.8,
        "parameters": 9,
        "seconds": 3,
        "confusion_matrix": MATRIX.tolist(),
    }
    row: dict[str, Any] = {
        "name": "LSTM <2>",
        "missing": "",
        "published": {},
        "attention": {},
        "runs": [run],
    }
    result: dict[str, Any] = {
        "command": "python -m stalstm.comparison",
        "dataset": "sbu/2.0.0",
        "validate": False,
        "protocols": ["fold_1"],
        "rows": [
            row,
            {**row, "name": "STA", "attention": ATTENTION},
            {**row, "name": "waits", "runs": []},
        ],
    }
    report.of_comparison(tmp_path / "x.html", result, DATA)
    page = (tmp_path / "x.html").read_text()
    assert page.count("<img") == 1 + 1 + 3
    text = text_of(tmp_path / "x.html")
    for words in ("LSTM &lt;2&gt;", "75.0", "waits", result["command"]):
        assert words in text
    result["rows"] = result["rows"][2:]
    report.of_comparison(tmp_path / "x.html", result, DATA)  # nothing yet
    assert "<img" not in (tmp_path / "x.html").read_text()


def test_folds_have_one_with_a_link_to_each(tmp_path):
    for name in ("fold_1", "fold_2"):
        finished(tmp_path / name)
    one = {
        **evaluation.of_matrix(MATRIX, DATA.classes),
        "attention": ATTENTION,
    }
    other = {
        **evaluation.of_matrix(MATRIX + 1, DATA.classes),
        "attention": ATTENTION,
    }
    report.of_folds(tmp_path, {"fold_1": one, "fold_2": other})
    page = (tmp_path / "report.html").read_text()
    assert 'href="fold_2/report.html"' in page
    assert page.count("<img") == 3
    text = text_of(tmp_path / "report.html")
    # 9 of 9 clips, and 12 of 18.
    assert "mean accuracy 83.3%, standard deviation 23.6%" in text
    config = files.read_json(tmp_path / "fold_1" / "config.json")
    for words in (config["commit"], config["command"], "spatial_attention"):
        assert words in text
    # Of each class 7 of 9 clips.
    assert text.count("77.8%") == len(DATA.classes)
