"""Progress, metrics and checkpoints of a stage while it trains."""

import pathlib
import time
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
import tqdm

from stalstm import files, manifest

# Iterations between two records, and between two checkpoints.
PERIOD = 100
METRICS = "metrics.json"


class DivergedError(Exception):
    """A loss or a weight is no longer finite.

    Attributes:
        stage: Name of the stage.
        first, last: The iterations of which one made it so, from 1.
        clips: Numbers of the clips in their batches, in the training split;
            filled in by `training.train`.
    """

    def __init__(self, what: str, stage: str, first: int, last: int):
        super().__init__(what)
        self.stage = stage
        self.first = first
        self.last = last
        self.clips: list[int] = []

    def __str__(self):
        numbers = str(self.first)
        if self.last > self.first:
            numbers += f" to {self.last}"
        return f"{self.stage}, iteration {numbers}: {self.args[0]}"

    def explained(self, names: Sequence[str]) -> str:
        """The message, with the clips and what can be done.

        Args:
            names: Names of the clips of the training split.
        """
        clips = ", ".join(names[x] for x in self.clips)
        return (
            f"{self}, with the clips {clips}. What was trained before is kept "
            "in checkpoints. Try a smaller learning_rate, by --set and in "
            "another --workdir"
        )


class StageLog(keras.callbacks.Callback):
    """Progress, metrics and checkpoints of one stage.

    Every `PERIOD` iterations, the mean loss and accuracy since the last record
    are written to `metrics.json` and to TensorBoard's `logs/`, and weights,
    optimiser and dropout state to a checkpoint, which `resume` loads. A loss or
    a weight that is not finite ends the training: `DivergedError`.

    Args:
        workdir: Folder of the run.
        name: Name of the stage.
        iterations: Number of iterations of the stage.
        writes: Whether it writes anything. Of several processes that train
            together, one does.
    """

    def __init__(
        self,
        workdir: pathlib.Path,
        name: str,
        iterations: int,
        writes: bool = True,
    ):
        super().__init__()
        self.name = name
        self.iterations = iterations
        self.done = 0
        self._writes = writes
        self._workdir = workdir
        self._checkpoint = f"checkpoints/{name}.npz"
        self._records: list[dict] = []
        self._bar = tqdm.tqdm(disable=True)
        self._writer = tf.summary.create_noop_writer()
        if writes:
            self._writer = tf.summary.create_file_writer(
                str(workdir / "logs" / name)
            )

    def resume(self, model: keras.Model) -> int:
        """Loads the checkpoint of an interrupted run into a compiled model.

        Returns:
            Number of iterations that are done.
        """
        model.optimizer.build(model.trainable_variables)
        checkpoint = self._workdir / self._checkpoint
        if checkpoint.exists():
            with np.load(checkpoint) as values:
                for number, variable in enumerate(_variables(model)):
                    variable.assign(values[f"arr_{number}"])
            self.done = int(model.optimizer.iterations.numpy())
        metrics = self._workdir / METRICS
        if metrics.exists():
            self._records = [
                x
                for x in files.read_json(metrics)
                if x["stage"] != self.name or x["iteration"] <= self.done
            ]
        return self.done

    def remove_checkpoint(self) -> None:
        """Removes the checkpoint, now that the stage's model is saved."""
        manifest.remove(self._workdir, self._checkpoint)

    def check(self, model: keras.Model) -> None:
        """Checks that all weights are finite.

        Raises:
            DivergedError: One is not.
        """
        for weight in model.weights:
            value = keras.ops.convert_to_numpy(weight)
            if not np.all(np.isfinite(value)):
                raise DivergedError(
                    f"expected finite weights. Received: {weight.path}",
                    self.name,
                    self.done,
                    self.done,
                )

    def close(self) -> None:
        """Ends the progress bar and the logs, also where an error came."""
        self._bar.close()
        self._writer.close()

    def on_train_begin(self, logs=None):
        self._since = time.monotonic()
        self._bar = tqdm.tqdm(
            desc=self.name,
            total=self.iterations,
            initial=self.done,
            unit="it",
            disable=not self._writes,
        )

    def on_train_batch_end(self, batch, logs=None):
        before, at_once = self.done, self.model.steps_per_execution
        self.done += at_once
        self._bar.update(at_once)
        loss = float(logs["loss"])
        if not np.isfinite(loss):
            raise DivergedError(
                f"expected a finite loss. Received: {loss}",
                self.name,
                before + 1,
                self.done,
            )
        if self.done % PERIOD == 0 or self.done == self.iterations:
            self._record(logs)
            self.model.reset_metrics()

    def _record(self, logs):
        self.check(self.model)
        if not self._writes:
            return
        logs = {name: float(value) for name, value in logs.items()}
        self._bar.set_postfix(logs)
        with self._writer.as_default():
            for name, value in logs.items():
                tf.summary.scalar(name, value, step=self.done)
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        self._records.append(
            {
                "stage": self.name,
                "iteration": self.done,
                **logs,
                "seconds": round(seconds, 3),
            }
        )
        manifest.write_json(self._workdir, METRICS, self._records)
        values = map(keras.ops.convert_to_numpy, _variables(self.model))
        with manifest.replacing(self._workdir, self._checkpoint) as temporary:
            # Not HDF5, which on a full disk may end the process.
            np.savez(temporary, *values)


def _variables(model: keras.Model) -> list[keras.Variable]:
    """All that a training carries on, in an order that stays."""
    return [
        *model.non_trainable_variables,
        *model.trainable_variables,
        *model.optimizer.variables,
    ]
