"""Speed and size of an exported model, beside the same network in PyTorch.

    python export.py --workdir=workdirs/sbu_fold_1_seed_0 --export_dir=exported
    python -m benchmarks.serving_speed --model=exported/sbu/1 \
        --litert=exported/litert/sbu/1 \
        --peer="PYTHON peer_torch.py --threads=1"

The peer is a command that prints a line of JSON with `stream_frame_us` and
`predict_one_ms` (a clip of 40 frames). Ours and the peer take turns, and
medians are compared: other programs on the machine slow both. One thread each.
The peer does the network alone; ours does smoothing, order and origin, too.
About two minutes. Writes `benchmarks/results/serving.json`.
"""

import functools
import json
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys
import time

# Before TensorFlow is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")

import numpy as np
import tensorflow as tf
from absl import app, flags
from ai_edge_litert.interpreter import Interpreter

from stalstm import files
from stalstm.export.litert import PRECISIONS
from stalstm.runtime.litert import FrameModel

RESULTS = pathlib.Path(__file__).parent / "results/serving.json"
FRAMES = 40
ROUNDS = 7

_MODEL = flags.DEFINE_string(
    "model", None, "A version of the SavedModel.", required=True
)
_LITERT = flags.DEFINE_string(
    "litert", None, "Folder of its LiteRT files.", required=True
)
_PEER = flags.DEFINE_string("peer", None, "Command of the peer.")

LOAD = {
    "litert": """
from stalstm.runtime.litert import ClipModel
start = time.perf_counter()
model = ClipModel(sys.argv[1] + "/clip_float32.tflite")
model.predict(np.ones((40, 2, 15, 3)))
""",
    "saved_model": """
import tensorflow as tf
start = time.perf_counter()
predict = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
predict(
    skeleton=tf.ones((1, 40, 2, 15, 3)), length=tf.constant([40])
)["label"].numpy()
""",
}


def main(_):
    model, folder = pathlib.Path(_MODEL.value), pathlib.Path(_LITERT.value)
    skeleton = np.random.default_rng(0).normal(size=(FRAMES, 2, 15, 3))
    skeleton = (0.3 * skeleton + 3).astype(np.float32)
    measures = {
        **saved_model_measures(model, skeleton),
        **litert_measures(folder, skeleton),
    }
    rounds: dict[str, list[float]] = {name: [] for name in measures}
    peer: list[dict] = []
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            rounds[name].append(measure())
        if _PEER.value:
            command = shlex.split(_PEER.value)
            output = subprocess.run(
                command, capture_output=True, text=True, check=True
            ).stdout
            peer.append(json.loads(output))
    result = {
        "command": "python -m benchmarks.serving_speed",
        "processor": processor(),
        "trained_at_commit": files.read_json(model / "assets/config.json")[
            "commit"
        ],
        "versions": files.read_json(model / "assets/model.json")[
            "export_versions"
        ],
        "clip_frames": FRAMES,
        "microseconds": {
            name: round(statistics.median(x), 1) for name, x in rounds.items()
        },
        "peer_microseconds": {
            "stream_frame": median(peer, "stream_frame_us", 1),
            "clip": median(peer, "predict_one_ms", 1000),
        },
        "load_to_first_prediction_seconds": {
            "litert": load_seconds("litert", folder),
            "saved_model": load_seconds("saved_model", model),
        },
        "kibibytes": sizes(model, folder),
        "agreement": files.read_json(folder / "agreement.json"),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    files.write_json(RESULTS, result)
    print(json.dumps({**result, "agreement": "..."}, indent=2))


def saved_model_measures(path, skeleton):
    """Functions that return the microseconds of a clip, and of a frame."""
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


def litert_measures(folder, skeleton):
    """The same for each LiteRT file, and for a frame from Python."""
    measures = {}
    for precision in PRECISIONS:
        for name in ("frame", "clip"):
            interpreter = filled(folder / f"{name}_{precision}.tflite")
            inner = 500 if name == "frame" else 10
            measures[f"{name}_{precision}"] = functools.partial(
                microseconds, interpreter.invoke, inner
            )
        stream = FrameModel(folder / f"frame_{precision}.tflite").stream()
        measures[f"frame_{precision} from Python"] = functools.partial(
            microseconds, functools.partial(stream.step, skeleton[0]), 500
        )
    return measures


def filled(path):
    """An interpreter whose inputs are there: ones, all frames in use."""
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


def microseconds(call, inner):
    for _ in range(inner):  # until caches and threads are warm
        call()
    start = time.perf_counter()
    for _ in range(inner):
        call()
    return (time.perf_counter() - start) / inner * 1e6


def median(peer, name, factor):
    """Of the peer's answers; `None` without a peer."""
    if not peer:
        return None
    return round(statistics.median(x[name] for x in peer) * factor, 1)


def load_seconds(kind, path):
    """From the file to the first answer, in a new process; without imports."""
    code = f"import sys, time\nimport numpy as np\n{LOAD[kind]}"
    code += "print(time.perf_counter() - start)"
    seconds = []
    for _ in range(3):
        output = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        seconds.append(float(output))
    return round(statistics.median(seconds), 3)


def sizes(model, folder):
    files = {x.name: x.stat().st_size for x in sorted(folder.glob("*.tflite"))}
    whole = sum(x.stat().st_size for x in model.rglob("*") if x.is_file())
    return {
        name: round(size / 1024, 1)
        for name, size in {"saved_model": whole, **files}.items()
    }


def processor():
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                return f"{name}, {os.cpu_count()} cores"
    return platform.machine()


if __name__ == "__main__":
    app.run(main)
