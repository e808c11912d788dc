"""Speed and size of an exported model, compared with its network in PyTorch.

    python train.py --dataset=sbu --fold=1 --raw_dir=~/SBU
    python export.py --workdir=workdirs/sbu_fold_1_seed_0 \\
        --export_dir=exported --frames=40
    python -m benchmarks.serving_speed --model=exported/sbu/1 \\
        --litert=exported/litert/sbu/1 \\
        --peer="PYTHON peer_torch.py --threads=1"

The peer is a command that prints a line of JSON with `stream_frame_us` and
`predict_one_ms`, for a clip of 40 frames. The two sides take turns, and medians
are compared, since other programs on the machine slow down both. Each uses one
thread. The peer is the network alone; ours includes the preprocessing. Takes
about two minutes. Writes `benchmarks/results/serving.json`; without --peer the
result is printed, but not written.
"""

import functools
import json
import os
import pathlib
import shlex
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

# Set before importing TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")

import numpy as np
import tensorflow as tf
from absl import app, flags

from benchmarks import programs, rounds
from stalstm import files, machine
from stalstm.export.errors import ExportError
from stalstm.export.litert import PRECISIONS, check_installed
from stalstm.paths import DEFINE_path
from stalstm.runtime import litert

RESULTS = programs.RESULTS / "serving.json"
FRAMES = 40
ROUNDS = 7

_MODEL = DEFINE_path(
    "model",
    None,
    "Folder of one version of the SavedModel, such as exported/sbu/1.",
    required=True,
)
_LITERT = DEFINE_path(
    "litert",
    None,
    "Folder of its LiteRT files, such as exported/litert/sbu/1.",
    required=True,
)
_PEER = flags.DEFINE_string("peer", None, "Command that runs the peer.")

# Programs that load a model, given its path, bodies and joints.
LOAD = {
    "litert": """
from stalstm.runtime.litert import ClipModel
start = time.perf_counter()
model = ClipModel(sys.argv[1] + "/clip_float32.tflite")
model.predict(np.ones((40, *map(int, sys.argv[2:]), 3)))
""",
    "saved_model": """
import tensorflow as tf
start = time.perf_counter()
predict = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
shape = (1, 40, *map(int, sys.argv[2:]), 3)
predict(skeleton=tf.ones(shape), length=tf.constant([40]))["label"].numpy()
""",
}


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    model, folder = _MODEL.value.absolute(), _LITERT.value.absolute()
    try:
        check_installed()
        card = litert.read_metadata(folder)
        if not card["streams"]:
            raise litert.ModelError(
                "expected a model that streams. Received: one that does not: "
                f"{card['cannot_stream']}"
            )
        served = litert.read_metadata(model / "assets")
        shape = (card["bodies"], len(card["joints"]))
        clip_frames = litert.ClipModel(folder / "clip_float32.tflite").frames
    except (ExportError, litert.ModelError) as error:
        raise SystemExit(f"serving_speed: {error}") from None
    if clip_frames < FRAMES:
        raise app.UsageError(
            f"--litert: expected clip models of {FRAMES} frames or more: "
            f"export with --frames={FRAMES}. Received: {clip_frames}"
        )
    skeleton = np.random.default_rng(0).normal(size=(FRAMES, *shape, 3))
    skeleton = (0.3 * skeleton + 3).astype(np.float32)
    measures = {
        **saved_model_measures(model, skeleton),
        **litert_measures(folder, skeleton),
    }
    measured: dict[str, list[float]] = {name: [] for name in measures}
    peer: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            measured[name].append(measure())
        if _PEER.value:
            peer.append(programs.run(shlex.split(_PEER.value)).json())
    result = {
        "command": "python -m benchmarks.serving_speed",
        "processor": machine.processor(),
        "trained_at_commit": served["training"]["commit"],
        "versions": served["export_versions"],
        "clip_frames": FRAMES,
        # The clip models of LiteRT compute as many, whatever a clip's length.
        "litert_clip_frames": clip_frames,
        "rounds": ROUNDS,
        "microseconds": {
            name: rounds.spread(x, 1) for name, x in measured.items()
        },
        **(beside_peer(measured, peer) if peer else {}),
        "load_to_first_prediction_seconds": {
            "litert": load_seconds("litert", folder, shape),
            "saved_model": load_seconds("saved_model", model, shape),
        },
        "kibibytes": sizes(model, folder),
        "agreement": files.read_json(folder / "agreement.json"),
    }
    print(json.dumps(result, indent=2))
    if peer:
        files.write_json(RESULTS, result)
    else:
        print(f"Without --peer, {RESULTS.name} is not written.")


def saved_model_measures(
    path: pathlib.Path, skeleton: np.ndarray
) -> dict[str, Callable[[], float]]:
    """Functions that measure the microseconds of a clip, and of a frame."""
    loaded = tf.saved_model.load(str(path))
    clip = loaded.signatures["serving_default"]
    frame = loaded.signatures["frame"]
    clip_inputs = {
        "skeleton": tf.constant(skeleton[None]),
        "length": tf.constant([len(skeleton)]),
    }
    start = loaded.signatures["initial_state"](streams=tf.constant([0]))
    frame_inputs = {
        "frame": tf.constant(skeleton[:1]),
        "ended": tf.constant([0]),
        **start,
    }
    return {
        "saved_model clip": functools.partial(
            microseconds, functools.partial(clip, **clip_inputs), 20
        ),
        "saved_model frame": functools.partial(
            microseconds, functools.partial(frame, **frame_inputs), 100
        ),
    }


def litert_measures(
    folder: pathlib.Path, skeleton: np.ndarray
) -> dict[str, Callable[[], float]]:
    """The same for each LiteRT file, and for a frame through `FrameModel`."""
    measures: dict[str, Callable[[], float]] = {}
    for precision in PRECISIONS:
        for name in ("frame", "clip"):
            interpreter = filled(folder / f"{name}_{precision}.tflite")
            inner = 500 if name == "frame" else 10
            measures[f"{name}_{precision}"] = functools.partial(
                microseconds, interpreter.invoke, inner
            )
        model = litert.FrameModel(folder / f"frame_{precision}.tflite")
        measures[f"frame_{precision} from Python"] = functools.partial(
            microseconds,
            functools.partial(model.stream().step, skeleton[0]),
            500,
        )
    return measures


def filled(path: pathlib.Path):
    """An interpreter whose inputs are set: ones, and all frames in use."""
    # Not at the top, where a missing LiteRT would be a traceback.
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    for details in interpreter.get_input_details():
        value = np.ones(details["shape"], details["dtype"])
        if "length" in details["name"]:
            value[:] = FRAMES
        if "ended" in details["name"]:
            value[:] = 0
        interpreter.set_tensor(details["index"], value)
    interpreter.invoke()
    return interpreter


def microseconds(call: Callable[[], object], inner: int) -> float:
    """The mean of a number of calls, after as many to warm up."""
    for _ in range(inner):
        call()
    start = time.perf_counter()
    for _ in range(inner):
        call()
    return (time.perf_counter() - start) / inner * 1e6


def beside_peer(
    measured: dict[str, list[float]], peer: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the peer took, and the same predictions of ours over it.

    Args:
        measured: Microseconds of ours by name, one of each round.
        peer: What the peer printed in the same rounds.
    """
    clip = [x["predict_one_ms"] * 1000 for x in peer]
    frame = [x["stream_frame_us"] for x in peer]
    pairs = {
        "saved_model clip": clip,
        "clip_float32": clip,
        "saved_model frame": frame,
        "frame_float32": frame,
    }
    return {
        "peer_microseconds": {
            "clip": rounds.spread(clip, 1),
            "stream_frame": rounds.spread(frame, 1),
        },
        "over_peer": {
            name: rounds.ratio(measured[name], theirs, 2)
            for name, theirs in pairs.items()
        },
    }


def load_seconds(
    kind: str, path: pathlib.Path, shape: tuple[int, int]
) -> float:
    """Seconds from the file to the first answer, in a new process.

    Imports are not counted.
    """
    code = f"import json, sys, time\nimport numpy as np\n{LOAD[kind]}"
    code += 'print(json.dumps({"seconds": time.perf_counter() - start}))'
    command = [sys.executable, "-c", code, str(path), *map(str, shape)]
    seconds = [programs.run(command).json()["seconds"] for _ in range(3)]
    return round(statistics.median(seconds), 3)


def sizes(model: pathlib.Path, folder: pathlib.Path) -> dict[str, float]:
    """KiB of the SavedModel, and of each LiteRT file."""
    content = [x for x in model.rglob("*") if x.is_file()]
    bytes_of = {"saved_model": sum(x.stat().st_size for x in content)}
    for path in sorted(folder.glob("*.tflite")):
        bytes_of[path.name] = path.stat().st_size
    return {name: round(size / 1024, 1) for name, size in bytes_of.items()}


if __name__ == "__main__":
    app.run(main)
