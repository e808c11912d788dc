"""Short windows of a clip, and the decision that they take together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, clone


def windows(sequence: np.ndarray, size: int) -> np.ndarray:
    """All windows of consecutive frames.

    Args:
        sequence: `(frames, ...)`. The last frame of a sequence shorter than a
            window is repeated.
        size: Number of frames in a window.

    Returns:
        `(windows, size, ...)`.
    """
    if len(sequence) < size:
        missing = np.repeat(sequence[-1:], size - len(sequence), axis=0)
        sequence = np.concatenate([sequence, missing])
    starts = np.arange(len(sequence) - size + 1)
    return sequence[starts[:, None] + np.arange(size)]


class WindowVote(ClassifierMixin, BaseEstimator):
    """Classifies the windows of a clip; the clip's class has the highest sum.

    Clips are given as lists of `(windows, features)`.

    Args:
        classifier: Classifier of single windows, with a `decision_function`. It
            learns that each window shows the class of its clip.

    Attributes:
        classifier_: The fitted classifier.
        classes_: The labels.
    """

    def __init__(self, classifier: BaseEstimator):
        self.classifier = classifier

    def fit(self, clips: Sequence[np.ndarray], labels: ArrayLike):
        self.classifier_ = clone(self.classifier).fit(
            np.concatenate(clips), np.repeat(labels, [len(x) for x in clips])
        )
        self.classes_ = self.classifier_.classes_
        return self

    def predict(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        return self.classes_[[self._winner(clip) for clip in clips]]

    def _winner(self, clip: np.ndarray) -> int:
        scores = self.classifier_.decision_function(clip).sum(axis=0)
        # Of two classes, scikit-learn scores the second alone.
        return int(scores > 0) if scores.ndim == 0 else int(scores.argmax())
