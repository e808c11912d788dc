"""Gathers where a model looks, clip by clip, in an evaluation."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stalstm.description import Description

# Clips that are kept at either end.
KEPT = 2
# Mistakes that are kept of each class.
MISTAKES = 5
# Parts of a clip, for clips of different lengths.
PARTS = 20
DIGITS = 4
TINY = 1e-9


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """A clip and the model's answer.

    Attributes:
        number: Its place in the split.
        skeleton: `(frames, bodies, joints, 3)`, metres in camera space.
        label, predicted: True and predicted class, indices.
        probability: That of the predicted class.
        alpha: `(frames, bodies * joints)`, or `None`.
        beta: `(frames,)`, or `None`.
    """

    number: int
    skeleton: np.ndarray
    label: int
    predicted: int
    probability: float
    alpha: np.ndarray | None
    beta: np.ndarray | None


class Looks:
    """What a report says of the clips of a split.

    Its memory does not grow with the number of clips.

    Args:
        data: What the data set says of itself.

    Attributes:
        most_certain, least_certain: Clips, the most and the least certain one
            first.
        mistakes: For each class the first of its clips that are taken for
            another one: their places in the split, and the predicted classes.
    """

    def __init__(self, data: Description):
        self.most_certain: list[Clip] = []
        self.least_certain: list[Clip] = []
        self.mistakes: list[list[tuple[int, int]]] = [[] for _ in data.classes]
        self._number = 0
        self._joints = len(data.skeleton.joints)
        self._clips = np.zeros(len(data.classes))
        self._sums: dict[str, np.ndarray] = {}

    def add(
        self,
        inputs: Mapping[str, np.ndarray],
        labels: np.ndarray,
        outputs: Mapping[str, np.ndarray],
    ) -> None:
        """Takes a batch, as it came and as the model answered.

        Args:
            inputs: `skeleton` `(batch, frames, bodies, joints, 3)` and `length`
                `(batch,)`.
            labels: `(batch,)`.
            outputs: Of the model, see `stalstm.models.classifier.Classifier`.
        """
        for n, length in enumerate(inputs["length"]):
            attentions = {
                short: outputs[name][n, :length]
                for short, name in (
                    ("alpha", "spatial_attention"),
                    ("beta", "temporal_attention"),
                )
                if name in outputs
            }
            probabilities = outputs["probabilities"][n]
            clip = Clip(
                self._number,
                inputs["skeleton"][n, :length],
                int(labels[n]),
                int(np.argmax(probabilities)),
                float(np.max(probabilities)),
                attentions.get("alpha"),
                attentions.get("beta"),
            )
            self._number += 1
            self._count(clip)
            self.most_certain = _first(self.most_certain, clip, -1)
            self.least_certain = _first(self.least_certain, clip, 1)

    def attention(self) -> dict[str, list[list[float] | None]]:
        """Mean attention of each class's clips, as JSON values.

        Returns:
            `alpha`, `(classes, joints)`, over the bodies and frames; 1 where a
            joint gets as much as the others. `beta`, `(classes, PARTS)`, from
            the first frame of a clip to the last one; 1 is the clip's mean.
            What the model lacks is left out; `None` for a class without clips.
        """
        return {x: _means(y, self._clips) for x, y in self._sums.items()}

    def _count(self, clip: Clip) -> None:
        self._clips[clip.label] += 1
        mistakes = self.mistakes[clip.label]
        if clip.predicted != clip.label and len(mistakes) < MISTAKES:
            mistakes.append((clip.number, clip.predicted))
        if clip.alpha is not None:
            alpha = clip.alpha.reshape(-1, self._joints).mean(axis=0)
            self._sum("alpha", clip.label, alpha / max(alpha.mean(), TINY))
        if clip.beta is not None:
            frames = np.arange(len(clip.beta))
            places = np.linspace(0, frames[-1], PARTS)
            beta = clip.beta / max(clip.beta.mean(), TINY)
            self._sum("beta", clip.label, np.interp(places, frames, beta))

    def _sum(self, name: str, label: int, values: np.ndarray) -> None:
        shape = len(self._clips), len(values)
        self._sums.setdefault(name, np.zeros(shape))[label] += values


def mean(
    evaluations: Sequence[Mapping[str, Any]],
) -> dict[str, list[list[float] | None]]:
    """The mean of `Looks.attention` over the clips of several evaluations.

    Args:
        evaluations: JSON values with `attention` and `confusion_matrix`. Those
            of models without attention are left out.
    """
    sums: dict[str, Any] = {}
    clips: dict[str, Any] = {}
    for evaluation in evaluations:
        of_classes = np.sum(evaluation["confusion_matrix"], axis=1)
        for name, rows in evaluation.get("attention", {}).items():
            size = max(len(row or ()) for row in rows)
            means = np.array([row or [0.0] * size for row in rows])
            sums[name] = sums.get(name, 0.0) + of_classes[:, None] * means
            clips[name] = clips.get(name, 0) + of_classes
    return {name: _means(sums[name], clips[name]) for name in sums}


def _means(sums, clips) -> list[list[float] | None]:
    return [
        np.round(x / n, DIGITS).tolist() if n else None
        for x, n in zip(sums, clips, strict=True)
    ]


def _first(kept: list[Clip], clip: Clip, sign: int) -> list[Clip]:
    def key(x: Clip) -> tuple[float, int]:
        return sign * x.probability, x.number

    return sorted([*kept, clip], key=key)[:KEPT]
