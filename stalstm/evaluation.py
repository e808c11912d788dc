"""Evaluates how well a model recognises the clips of a split."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def evaluate(
    model: keras.Model,
    batches: tf.data.Dataset,
    class_names: Sequence[str],
    each: Callable[[Any, Any, Any], object] = lambda *_: None,
) -> dict[str, Any]:
    """Evaluates a Keras model.

    Args:
        model: A model that returns `probabilities`, `(batch, classes)`.
        batches: `(inputs, label)`, each clip once.
        class_names: Names of the classes, in the order of the labels.
        each: Called with the inputs, the labels and the outputs of every batch,
            as NumPy arrays.

    Returns:
        See `report`.
    """
    labels: list[int] = []
    predicted: list[int] = []
    longest = 0
    for inputs, label in batches.as_numpy_iterator():
        outputs = model.predict_on_batch(inputs)
        labels.extend(label)
        predicted.extend(np.argmax(outputs["probabilities"], axis=-1))
        longest = max(longest, int(np.max(inputs["length"])))
        each(inputs, label, outputs)
    return report(labels, predicted, longest, class_names)


def report(
    labels: Sequence[int],
    predicted: Sequence[int],
    longest_clip: int,
    class_names: Sequence[str],
) -> dict[str, Any]:
    """Accuracy, overall and of each class, and the confusion matrix.

    Args:
        labels, predicted: Class of each clip, true and predicted.
        longest_clip: Length of the longest clip, in frames.
        class_names: Names of the classes, in the order of the labels.

    Returns:
        JSON values: `accuracy`; `clips`; `longest_clip`; `classes`, for each
        name its `clips` and `accuracy` (the share of them that is recognised;
        null without clips); `confusion_matrix`, rows are true classes, columns
        predictions.
    """
    confusion = np.zeros((len(class_names), len(class_names)), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    return {"longest_clip": longest_clip, **of_matrix(confusion, class_names)}


def of_matrix(
    confusion: np.ndarray, class_names: Sequence[str]
) -> dict[str, Any]:
    """What a confusion matrix says, see `report`, but for `longest_clip`."""
    clips, right = confusion.sum(axis=1), confusion.diagonal()
    return {
        "accuracy": float(right.sum() / clips.sum()),
        "clips": int(clips.sum()),
        "classes": {
            name: {
                "clips": int(clips[i]),
                "accuracy": float(right[i] / clips[i]) if clips[i] else None,
            }
            for i, name in enumerate(class_names)
        },
        "confusion_matrix": confusion.tolist(),
    }


def table(evaluation: dict[str, Any]) -> str:
    """An evaluation as a table to read, with a line for each class.

    The line ends with the class's row of the confusion matrix or, if there are
    too many classes for that, with the classes it was mistaken for and the
    number of clips: `class (clips)`.
    """
    classes = evaluation["classes"]
    width = max(map(len, classes)) + 4
    wide = len(classes) > 20
    heading = "mistaken for" if wide else "predicted as 1, 2, ..."
    lines = [f"{'':{width}} clips  right   {heading}"]
    for i, (name, of_class) in enumerate(classes.items()):
        right = of_class["accuracy"]
        if wide and right is None:
            continue
        percent = "     -" if right is None else f"{right:6.1%}"
        row = evaluation["confusion_matrix"][i]
        if wide:
            mistakes = sorted((-n, j) for j, n in enumerate(row) if j != i)
            predicted = ", ".join(f"{j + 1} ({-n})" for n, j in mistakes if n)
        else:
            predicted = " ".join(f"{n or '.':>4}" for n in row)
        lines.append(
            f"{i + 1:3} {name:{width - 4}} {of_class['clips']:5} {percent}  "
            f"{predicted}"
        )
    lines.append(
        f"{'accuracy':{width}} {evaluation['clips']:5} "
        f"{evaluation['accuracy']:6.1%}"
    )
    return "\n".join(lines)


def cross_validation(evaluations: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Accuracy of each fold, their mean and standard deviation.

    Args:
        evaluations: Results of `evaluate`, by fold.
    """
    folds = {name: x["accuracy"] for name, x in evaluations.items()}
    return {
        "folds": folds,
        "mean": float(np.mean(list(folds.values()))),
        "standard_deviation": float(np.std(list(folds.values()), ddof=1)),
    }


def folds_table(summary: dict[str, Any]) -> str:
    """The result of `cross_validation` as a table to read."""
    lines = [f"{name}  {x:.2%}" for name, x in summary["folds"].items()]
    lines.append(
        f"mean    {summary['mean']:.2%}, standard deviation "
        f"{summary['standard_deviation']:.2%}"
    )
    return "\n".join(lines)
