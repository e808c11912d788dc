"""Progress, metrics and checkpoints of a stage while it trains."""

import pathlib
import time

import keras
import tensorflow as tf
import tqdm

from stalstm import files

# Iterations between two records, and between two checkpoints.
PERIOD = 100


class StageLog(keras.callbacks.Callback):
    """Progress, metrics and checkpoints of one stage.

    Every `PERIOD` iterations, the mean loss and accuracy since the last record
    are written to `metrics.json` and to TensorBoard's `logs/`, and weights,
    optimiser and dropout state to a checkpoint, which `resume` loads.

    Args:
        workdir: Folder of the run.
        name: Name of the stage.
        iterations: Number of iterations of the stage.
    """

    def __init__(self, workdir: pathlib.Path, name: str, iterations: int):
        super().__init__()
        self.name = name
        self.iterations = iterations
        self.done = 0
        self._checkpoint = workdir / "checkpoints" / f"{name}.weights.h5"
        self._metrics = workdir / "metrics.json"
        self._records: list[dict] = []
        self._writer = tf.summary.create_file_writer(
            str(workdir / "logs" / name)
        )

    def resume(self, model: keras.Model) -> int:
        """Loads the checkpoint of an interrupted run into a compiled model.

        Returns:
            Number of iterations that are done.
        """
        model.optimizer.build(model.trainable_variables)
        if self._checkpoint.exists():
            model.load_weights(self._checkpoint)
            self.done = int(model.optimizer.iterations.numpy())
        if self._metrics.exists():
            self._records = [
                x
                for x in files.read_json(self._metrics)
                if x["stage"] != self.name or x["iteration"] <= self.done
            ]
        return self.done

    def remove_checkpoint(self) -> None:
        """Removes the checkpoint, now that the stage's model is saved."""
        self._checkpoint.unlink(missing_ok=True)

    def on_train_begin(self, logs=None):
        self._since = time.monotonic()
        self._bar = tqdm.tqdm(
            desc=self.name,
            total=self.iterations,
            initial=self.done,
            unit="it",
        )

    def on_train_batch_end(self, batch, logs=None):
        self.done += self.model.steps_per_execution
        self._bar.update(self.model.steps_per_execution)
        if self.done % PERIOD == 0 or self.done == self.iterations:
            self._record(logs)
            self.model.reset_metrics()

    def on_train_end(self, logs=None):
        self._bar.close()
        self._writer.close()

    def _record(self, logs):
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
        files.write_json(self._metrics, self._records)
        with files.replacing(self._checkpoint) as temporary:
            self.model.save_weights(temporary)
