"""Keras models with the interface of all models that predict."""

import functools
import pathlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from stalstm import workdir
from stalstm.export import metadata as metadata_lib
from stalstm.export import signatures
from stalstm.layers.lstm_recurrence import cut_batch, number_of_parts
from stalstm.models.classifier import Classifier
from stalstm.runtime import client, litert

# In clips. What the network computes of more does not fit a core's cache.
LARGEST_PART = 16


class KerasModel:
    """A Keras model with the interface of all models that predict.

    Args:
        model: The model; the predictor owns it.
        metadata: Further JSON values about it, such as its training.
        batch_size: Maximum number of clips that are computed at once.
        compiled: Whether XLA compiles the whole prediction, a part of the
            batch for each core. Each new shape of a batch takes a second or
            two to compile, so this is for many batches of few shapes, on a
            CPU.
    """

    def __init__(
        self,
        model: Classifier,
        metadata: dict[str, Any] | None = None,
        batch_size: int = 32,
        compiled: bool = False,
    ):
        self.model = model
        self.metadata = {**metadata_lib.of_model(model), **(metadata or {})}
        self._batch_size = batch_size
        self._predict = (
            compile_prediction(model) if compiled else model.predict_on_batch
        )

    def predict(self, clips) -> dict[str, Any] | list[dict[str, Any]]:
        """Predicts the action of one clip, or of several in batches.

        See `stalstm.loading.load`.

        Raises:
            stalstm.runtime.litert.InputError: One of the clips is invalid.
        """
        checked, several = litert.check_each(clips, self._check)
        answers = []
        for first in range(0, len(checked), self._batch_size):
            batch = checked[first : first + self._batch_size]
            outputs = self._predict(client.padded(batch))
            outputs = {name: np.asarray(x) for name, x in outputs.items()}
            for number, clip in enumerate(batch):
                answer = {name: x[number] for name, x in outputs.items()}
                for name in self.model.attentions:
                    answer[name] = answer[name][: len(clip)]
                answers.append(self._labelled(answer))
        return answers if several else answers[0]

    def stream(self) -> litert.Stream:
        """A live stream, see `stalstm.runtime.litert.Stream`.

        Raises:
            stalstm.runtime.litert.ModelError: The model cannot stream.
        """
        if self.model.cannot_stream:
            raise litert.ModelError(
                "expected a model that takes one frame at a time. Received: "
                f"one that cannot: {self.model.cannot_stream}"
            )
        return _KerasStream(self, *self._step)

    @functools.cached_property
    def _step(self):
        """A traced step for all streams, and the size of its state."""
        state = signatures.PackedState(self.model)
        step = signatures.frame_function(self.model, state)
        return tf.function(step, autograph=False), state.size

    def _check(self, clip):
        model = self.model
        joints = len(model.skeleton.joints)
        return litert.check_clip(clip, model.bodies, joints, model.least_bodies)

    def _labelled(self, answer):
        best = int(np.argmax(answer["probabilities"]))
        return {
            "label": self.model.classes[best],
            "class_index": best,
            **answer,
        }


class _KerasStream(litert.Stream):
    def __init__(self, predictor: KerasModel, step, state_size: int):
        model = predictor.model
        joints = len(model.skeleton.joints)
        super().__init__(model.bodies, joints, state_size, model.least_bodies)
        self._labelled = predictor._labelled
        self._step = step

    def _call(self, values):
        outputs = self._step(*(tf.constant(x) for x in values.values()))
        return self._labelled({k: x.numpy()[0] for k, x in outputs.items()})


def load_keras(path: pathlib.Path, **options: Any) -> KerasModel:
    """The model of a workdir, or of a `.keras` file."""
    if path.suffix == ".keras":
        return KerasModel(
            keras.saving.load_model(path, compile=False), **options
        )
    trained = workdir.load(path)
    metadata = {"training": trained.records["config"]}
    return KerasModel(trained.model, metadata, **options)


def compile_prediction(model: Classifier) -> Callable[[dict], dict]:
    """A function from a model's inputs to its outputs, compiled by XLA.

    It is compiled anew for each shape of the inputs. `KerasModel` adds checks
    and labels to it; a benchmark times it alone, as the network of a peer.

    Args:
        model: The model; its recurrence is set to what XLA compiles best.
    """
    model.set_recurrence("xla_prediction")

    @tf.function(jit_compile=True, autograph=False)
    def whole(inputs):
        return model(inputs, training=False)

    @tf.function(autograph=False)
    def in_parts(inputs):
        parts = cut_batch(*inputs.values(), largest=LARGEST_PART)
        outputs = [whole(dict(zip(inputs, x, strict=True))) for x in parts]
        return tf.nest.map_structure(lambda *x: tf.concat(x, 0), *outputs)

    # A `tf.function` that is called takes a third of a millisecond to find
    # which of its graphs is meant: a sixth of the prediction of a clip.
    @functools.cache
    def compiled(shape):
        inputs = {
            "skeleton": tf.TensorSpec(shape, "float32"),
            "length": tf.TensorSpec(shape[:1], "int32"),
        }
        several = number_of_parts(shape[0], LARGEST_PART) > 1
        function = in_parts if several else whole
        return function.get_concrete_function(inputs)

    def predict(inputs):
        skeleton = tf.convert_to_tensor(inputs["skeleton"], "float32")
        length = tf.convert_to_tensor(inputs["length"], "int32")
        call = compiled(tuple(skeleton.shape))
        return call({"skeleton": skeleton, "length": length})

    return predict
