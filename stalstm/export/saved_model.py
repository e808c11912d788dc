"""The model as a SavedModel for TensorFlow Serving."""

import json
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from stalstm import manifest
from stalstm.export import metadata, signatures
from stalstm.models.classifier import Classifier
from stalstm.runtime import messages
from stalstm.runtime.client import ServedModel
from stalstm.runtime.errors import ServingError
from stalstm.runtime.litert import ModelError, read_metadata
from stalstm.workdir import Trained


def write(
    trained: Trained, folder: pathlib.Path, name: str, skeleton: np.ndarray
) -> None:
    """Writes one version.

    Next to the signatures (see `signatures.server_signatures`) the folder has
    `assets/`: `labels.txt` and `joints.txt`, a name a line; `model.json`, what
    a client needs to know; `config.json`, `metrics.json`, `evaluation.json` of
    the training. `assets.extra/tf_serving_warmup_requests` holds a request to
    each signature, which a server answers before its clients ask. `seal` adds
    the checksums.

    Args:
        trained: The model and the records of its training.
        folder: The new folder.
        name: Name of the model on the server.
        skeleton: `(frames, bodies, joints, 3)`, the clip of the warm-up.
    """
    module = tf.Module()
    module.weights = [x.value for x in trained.model.weights]
    functions = signatures.server_signatures(trained.model)
    with tempfile.TemporaryDirectory() as assets:
        for file, text in _assets(trained).items():
            pathlib.Path(assets, file).write_text(text, encoding="utf-8")
        module.assets = [
            tf.saved_model.Asset(str(x))
            for x in sorted(pathlib.Path(assets).iterdir())
        ]
        tf.saved_model.save(module, str(folder), signatures=functions)
    _mark_classify(folder)
    extra = folder / "assets.extra"
    extra.mkdir()
    path = extra / "tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in _warm_up(trained.model, name, skeleton):
            writer.write(record.SerializeToString())


def _assets(trained):
    def lines(names):
        return "".join(f"{name}\n" for name in names)

    card = metadata.describe(trained)
    records = {
        **trained.records,
        "model": card,
        "config": card["training"],
    }
    return {
        "labels.txt": lines(card["labels"]),
        "joints.txt": lines(card["joints"]),
        **{f"{x}.json": json.dumps(y, indent=2) for x, y in records.items()},
    }


def _mark_classify(folder):
    """Names the method of the Classify API; TF 2 only writes Predict's."""
    updater = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(
        str(folder)
    )
    updater.replace_method_name("classify", tf.saved_model.CLASSIFY_METHOD_NAME)
    updater.save()


def _warm_up(
    model: Classifier, name: str, skeleton: np.ndarray
) -> Iterator[Any]:
    clip = {
        "skeleton": skeleton[None],
        "length": np.array([len(skeleton)], np.int32),
    }
    inputs = {"serving_default": clip, "attend": clip}
    if model.cannot_stream is None:
        size = signatures.PackedState(model).size
        inputs["initial_state"] = {"streams": np.array([0], np.int32)}
        inputs["frame"] = {
            "frame": skeleton[:1],
            "ended": np.array([0], np.int32),
            "state": np.zeros((1, size), np.float32),
        }
    for signature, values in inputs.items():
        record = messages.PredictionLog()
        record.predict_log.request.CopyFrom(
            messages.predict_request(name, signature, values)
        )
        yield record
    record = messages.PredictionLog()
    record.classify_log.request.CopyFrom(
        messages.classification_request(name, skeleton)
    )
    yield record


def seal(folder: pathlib.Path) -> None:
    """Lists the files of a version with their checksums, see `manifest`."""
    manifest.add(folder, [x for x in folder.rglob("*") if x.is_file()])


def load(folder: pathlib.Path) -> ServedModel:
    """Opens an exported SavedModel in this process, without a server.

    Args:
        folder: One version, such as `exported/sbu/1`.

    Raises:
        ModelError: The folder was not written by `export.py` of this version,
            or a file of it is damaged or missing.
    """
    for name, expected, received in manifest.damaged(folder):
        raise ModelError(
            f"{folder / name}: expected {expected}. Received: {received}; copy "
            "or export the model again"
        )
    card = read_metadata(folder / "assets")
    return ServedModel(_Loaded(folder), metadata=card)


class _Loaded:
    """A `client.Transport` that calls the signatures directly."""

    def __init__(self, folder):
        try:
            self._loaded = tf.saved_model.load(str(folder))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise ModelError(
                f"{folder}: expected a SavedModel that export.py wrote. "
                f"Received: {error}"
            ) from None

    def shapes(self):
        return {
            name: {
                key: tuple(x.shape)
                for key, x in function.structured_input_signature[1].items()
            }
            for name, function in self._loaded.signatures.items()
        }

    def predict(self, signature, inputs):
        function = self._loaded.signatures[signature]
        try:
            outputs = function(**{x: tf.constant(y) for x, y in inputs.items()})
        except tf.errors.InvalidArgumentError as error:
            raise ServingError(error.message) from None
        return {name: x.numpy() for name, x in outputs.items()}
