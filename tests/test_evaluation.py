import keras
import numpy as np
import pytest
import tensorflow as tf

from stalstm import evaluation

NAMES = ["kick", "push", "hug"]


class Oracle(keras.Model):
    """Predicts what the inputs say."""

    def call(self, inputs):
        return {"probabilities": keras.ops.one_hot(inputs["length"], 3)}


@pytest.fixture
def result():
    predicted, labels = [0, 0, 1, 1, 0], [0, 0, 0, 1, 1]
    inputs = {"length": predicted}
    batches = tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(2)
    return evaluation.evaluate(Oracle(), batches, NAMES)


def test_counts_what_is_recognised(result):
    assert result["accuracy"] == pytest.approx(3 / 5)
    assert result["clips"] == 5
    assert result["longest_clip"] == 1
    # Rows are true classes.
    assert result["confusion_matrix"] == [[2, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert result["classes"]["kick"]["accuracy"] == pytest.approx(2 / 3)
    assert result["classes"]["push"] == {"clips": 2, "accuracy": 0.5}
    assert result["classes"]["hug"] == {"clips": 0, "accuracy": None}


def test_table_reads_well(result):
    lines = evaluation.table(result).splitlines()
    assert lines[1].split() == ["1", "kick", "3", "66.7%", "2", "1", "."]
    assert lines[3].split() == ["3", "hug", "0", "-", ".", ".", "."]
    assert lines[-1].split() == ["accuracy", "5", "60.0%"]


def test_table_of_many_classes_names_the_mistakes(result):
    more = {f"class {i}": {"clips": 0, "accuracy": None} for i in range(20)}
    matrix = [row + [0] * 20 for row in result["confusion_matrix"]]
    matrix += [[0] * 23 for _ in more]
    matrix[0][5] = 4
    many = {
        **result,
        "classes": {**result["classes"], **more},
        "confusion_matrix": matrix,
    }
    lines = evaluation.table(many).splitlines()
    assert lines[1].endswith("66.7%  6 (4), 2 (1)")
    assert lines[2].endswith("50.0%  1 (1)")
    assert len({line.index("%") for line in lines[1:3]}) == 1


def test_cross_validation_is_mean_and_sample_deviation():
    summary = evaluation.cross_validation(
        {"1": {"accuracy": 0.8}, "2": {"accuracy": 0.9}}
    )
    assert summary["folds"] == {"1": 0.8, "2": 0.9}
    assert summary["mean"] == pytest.approx(0.85)
    assert summary["standard_deviation"] == pytest.approx(np.sqrt(2 * 0.05**2))
