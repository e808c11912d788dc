"""Speed of training and prediction beside the same network in PyTorch.

    python -m benchmarks.speed --raw_dir=~/SBU --peer=PEER/bin/python \\
        --peer_script=../shared/bench/peer_torch.py

The peer runs in a virtual environment of its own (`pip install torch==2.13.0
numpy`). Both sides alternate, each at the number of threads that suits it best,
several rounds in one run; what counts is the ratio of the medians, ours over
the peer's. The same run measures the time that a step's multiplications take
alone. Then one fold of Algorithm 1, as `train.py` runs it. About ten minutes.
Writes `benchmarks/results/speed.json`.
"""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

from absl import app, flags

from stalstm import workdir as workdir_lib

ROOT = pathlib.Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/speed.json"

# Clips, frames, joints, classes; and what the peer calls it.
SHAPES = {"small": (8, 40, 30, 8), "large": (256, 100, 50, 60)}
PEER_SHAPES = {"small": "sbu", "large": "ntu"}
MEASURED = ("train_step_ms", "predict_batch_ms", "predict_one_ms")
STREAM = "stream_frame_us"

_PEER = flags.DEFINE_string("peer", None, "Python that has PyTorch.")
_PEER_SCRIPT = flags.DEFINE_string("peer_script", None, "peer_torch.py")
_RAW_DIR = flags.DEFINE_string("raw_dir", None, "Of the SBU set, as train.py.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds of both sides.")
_OURS = flags.DEFINE_string("ours", None, "Used by the benchmark itself.")


def main(_):
    if _OURS.value:
        print(json.dumps(measure_ours(_OURS.value)))
        return
    rounds: dict[str, list[dict]] = {shape: [] for shape in SHAPES}
    for number in range(_ROUNDS.value):
        for shape in SHAPES:
            result = {
                f"{side}_{threads}": run(side, shape, threads)
                for threads in (1, 2)
                for side in ("ours", "peer")
            }
            rounds[shape].append(result)
            print(f"round {number + 1}, {shape}: {result}", flush=True)
    workdir_lib.write_json(
        RESULTS,
        {
            "command": "python -m benchmarks.speed",
            "processor": processor(),
            "rounds": _ROUNDS.value,
            **{shape: summary(results) for shape, results in rounds.items()},
            "fold": measure_fold(),
        },
    )
    print(RESULTS.read_text())


def run(side: str, shape: str, threads: int) -> dict[str, float]:
    """One round of one side in a process of its own."""
    if side == "peer":
        command = [_PEER.value, _PEER_SCRIPT.value]
        command += [f"--shape={PEER_SHAPES[shape]}", f"--threads={threads}"]
        command += ["--repeats=3"]
    else:
        command = [sys.executable, "-m", "benchmarks.speed", f"--ours={shape}"]
    environment = {
        **os.environ,
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
    }
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def summary(results: list[dict]) -> dict:
    """Medians at the best number of threads, ratios and their spread."""
    made: dict = {}
    for name in (*MEASURED, STREAM):
        short = name.rsplit("_", 1)[0]
        sides = {}
        for side in ("ours", "peer"):
            by_threads = {
                threads: [x[f"{side}_{threads}"][name] for x in results]
                for threads in (1, 2)
            }
            best = min(
                by_threads, key=lambda x: statistics.median(by_threads[x])
            )
            sides[side] = by_threads[best]
            made[f"{short}_{side}"] = {
                "median": statistics.median(by_threads[best]),
                "unit": name.rsplit("_", 1)[1],
                "least": min(by_threads[best]),
                "most": max(by_threads[best]),
                "threads": best,
            }
        ours, peer = sides["ours"], sides["peer"]
        made[f"{short}_ratio"] = round(
            statistics.median(ours) / statistics.median(peer), 3
        )
        pairs = [x / y for x, y in zip(ours, peer, strict=True)]
        made[f"{short}_ratio_spread"] = [
            round(min(pairs), 3),
            round(max(pairs), 3),
        ]
    matmul = statistics.median(
        min(x[f"ours_{n}"]["matmul_ms"] for n in (1, 2)) for x in results
    )
    made["matmul_ms"] = matmul
    made["train_step_over_matmul"] = round(
        made["train_step_ours"]["median"] / matmul, 2
    )
    return made


def measure_fold() -> dict:
    """One fold of SBU by `train.py`, from raw files to metrics."""
    with tempfile.TemporaryDirectory() as temporary:
        workdir = pathlib.Path(temporary) / "run"
        command = [sys.executable, "train.py", "--dataset=sbu", "--fold=3"]
        command += [f"--raw_dir={_RAW_DIR.value}", f"--data_dir={temporary}"]
        begin = time.time()
        with open(os.devnull, "w") as null:
            process = subprocess.Popen(
                [*command, f"--workdir={workdir}"],
                cwd=ROOT,
                stdout=null,
                stderr=null,
            )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"train.py failed: {command}")
        wall = time.time() - begin
        config = workdir_lib.read_json(workdir / "config.json")
        read = (workdir / "config.json").stat().st_mtime - begin
        records = workdir_lib.read_json(workdir / "metrics.json")
    stages: dict[str, list[dict]] = {}
    for record in records:
        stages.setdefault(record["stage"], []).append(record)
    # A record is 100 iterations; that of the median one is free of tracing.
    stepping = sum(
        len(x) * statistics.median(y["seconds"] for y in x)
        for x in stages.values()
    )
    training = sum(x["seconds"] for x in records)
    return {
        "seconds": round(wall, 1),
        "importing_and_reading": round(read, 1),
        "tracing_and_compiling": round(training - stepping, 1),
        "stepping": round(stepping, 1),
        "rest": round(wall - read - training, 1),
        "seconds_over_stepping": round(wall / stepping, 2),
        "iterations": sum(x[-1]["iteration"] for x in stages.values()),
        "peak_memory_mib": round(usage.ru_maxrss / 1024),
        "versions": config["versions"],
        "commit": config["commit"],
    }


def processor() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':')[1].strip()}, {os.cpu_count()} cores"
    return platform.processor()


def measure_ours(shape: str) -> dict[str, float]:
    """Medians of this project's steps, as the peer's script measures its."""
    # Here, so that the process that compares the sides does not load it.
    import keras
    import numpy as np
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    from stalstm import algorithm1
    from stalstm.layers.recurrence import compiled, recurrence
    from stalstm.model import STALSTM
    from stalstm.recipes import sbu
    from stalstm.serving import litert

    batch, frames, joints, classes = SHAPES[shape]
    rng = np.random.default_rng(0)
    clips = {
        "skeleton": rng.normal(size=(batch, frames, 1, joints, 3)).astype("f4"),
        "length": np.full(batch, frames, "int32"),
    }
    labels = rng.integers(0, classes, batch)
    recipe = sbu.RECIPE
    model = STALSTM(
        classes,
        bodies=1,
        joints=joints,
        dropout=recipe.dropout,
        lambda1=recipe.lambda1,
        lambda2=recipe.lambda2,
        lambda3=recipe.lambda3,
    )
    model.build()
    algorithm1.compile_model(model, recipe, iterations=10**6)
    # A stage has 500 iterations or more: its beginning does not count.
    steps = 200 if shape == "small" else 10
    options = tf.data.Options()
    options.autotune.enabled = False  # as in training
    data = tf.data.Dataset.from_tensors((clips, labels)).repeat()
    data = data.with_options(options)

    def fit(number):
        model.fit(data, steps_per_epoch=number, shuffle=False, verbose=0)

    def median_ms(call, number, repeats=3):
        call()
        times = []
        for _ in range(repeats):
            begin = time.perf_counter()
            for _ in range(number):
                call()
            times.append((time.perf_counter() - begin) / number * 1e3)
        return statistics.median(times)

    result = {}
    with recurrence("auto"):
        fit(10)  # compiles
        result["train_step_ms"] = median_ms(lambda: fit(steps), 1) / steps
    predict = compiled(model)
    everything = keras.tree.map_structure(tf.constant, clips)
    one = keras.tree.map_structure(lambda x: x[:1], everything)
    result["predict_batch_ms"] = median_ms(
        lambda: predict(everything)["logits"].numpy(), max(steps // 4, 1)
    )
    result["predict_one_ms"] = median_ms(
        lambda: predict(one)["logits"].numpy(), 50
    )
    # A stream is served by LiteRT.
    content = litert.convert(*litert.step_signature(model), model, "float32")
    stream = Interpreter(model_content=content, num_threads=1)
    stream.allocate_tensors()
    result[STREAM] = median_ms(stream.invoke, 500) * 1e3
    result["matmul_ms"] = median_ms(multiplications(tf, shape), 5)
    return result


def multiplications(tf, shape: str):
    """A training step's matrix products, and nothing else.

    Forward, one each of the inputs of all frames and, frame by frame, of the
    hidden variables; backward twice as many.
    """
    batch, frames, joints, classes = SHAPES[shape]
    rows, units = batch * frames, 100
    sizes = [
        *[(rows, 3 * joints, 4 * units)] * 3,
        *[(rows, units, 4 * units)] * 2,
        (rows, 3 * joints + units, units),
        (rows, units, joints),
        (rows, 3 * joints + units, 1),
        (rows, units, classes),
    ]
    wide = [(tf.ones(x[:2]), tf.ones(x[1:])) for x in sizes]
    first, recurrent = tf.ones((batch, units)), tf.ones((units, 4 * units))

    @tf.function(jit_compile=True)
    def multiply(wide, hidden, recurrent):
        total = sum(tf.matmul(a, b)[0, 0] for a, b in wide * 3)
        for _ in tf.range(5 * 3 * frames):
            # Each needs the one before, as in the recurrence.
            hidden = tf.matmul(hidden, recurrent)[:, :units] * 1e-3
        return total + hidden[0, 0]

    return lambda: multiply(wide, first, recurrent).numpy()


if __name__ == "__main__":
    app.run(main)
