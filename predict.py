"""Predicts the actions of raw recordings, with a model in any form.

    python predict.py ~/SBU/s01s02/03/001           the model that comes along
    python predict.py --model=workdirs/sbu_fold_3_seed_0 ~/SBU/s01s02/03/001
    python predict.py --model=exported/litert/sbu RECORDING ...
    python predict.py --model=exported/litert/sbu --stream RECORDING
    python predict.py --model=sbu --server=localhost:8500 RECORDING
    python predict.py --model=workdirs/sbu_fold_3_seed_0 --split=fold_3
    python predict.py --send=localhost:8765 RECORDING     to a live page

A recording is a raw file of a data set in `datasets/`, a folder or a zip of
them; or your own, a file or a folder (docs/own_data.md). With `--split` the
model is evaluated on a split of its prepared data.
"""

import json
import os
from typing import Any

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from absl import app, flags, logging

import stalstm
from datasets import reading
from datasets.raw import RawDataError
from stalstm.loading import LoadError
from stalstm.runtime.errors import ServingError
from stalstm.runtime.litert import InputError, ModelError

BATCH = 256

_MODEL = flags.DEFINE_string(
    "model",
    "sbu",
    "A workdir, a .keras file, an exported folder, a LiteRT file, or the name "
    "of a model that comes with the repository; with --server its name there.",
)
_SERVER = flags.DEFINE_string(
    "server",
    None,
    "Server that has the model: host:port for gRPC, http://host:port for REST.",
)
_DATASET = reading.DEFINE_dataset()
_STREAM = flags.DEFINE_bool(
    "stream", False, "Print the answer after every frame."
)
_JSON = flags.DEFINE_bool(
    "json", False, "Print JSON, one line an answer, attentions included."
)
_SPLIT = flags.DEFINE_string(
    "split", None, "Evaluate on this split of the prepared data, e.g. fold_3."
)
_DATA_DIR = reading.DEFINE_data_dir()
_SEND = flags.DEFINE_string(
    "send",
    None,
    "Instead of predicting, send the frames to every live page that connects "
    "to this host:port, as fast as they were recorded. Needs the extra live.",
)
_TIMEOUT = flags.DEFINE_float(
    "timeout", 10.0, "Seconds to wait for a server's answer.", lower_bound=0.001
)


def main(argv):
    logging.set_verbosity(logging.ERROR)  # TFDS logs warnings about itself
    recordings = argv[1:]
    if bool(recordings) == bool(_SPLIT.value):
        raise app.UsageError("expected recordings, or --split.")
    try:
        model = open_model()
        if _SPLIT.value:
            evaluate(model)
            return
        readers = reading.readers(_DATASET.value, training(model))
        clips = [
            clip for path in recordings for clip in reading.read(path, readers)
        ]
        if _SEND.value:
            send(clips, readers[0].rate)
            return
        predict = follow if _STREAM.value else predict_all
        predict(model, clips)
    except (
        InputError,
        LoadError,
        ModelError,
        OSError,
        RawDataError,
        ServingError,
    ) as error:
        raise SystemExit(f"predict.py: {error}") from None


def open_model() -> Any:
    """The model, see `stalstm.load`."""
    if _SERVER.value:
        return stalstm.connect(
            _SERVER.value, _MODEL.value, timeout=_TIMEOUT.value
        )
    return stalstm.load(_MODEL.value)


def predict_all(model, clips: list[tuple[str, np.ndarray]]) -> None:
    """Prints a line for each clip."""
    width = max(len(name) for name, _ in clips)
    for first in range(0, len(clips), BATCH):
        batch = clips[first : first + BATCH]
        answers = iter(model.predict([x for _, x in batch if len(x)]))
        for name, skeleton in batch:
            # In a recording without frames nobody was tracked.
            show(name, next(answers) if len(skeleton) else None, width)


def follow(model, clips: list[tuple[str, np.ndarray]]) -> None:
    """Prints a line for each frame, and one for the whole clip."""
    for name, skeleton in clips:
        if not len(skeleton):
            show(name, None)
            continue
        stream = model.stream()
        for number, frame in enumerate(skeleton, start=1):
            show(f"{name}, frame {number:3}", stream.step(frame))
        show(f"{name}, all", stream.finish())


def send(clips: list[tuple[str, np.ndarray]], rate: float) -> None:
    """Sends the clips to live pages, until it is interrupted."""
    from stalstm.runtime import sender

    try:
        sender.serve(_SEND.value, [x for _, x in clips], rate)
    except ValueError as error:
        raise app.UsageError(f"--send: {error}") from None


def show(name: str, answer: dict[str, Any] | None, width: int = 0) -> None:
    """Prints an answer: a line to read, or JSON.

    Args:
        name: Name of the clip, or of its frame.
        answer: The answer; `None` if there was no frame to answer about.
        width: Width of the names.
    """
    if _JSON.value:
        values = {
            key: x.tolist() if isinstance(x, np.ndarray | np.generic) else x
            for key, x in (answer or {"label": None}).items()
        }
        print(json.dumps({"clip": name, **values}), flush=True)
        return
    text = "nobody in the recording"
    # With smoothing, the first frames of a stream have no answer yet.
    if answer and not answer.get("frames", 1):
        text = "..."
    elif answer:
        text = f"{answer['label']}  {max(answer['probabilities']):.1%}"
    print(f"{name:{width}}  {text}", flush=True)


def evaluate(model) -> None:
    """Prints the evaluation of the model on a split of the prepared data.

    Raises:
        LoadError: The data is not there.
    """
    from stalstm import evaluation, prepared

    clips = prepared.clips(training(model), _SPLIT.value, _DATA_DIR.value)
    labels: list[int] = []
    predicted: list[int] = []
    batch: list[np.ndarray] = []
    longest = 0

    def flush():
        predicted.extend(x["class_index"] for x in model.predict(batch))
        batch.clear()

    for clip in clips:
        labels.append(clip.label)
        longest = max(longest, len(clip.skeleton))
        batch.append(clip.skeleton)
        if len(batch) == BATCH:
            flush()
    flush()
    result = evaluation.report(
        labels, predicted, longest, model.metadata["labels"]
    )
    print(json.dumps(result) if _JSON.value else evaluation.table(result))


def training(model) -> dict[str, Any]:
    """What is known about the model's training; a server provides nothing."""
    metadata = getattr(model, "metadata", None) or {}
    return metadata.get("training", {})


if __name__ == "__main__":
    app.run(main)
