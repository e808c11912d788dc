"""Gathers where a model looks, clip by clip, in an evaluation."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from stalstm.description import Description

# Clips that are kept at either end.
KEPT = 2
# Parts of a clip, for clips of different lengths.
PARTS = 20


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
    """

    def __init__(self, data: Description):
        classes, joints = len(data.classes), len(data.skeleton.joints)
        self.most_certain: list[Clip] = []
        self.least_certain: list[Clip] = []
        self._number = 0
        self._clips = np.zeros(classes)
        self._alpha = np.zeros((classes, joints))
        self._beta = np.zeros((classes, PARTS))
        self._attentions: set[str] = set()

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

    def alpha(self) -> np.ndarray | None:
        """Mean alpha of each class's clips at each joint, over the bodies.

        Returns:
            `(classes, joints)`, 1 where a joint gets as much as the others; NaN
            for a class without clips. `None` if the model has no alpha.
        """
        return self._mean(self._alpha) if "alpha" in self._attentions else None

    def beta(self) -> np.ndarray | None:
        """Mean beta of each class's clips over the time of a clip.

        Returns:
            `(classes, PARTS)`, from the first frame to the last one; 1 is the
            mean over a clip. `None` if the model has no beta.
        """
        return self._mean(self._beta) if "beta" in self._attentions else None

    def _count(self, clip: Clip) -> None:
        self._clips[clip.label] += 1
        if clip.alpha is not None:
            self._attentions.add("alpha")
            joints = self._alpha.shape[1]
            alpha = clip.alpha.reshape(-1, joints).mean(axis=0)
            self._alpha[clip.label] += alpha / max(alpha.mean(), 1e-9)
        if clip.beta is not None:
            self._attentions.add("beta")
            beta = clip.beta / max(clip.beta.mean(), 1e-9)
            frames = np.linspace(0, len(beta) - 1, PARTS)
            self._beta[clip.label] += np.interp(
                frames, np.arange(len(beta)), beta
            )

    def _mean(self, sums: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return sums / self._clips[:, None]


def _first(kept: list[Clip], clip: Clip, sign: int) -> list[Clip]:
    def key(x: Clip) -> tuple[float, int]:
        return sign * x.probability, x.number

    return sorted([*kept, clip], key=key)[:KEPT]
