"""A whole training on generated NTU-like recordings, from zip to metrics.

    python -m benchmarks.ntu_training

Nobody can download NTU RGB+D without registering, so this shows that the way is
open: 2,000 generated clips of 20 classes in one zip, read, prepared, trained by
Algorithm 1 with fewer iterations, and tested Cross-Subject. Then a few
iterations with the paper's batches of 256, from which the time of a whole
training on this machine is projected. Accuracy on generated recordings means
nothing beyond "it learns". Takes about 15 minutes on 2 cores. Writes
`benchmarks/results/ntu_training.json`.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

from absl import app, flags

from datasets.ntu.fake_recordings import write_fake_recordings
from stalstm import algorithm1
from stalstm import workdir as workdir_lib
from stalstm.recipes import ntu

ROOT = pathlib.Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/ntu_training.json"
LEARNING = {
    "batch_size": 64,
    "pretrain_iterations": 100,
    "n1": 100,
    "n2": 50,
    "warmup_iterations": 20,
}
TIMING = {"pretrain_iterations": 10, "n1": 10, "n2": 10}

_CLIPS = flags.DEFINE_integer("clips", 2000, "Recordings to generate.")
_CLASSES = flags.DEFINE_integer("classes", 20, "Actions among them.")


def main(_):
    with tempfile.TemporaryDirectory() as folder:
        raw = pathlib.Path(folder, "raw", "recordings.zip")
        raw.parent.mkdir()
        write_fake_recordings(raw, _CLIPS.value, _CLASSES.value)
        learning = train(folder, "learning", LEARNING)
        timing = train(folder, "timing", TIMING)
    # The second half of each stage: the first one compiles.
    per_iteration = {
        stage.name: seconds_per_iteration(timing["metrics"], stage.name)
        for stage in algorithm1.stages(ntu.RECIPE)
    }
    whole = sum(
        per_iteration[stage.name] * getattr(ntu.RECIPE, stage.iterations)
        for stage in algorithm1.stages(ntu.RECIPE)
    )
    workdir_lib.write_json(
        RESULTS,
        {
            "command": "python -m benchmarks.ntu_training",
            "clips": _CLIPS.value,
            "classes": _CLASSES.value,
            "settings": LEARNING,
            "accuracy": learning["accuracy"],
            "seconds": learning["seconds"],
            "peak_memory_mib": learning["peak_memory_mib"],
            "batch_256": {
                "seconds_per_iteration": per_iteration,
                "peak_memory_mib": timing["peak_memory_mib"],
            },
            "projected_hours_of_a_whole_training": whole / 3600,
            "versions": learning["config"]["versions"],
            "commit": learning["config"]["commit"],
        },
    )
    print(RESULTS.read_text())


def train(folder: str, name: str, settings: dict) -> dict:
    """One `train.py`; what it left, its time and its peak memory."""
    workdir = pathlib.Path(folder, name)
    begin = time.monotonic()
    process = subprocess.Popen(
        [
            sys.executable,
            "train.py",
            "--dataset=ntu",
            f"--raw_dir={folder}/raw",
            f"--data_dir={folder}/prepared",
            f"--workdir={workdir}",
            *(f"--set={name}={value}" for name, value in settings.items()),
        ],
        cwd=ROOT,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"train.py failed: {status}")
    return {
        "seconds": time.monotonic() - begin,
        "peak_memory_mib": usage.ru_maxrss / 1024,
        "accuracy": workdir_lib.read_json(workdir / "evaluation.json")[
            "accuracy"
        ],
        "config": workdir_lib.read_json(workdir / "config.json"),
        "metrics": workdir_lib.read_json(workdir / "metrics.json"),
    }


def seconds_per_iteration(metrics: list[dict], stage: str) -> float:
    records = [x for x in metrics if x["stage"] == stage]
    return sum(x["seconds"] for x in records) / records[-1]["iteration"]


if __name__ == "__main__":
    app.run(main)
