"""What a page is told of a clip."""

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from stalstm.runtime.litert import ATTENTIONS, ModelError
from stalstm.skeletons import Skeleton

MILLIMETRES = 1000.0
# Beginnings of a clip that a model answers about that takes whole clips only.
PARTS = 100


def follow(model: Any, skeleton: np.ndarray) -> dict[str, Any]:
    """The answer of a model about a clip, and how it formed.

    Args:
        model: From `stalstm.load`.
        skeleton: `(frames, bodies, joints, 3)`, metres in camera space.

    Returns:
        The answer, see `stalstm.load`, with `after`: `(frames, classes)`,
        probabilities if the clip had ended after each frame. NaN where too few
        bodies have appeared for an answer; and for a model that takes whole
        clips only, between some hundred frames of a longer clip.

    Raises:
        stalstm.runtime.litert.InputError: No model can take the clip.
    """
    answer = dict(model.predict(skeleton))
    try:
        stream = model.stream()
    except ModelError:
        answer["after"] = _of_parts(model, skeleton)
    else:
        answers = [stream.step(frame) for frame in skeleton]
        # Those of the first frames lag behind, and say nothing yet.
        answers = [x for x in [*answers, *stream.rest()] if x["frames"]]
        answer["after"] = np.array([x["probabilities"] for x in answers])
    return answer


def _of_parts(model, skeleton):
    """`after` of a model that takes whole clips only; NaN between its parts."""
    appeared = np.maximum.accumulate(np.any(skeleton, axis=(2, 3)), axis=0)
    enough = appeared.sum(axis=1) >= model.metadata["least_bodies"]
    possible = np.flatnonzero(enough)[::-1]
    lasts = possible[:: math.ceil(len(possible) / PARTS)]
    parts = model.predict([skeleton[: last + 1] for last in lasts])
    after = np.full((len(skeleton), len(model.metadata["labels"])), np.nan)
    after[lasts] = [x["probabilities"] for x in parts]
    return after


def shared(joints: Skeleton, classes: Sequence[str]) -> dict[str, Any]:
    """What all clips of a page have in common, as JSON values.

    Args:
        joints: The joints of each body.
        classes: Names of the classes.
    """
    sides = dict.fromkeys(joints.joints, "middle")
    for left, right in joints.mirror:
        sides |= {left: "left", right: "right"}
    return {
        "joints": list(joints.joints),
        "bones": [[joints.index(x) for x in bone] for bone in joints.bones],
        "sides": list(sides.values()),
        "classes": list(classes),
    }


def describe(
    name: str,
    skeleton: np.ndarray,
    answer: dict[str, Any] | None,
    label: str | None = None,
) -> dict[str, Any]:
    """A clip and a model's answer, as JSON values for `web/clip.js`.

    Args:
        name: Name of the clip.
        skeleton: `(frames, bodies, joints, 3)`, metres in camera space. An
            absent body is all zeros.
        answer: From `follow`; `None` for a clip without one.
        label: The clip's class, if it is known.
    """
    clip: dict[str, Any] = {
        "name": name,
        "frames": len(skeleton),
        "bodies": skeleton.shape[1],
        # Whole millimetres, which a sensor does not see, are small compressed.
        "positions": _packed(np.rint(skeleton * MILLIMETRES), "<i4"),
        "label": label,
        "answer": None,
    }
    if answer is None:
        return clip
    for short, attention in zip(("alpha", "beta"), ATTENTIONS, strict=True):
        if attention in answer:
            clip[short] = _packed(answer[attention], "<f4")
    return {
        **clip,
        "after": _packed(answer["after"], "<f4"),
        "answer": {
            "label": answer["label"],
            "probability": float(np.max(answer["probabilities"])),
        },
    }


def interest(clip: dict[str, Any]) -> tuple[int, float]:
    """A key that sorts clips from `describe`: what surprises comes first.

    Wrong answers, the most certain one first; then the others, the least
    certain one first; then clips without an answer.
    """
    answer, label = clip["answer"], clip["label"]
    if answer is None:
        return 2, 0.0
    if label is not None and label != answer["label"]:
        return 0, -answer["probability"]
    return 1, answer["probability"]


def _packed(values: np.ndarray, dtype: str) -> str:
    return base64.b64encode(np.asarray(values).astype(dtype).tobytes()).decode()
