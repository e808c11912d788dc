"""How closely exported files agree with the Keras model they come from."""

import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stalstm.export import litert, saved_model
from stalstm.export.errors import ExportError
from stalstm.models.classifier import Classifier
from stalstm.runtime.client import padded
from stalstm.runtime.litert import ClipModel, FrameModel

# Maximum difference of a probability with float32 weights.
TOLERANCE = 1e-4

# Clips that the Keras model takes at once.
_BATCH_SIZE = 32

Predict = Callable[[np.ndarray], Any]


def measure(
    model: Classifier,
    served: pathlib.Path,
    litert_folder: pathlib.Path,
    clips: Sequence[tuple[np.ndarray, int | None]],
) -> dict[str, dict[str, Any]]:
    """Runs all exported models on the same clips as the Keras model.

    Args:
        model: The Keras model.
        served: Folder of the SavedModel.
        litert_folder: Folder of the LiteRT files, with their `model.json`.
        clips: Skeletons `(frames, bodies, joints, 3)` and their labels, `None`
            where they are unknown.

    Returns:
        A dict for `clip` and `frame` of the SavedModel and for each LiteRT
        file, `clip_<precision>` and `frame_<precision>`; the frame models only
        if the model streams. `clips` is the number of clips that were
        compared: LiteRT's clip models take a limited number of frames. Of
        these, `largest_difference` of a probability, `same_class`, the share
        with the same class, `accuracy`, and `keras_accuracy` on the same clips
        (both `None` without labels).

    Raises:
        ExportError: A model with float32 weights differs by more than
            `TOLERANCE`.
    """
    skeletons = [skeleton for skeleton, _ in clips]
    expected = _keras(model, skeletons)
    loaded = saved_model.load(served)
    models: dict[str, Predict] = {"clip": loaded.predict}
    if model.cannot_stream is None:
        models["frame"] = functools.partial(_stream, loaded)
    most = {}
    for precision in litert.PRECISIONS:
        clip_model = ClipModel(litert_folder / f"clip_{precision}.tflite")
        models[f"clip_{precision}"] = clip_model.predict
        most[f"clip_{precision}"] = clip_model.frames
        if model.cannot_stream is None:
            path = litert_folder / f"frame_{precision}.tflite"
            models[f"frame_{precision}"] = FrameModel(path).predict
    result = {}
    for name, predict in models.items():
        fitting = [
            (predict(skeleton)["probabilities"], answer, label)
            for (skeleton, label), answer in zip(clips, expected, strict=True)
            if len(skeleton) <= most.get(name, np.inf)
        ]
        result[name] = _compare(fitting)
        difference = result[name].get("largest_difference", 0)
        reduced = name.endswith(("float16", "int8"))
        # Also true for NaN.
        if not reduced and not difference <= TOLERANCE:
            raise ExportError(
                f"{name}: expected the Keras model's probabilities up to "
                f"{TOLERANCE}. Received: a difference of {difference:.2g}"
            )
    return result


def _compare(answers):
    if not answers:
        return {"clips": 0}
    got = np.array([x for x, _, _ in answers])
    expected = np.array([x for _, x, _ in answers])
    labels = [x for _, _, x in answers]
    known = None not in labels
    best, keras_best = got.argmax(-1), expected.argmax(-1)

    def accuracy(best):
        return float(np.mean(best == labels)) if known else None

    return {
        "clips": len(answers),
        "largest_difference": float(np.abs(got - expected).max()),
        "same_class": float(np.mean(best == keras_best)),
        "accuracy": accuracy(best),
        "keras_accuracy": accuracy(keras_best),
    }


def _keras(model, skeletons):
    """The probabilities of each clip, computed in batches."""
    batches = [
        model(padded(skeletons[first : first + _BATCH_SIZE]), training=False)
        for first in range(0, len(skeletons), _BATCH_SIZE)
    ]
    return np.concatenate([x["probabilities"].numpy() for x in batches])


def _stream(model, skeleton):
    stream = model.stream()
    for frame in skeleton:
        stream.step(frame)
    return stream.finish()


def table(agreement: dict[str, dict[str, Any]]) -> str:
    """Formats what `measure` returned, a line for each model."""
    lines = [
        f"{'':14} {'clips':>5}  {'largest difference':>18}  "
        f"{'same class':>10}  {'accuracy':>8}"
    ]
    for name, x in agreement.items():
        line = f"{name:14} {x['clips']:5}"
        if x["clips"]:
            accuracy = x["accuracy"]
            known = "-" if accuracy is None else f"{accuracy:.1%}"
            line += (
                f"  {x['largest_difference']:18.1e}  {x['same_class']:10.1%}"
                f"  {known:>8}"
            )
        lines.append(line)
    return "\n".join(lines)
