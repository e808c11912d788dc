"""Speed of training and prediction compared with the same network in PyTorch.

    python -m benchmarks.speed --raw_dir=~/SBU --peer=PEER/bin/python \\
        --peer_script=../shared/bench/peer_torch.py

The peer runs in a virtual environment of its own: `PEER/bin/python -m pip
install torch==2.13.0 numpy`. The two sides take turns, each with one and with
two threads, for several rounds in one run. What counts is the ratio of medians,
ours over the peer's, each side with the number of threads that suits it best.
In each round `train.py` also trains one fold of SBU, from raw recordings to
metrics. Takes a quarter of an hour or more on two cores, by their speed.
Writes `benchmarks/results/speed.json`.

Without --peer there are no ratios, and without --raw_dir no fold: the result
is then printed, but not written.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from absl import app, flags

from benchmarks import programs, rounds
from stalstm import files, machine
from stalstm.paths import DEFINE_path

RESULTS = programs.RESULTS / "speed.json"

# Shapes by the name that the peer gives them.
PEER_SHAPES = {"small": "sbu", "large": "ntu"}
THREADS = (1, 2)
MEASURED = (
    "train_step_ms",
    "predict_batch_ms",
    "predict_one_ms",
    "stream_frame_us",
)

_PEER = flags.DEFINE_string(
    "peer", None, "The peer's Python, which has PyTorch and NumPy."
)
_PEER_SCRIPT = DEFINE_path(
    "peer_script", None, "The peer's script, peer_torch.py."
)
_RAW_DIR = DEFINE_path(
    "raw_dir", None, "Folder of SBU's raw recordings, to train one fold."
)
_ROUNDS = flags.DEFINE_integer(
    "rounds", 5, "Number of rounds, in which all sides take turns."
)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    sides = {"ours": ours}
    if peer := peer_command():
        sides["peer"] = lambda shape: [[*peer, f"--shape={PEER_SHAPES[shape]}"]]
    if _RAW_DIR.value and not _RAW_DIR.value.exists():
        raise app.UsageError(
            "--raw_dir: expected a folder. Received: "
            f"{_RAW_DIR.value}, where there is none"
        )
    measured: dict[str, list[dict]] = {shape: [] for shape in PEER_SHAPES}
    folds: list[dict[str, Any]] = []
    for number in range(_ROUNDS.value):
        for shape in PEER_SHAPES:
            times = {
                f"{side}_{threads}": one_round(commands(shape), threads)
                for threads in THREADS
                for side, commands in sides.items()
            }
            measured[shape].append(times)
            print(f"round {number + 1}, {shape}: {times}", flush=True)
        if _RAW_DIR.value:
            folds.append(measure_fold(_RAW_DIR.value.absolute()))
            print(f"round {number + 1}, fold: {folds[-1]}", flush=True)
    result: dict[str, Any] = {
        "command": "python -m benchmarks.speed",
        "processor": machine.processor(),
        "rounds": _ROUNDS.value,
        **{shape: summary(x, list(sides)) for shape, x in measured.items()},
    }
    missing = [] if peer else ["ratios: --peer and --peer_script give them"]
    if folds:
        result["fold"] = summary_of_folds(folds)
        if peer:
            threads = result["small"]["train_step_peer"]["threads"]
            steps = [x[f"peer_{threads}"] for x in measured["small"]]
            result["fold"].update(beside_peer(folds, steps))
    else:
        missing.append("fold: --raw_dir gives it")
    print(json.dumps(result, indent=2))
    for what in missing:
        print(f"There is no {what}.")
    if missing:
        print(f"The result is not complete, so {RESULTS.name} is not written.")
    else:
        files.write_json(RESULTS, result)


def ours(shape: str) -> list[list[str]]:
    """Commands of our side."""
    command = [sys.executable, "-m", "benchmarks.speed_of_ours"]
    return [
        [*command, f"--shape={shape}", f"--what={what}"]
        for what in ("train", "predict")
    ]


def peer_command() -> list[str] | None:
    """Command of the peer, `None` without --peer.

    Raises:
        app.UsageError: The peer is not complete; says what is missing and how
            to get it.
    """
    python, script = _PEER.value, _PEER_SCRIPT.value
    if python is None and script is None:
        return None
    if python is None or script is None:
        raise app.UsageError("expected --peer and --peer_script. Received: one")
    if not script.is_file():
        raise app.UsageError(
            "--peer_script: expected the peer's script. Received: "
            f"{script}, where there is none"
        )
    found = shutil.which(os.path.expanduser(python))
    if found is None:
        raise app.UsageError(
            f"--peer: expected a Python. Received: {python}. Make one with\n"
            "  python -m venv PEER\n"
            "  PEER/bin/python -m pip install torch==2.13.0 numpy"
        )
    found = os.path.abspath(found)
    done = subprocess.run(
        [found, "-c", "import numpy, torch"], capture_output=True, text=True
    )
    if done.returncode:
        raise app.UsageError(
            f"--peer: expected PyTorch and NumPy. Install them with\n"
            f"  {found} -m pip install torch==2.13.0 numpy\n"
            f"Received: {done.stderr.splitlines()[-1]}"
        )
    return [found, str(script.absolute()), "--repeats=3"]


def one_round(commands: list[list[str]], threads: int) -> dict[str, float]:
    """One round of one side, in processes of its own."""
    measured = {}
    for command in commands:
        run = programs.run([*command, f"--threads={threads}"])
        measured.update(run.json())
    return measured


def summary(results: list[dict], sides: list[str]) -> dict[str, Any]:
    """What suits each side best; ratios; and the range of the rounds."""
    made: dict[str, Any] = {}
    for name in MEASURED:
        short, unit = name.rsplit("_", 1)
        best = {}
        for side in sides:
            by_threads = {
                threads: [x[f"{side}_{threads}"][name] for x in results]
                for threads in THREADS
            }
            _, threads = min(
                (statistics.median(x), threads)
                for threads, x in by_threads.items()
            )
            best[side] = by_threads[threads]
            made[f"{short}_{side}"] = {
                **rounds.spread(best[side], 3),
                "unit": unit,
                "threads": threads,
            }
        if "peer" in best:
            made[f"{short}_ratio"] = rounds.ratio(best["ours"], best["peer"], 3)
    threads = made["train_step_ours"]["threads"]
    steps = [x[f"ours_{threads}"]["train_step_ms"] for x in results]
    matmul = [
        min(x[f"ours_{n}"]["matmul_ms"] for n in THREADS) for x in results
    ]
    made["matmul_ms"] = rounds.spread(matmul, 3)
    made["train_step_over_matmul"] = rounds.ratio(steps, matmul, 2)
    return made


def summary_of_folds(folds: list[dict]) -> dict[str, Any]:
    """The medians, and the range of the seconds."""
    made = {
        name: round(statistics.median(x[name] for x in folds), 2)
        if isinstance(value, int | float)
        else value
        for name, value in folds[0].items()
    }
    return {**made, "seconds": rounds.spread([x["seconds"] for x in folds], 1)}


def beside_peer(folds: list[dict], steps: list[dict]) -> dict[str, Any]:
    """A whole fold over as many steps of the peer alone, of about its size.

    Args:
        folds: One of each round.
        steps: What the peer measured in the same rounds, with the small shape.
    """
    ours = [x["seconds"] for x in folds]
    peer = [
        x["iterations"] * y["train_step_ms"] / 1000
        for x, y in zip(folds, steps, strict=True)
    ]
    return {
        "peer_stepping": rounds.spread(peer, 1),
        "ratio": rounds.ratio(ours, peer, 3),
    }


def measure_fold(raw_dir: pathlib.Path) -> dict[str, Any]:
    """One fold of SBU by `train.py`, from raw recordings to metrics."""
    with tempfile.TemporaryDirectory() as folder:
        workdir = pathlib.Path(folder, "run")
        start = time.time()
        run = programs.train(
            "--dataset=sbu",
            "--fold=3",
            f"--raw_dir={raw_dir}",
            f"--data_dir={folder}/prepared",
            f"--workdir={workdir}",
        )
        config = files.read_json(workdir / "config.json")
        read = (workdir / "config.json").stat().st_mtime - start
        records = files.read_json(workdir / "metrics.json")
    stages: dict[str, list[dict]] = {}
    for record in records:
        stages.setdefault(record["stage"], []).append(record)
    # A record is of 100 iterations. The median one has no tracing in it.
    stepping = sum(
        len(x) * statistics.median(y["seconds"] for y in x)
        for x in stages.values()
    )
    training = sum(x["seconds"] for x in records)
    return {
        "seconds": round(run.seconds, 1),
        "importing_and_reading": round(read, 1),
        "tracing_and_compiling": round(training - stepping, 1),
        "stepping": round(stepping, 1),
        "rest": round(run.seconds - read - training, 1),
        "seconds_over_stepping": round(run.seconds / stepping, 2),
        "iterations": sum(x[-1]["iteration"] for x in stages.values()),
        "peak_memory_mib": round(run.peak_memory_mib),
        "versions": config["versions"],
        "commit": config["commit"],
    }


if __name__ == "__main__":
    app.run(main)
