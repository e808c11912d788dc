"""How far exported files agree with the Keras model that they come from."""

import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from stalstm.serving import edge, litert
from stalstm.serving.trained import ExportError, Trained

# Largest difference of a probability that float32 may make.
TOLERANCE = 1e-4


def measure(
    trained: Trained,
    saved_model: pathlib.Path,
    litert_folder: pathlib.Path,
    clips: Sequence[tuple[np.ndarray, int | None]],
) -> dict[str, dict[str, Any]]:
    """Runs all exported models on the same clips as the Keras model.

    Args:
        trained: the Keras model.
        saved_model: folder of the SavedModel.
        litert_folder: of the LiteRT files, with their JSON files.
        clips: skeletons `(frames, bodies, joints, 3)` and their labels; `None`
            where they are not known.

    Returns:
        For `clip` and `step` of the SavedModel, fed frame by frame, and for
        each LiteRT file, `{clip,step}_{float32,float16,int8}`: how many `clips`
        it took (LiteRT's clip models take so many frames and no more), the
        `largest_difference` of a probability, the share of clips with the
        `same_class`, its `accuracy`, and the `keras_accuracy` on the same clips
        (`None` without labels).

    Raises:
        ExportError: a model with float32 weights differs by more than
            `TOLERANCE`.
    """
    keras_answers = [_keras(trained, skeleton) for skeleton, _ in clips]
    loaded = tf.saved_model.load(str(saved_model)).signatures
    models: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "clip": functools.partial(_clip, loaded),
        "step": functools.partial(_steps, loaded, trained.latency),
    }
    frames = {}
    for precision in litert.PRECISIONS:
        clip = edge.Clip(litert_folder / f"clip_{precision}.tflite")
        stream = edge.Stream(litert_folder / f"step_{precision}.tflite")
        models[f"clip_{precision}"] = functools.partial(_litert_clip, clip)
        models[f"step_{precision}"] = functools.partial(_litert_steps, stream)
        frames[f"clip_{precision}"] = clip.frames
    result = {}
    for name, model in models.items():
        most = frames.get(name, np.inf)
        fitting = [
            (model(skeleton), answer, label)
            for (skeleton, label), answer in zip(
                clips, keras_answers, strict=True
            )
            if len(skeleton) <= most
        ]
        result[name] = _compare(fitting)
        difference = result[name].get("largest_difference", 0)
        if not name.endswith(("float16", "int8")) and difference > TOLERANCE:
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


def _keras(trained, skeleton):
    inputs = {"skeleton": skeleton[None], "length": np.array([len(skeleton)])}
    return trained.model(inputs)["probabilities"].numpy()[0]


def _clip(signatures, skeleton):
    length = tf.constant([len(skeleton)])
    outputs = signatures["serving_default"](
        skeleton=tf.constant(skeleton[None]), length=length
    )
    return outputs["probabilities"].numpy()[0]


def _steps(signatures, latency, skeleton):
    outputs = signatures["initial_state"](streams=tf.constant([0]))
    nothing = np.zeros_like(skeleton[0])
    for frame in [*skeleton, *[nothing] * latency]:
        ended = tf.constant([frame is nothing])
        outputs = signatures["step"](
            frame=tf.constant(frame[None]), ended=ended, state=outputs["state"]
        )
    return outputs["probabilities"].numpy()[0]


def _litert_clip(clip, skeleton):
    return clip.predict(skeleton)["probabilities"]


def _litert_steps(stream, skeleton):
    for frame in skeleton:
        stream.step(frame)
    return stream.finish()["probabilities"]


def table(agreement: dict[str, dict[str, Any]]) -> str:
    """An agreement to read: a line a model."""
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
