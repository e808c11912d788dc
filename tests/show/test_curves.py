from typing import Any

import numpy as np
import pytest

from stalstm.show import curves

METRICS = [
    {"stage": "step_2", "iteration": 2, "loss": 9.0, "accuracy": 0.2},
    {"stage": "step_2", "iteration": 3, "loss": 8.0, "accuracy": 0.4},
    {"stage": "step_3", "iteration": 2, "loss": 7.0, "accuracy": 0.6},
]
CURVE = [{"stage": "step_3", "iteration": 1, "accuracy": 0.5}]


def points(axes):
    lines = [line.get_xydata() for line in axes.lines]
    return [x.tolist() for x in lines if len(x)]


def test_a_stage_begins_where_the_one_before_ended():
    loss: Any
    loss, accuracy = curves.draw(METRICS).axes
    assert points(loss)[:2] == [[[2, 9], [3, 8]], [[5, 7]]]
    assert points(accuracy)[:2] == [[[2, 0.2], [3, 0.4]], [[5, 0.6]]]
    assert [x.get_text() for x in loss.texts] == ["step_2", "step_3"]
    assert [x.xy[0] for x in loss.texts] == [0, 3]


def test_clips_that_do_not_train_have_a_line_of_their_own():
    accuracy: Any = curves.draw(METRICS, CURVE).axes[1]
    assert [[4, 0.5]] in points(accuracy)
    names = [x.get_text() for x in accuracy.get_legend().get_texts()]
    assert names == [
        "clips that train, with dropout",
        "clips that do not train",
    ]
    assert curves.draw(METRICS).axes[1].get_legend() is None


@pytest.mark.parametrize("loss", [0.0, float("nan")])
def test_a_loss_that_has_no_logarithm_is_drawn(loss, tmp_path):
    records = [*METRICS, {**METRICS[2], "iteration": 4, "loss": loss}]
    curves.draw(records).savefig(tmp_path / "curves.png")
    np.testing.assert_equal(records[-1]["loss"], loss)
