"""Accuracy on a split during a training, which chooses nothing."""

import pathlib
from collections.abc import Sequence

import keras
import tensorflow as tf

from stalstm import evaluation, files, manifest

FILE = "curve.json"


class AccuracyCurve(keras.callbacks.Callback):
    """Evaluates a model every so many iterations and writes `curve.json`.

    Much of the literature reports the best of these accuracies on the test
    split. Here they are only recorded: the training is the same without them.

    Args:
        workdir: Folder of the run.
        batches: The clips of the split, from
            `input_pipeline.evaluation_batches`.
        classes: Names of the classes, in the order of the labels.
        every: Number of iterations between two evaluations.
    """

    def __init__(
        self,
        workdir: pathlib.Path,
        batches: tf.data.Dataset,
        classes: Sequence[str],
        every: int,
    ):
        super().__init__()
        self.every = every
        self._workdir = workdir
        self._batches = batches
        self._classes = classes
        self._stage = ""
        self._points: list[dict] = []

    def begin(self, stage: str, done: int) -> None:
        """Begins or resumes a stage of which some iterations are done."""
        self._stage = stage
        path = self._workdir / FILE
        if path.exists():
            self._points = [
                x
                for x in files.read_json(path)
                if x["stage"] != stage or x["iteration"] <= done
            ]

    def on_train_batch_end(self, batch, logs=None):
        iteration = int(self.model.optimizer.iterations.numpy())
        if iteration % self.every:
            return
        weights = self.model.get_weights()
        # With a running average, the stage would end with it.
        self.model.optimizer.finalize_variable_values(
            self.model.trainable_variables
        )
        result = evaluation.evaluate(self.model, self._batches, self._classes)
        self.model.set_weights(weights)
        self._points.append(
            {
                "stage": self._stage,
                "iteration": iteration,
                "accuracy": result["accuracy"],
            }
        )
        manifest.write_json(self._workdir, FILE, self._points)
