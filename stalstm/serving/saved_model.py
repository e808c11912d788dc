"""The model as a SavedModel for TensorFlow Serving."""

import json
import pathlib
import tempfile
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from stalstm.serving import messages, signatures
from stalstm.serving.trained import Trained, describe


def write(
    trained: Trained, folder: pathlib.Path, name: str, skeleton: np.ndarray
) -> None:
    """Writes one version.

    Beside the signatures (see `signatures.server_signatures`) the folder has
    `assets/`: `labels.txt` and `joints.txt`, a name a line; `model.json`, what
    a client needs to know; `config.json`, `metrics.json`, `evaluation.json` of
    the training. `assets.extra/tf_serving_warmup_requests` holds a request to
    each signature, which a server answers before its clients ask.

    Args:
        trained: the model.
        folder: where to; made.
        name: that the server will know the model by.
        skeleton: `(frames, bodies, joints, 3)`, the clip of the warm-up.
    """
    module = tf.Module()
    module.weights = [x.value for x in trained.model.variables]
    functions = signatures.server_signatures(trained)
    with tempfile.TemporaryDirectory() as assets:
        for file, text in _assets(trained).items():
            pathlib.Path(assets, file).write_text(text)
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
        for record in _warm_up(trained, name, skeleton):
            writer.write(record.SerializeToString())


def _assets(trained):
    def lines(names):
        return "".join(f"{name}\n" for name in names)

    records = {"model": describe(trained), **trained.records}
    return {
        "labels.txt": lines(trained.labels),
        "joints.txt": lines(trained.joint_names),
        **{f"{x}.json": json.dumps(y, indent=2) for x, y in records.items()},
    }


def _mark_classify(folder):
    """The Classify API wants its method's name; TF 2 only writes Predict's."""
    updater = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(
        str(folder)
    )
    updater.replace_method_name("classify", tf.saved_model.CLASSIFY_METHOD_NAME)
    updater.save()


def _warm_up(
    trained, name, skeleton
) -> Iterator[prediction_log_pb2.PredictionLog]:
    state = np.zeros(
        (1, signatures.PackedState(trained.model).size), np.float32
    )
    clip = {
        "skeleton": skeleton[None],
        "length": np.array([len(skeleton)], np.int32),
    }
    inputs = {
        "serving_default": clip,
        "attend": clip,
        "initial_state": {"streams": np.array([0], np.int32)},
        "step": {
            "frame": skeleton[:1],
            "ended": np.array([False]),
            "state": state,
        },
    }
    for signature, values in inputs.items():
        record = prediction_log_pb2.PredictionLog()
        record.predict_log.request.CopyFrom(
            messages.predict_request(name, signature, values)
        )
        yield record
    record = prediction_log_pb2.PredictionLog()
    record.classify_log.request.CopyFrom(
        messages.classification_request(name, skeleton)
    )
    yield record
