"""A whole training on generated NTU-like recordings, from zip to metrics.

    python -m benchmarks.ntu_training

Downloading NTU RGB+D needs a registration, so this shows on generated clips
that the whole way works: 2,000 clips of 20 classes in one zip are read,
prepared, trained on by Algorithm 1 with fewer iterations, and tested
Cross-Subject. Two short trainings with the paper's batches of 256 then tell the
time of an iteration, from which the time of a whole training on this machine is
projected. Accuracy on generated recordings means nothing beyond "it learns".
Takes about 10 minutes on two cores. Writes
`benchmarks/results/ntu_training.json`.
"""

import pathlib
import tempfile
from typing import Any

from absl import app, flags

from benchmarks import programs
from datasets.ntu.fake_recordings import write_fake_recordings
from stalstm import algorithm1, files, machine
from stalstm.recipes import ntu

RESULTS = programs.RESULTS / "ntu_training.json"
LEARNING = {
    "batch_size": 64,
    "pretrain_iterations": 100,
    "n1": 100,
    "n2": 50,
    "warmup_iterations": 20,
}
# Iterations of each stage in two trainings. Their difference has no tracing,
# and compiling only for clip lengths that the shorter one has not met.
SHORT, LONGER = 10, 30


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_fake_recordings(
            folder / "raw" / "recordings.zip", CLIPS.value, CLASSES.value
        )
        learning = train(folder, "learning", LEARNING)
        per_iteration, peak_memory_mib = iterations_of_each_stage(folder)
    files.write_json(
        RESULTS,
        {
            "command": "python -m benchmarks.ntu_training",
            "processor": machine.processor(),
            "clips": CLIPS.value,
            "classes": CLASSES.value,
            "settings": LEARNING,
            "accuracy": learning["accuracy"],
            "seconds": learning["seconds"],
            "peak_memory_mib": learning["peak_memory_mib"],
            "batch_256": {
                "seconds_per_iteration": per_iteration,
                "peak_memory_mib": peak_memory_mib,
            },
            "projected_hours_of_a_whole_training": whole_hours(per_iteration),
            "versions": learning["config"]["versions"],
            "commit": learning["config"]["commit"],
        },
    )
    print(RESULTS.read_text())


def iterations_of_each_stage(
    folder: pathlib.Path,
) -> tuple[dict[str, float], float]:
    """Seconds of an iteration of each stage, and peak memory in MiB.

    Args:
        folder: Has `raw`, with recordings, or the data that was `prepared`.
    """
    short, longer = (
        train(
            folder,
            f"{iterations}_iterations",
            dict.fromkeys(("pretrain_iterations", "n1", "n2"), iterations),
        )
        for iterations in (SHORT, LONGER)
    )
    seconds = {
        stage.name: (
            stage_seconds(longer["metrics"], stage.name)
            - stage_seconds(short["metrics"], stage.name)
        )
        / (LONGER - SHORT)
        for stage in algorithm1.stages(ntu.RECIPE)
    }
    return seconds, longer["peak_memory_mib"]


def whole_hours(seconds_per_iteration: dict[str, float]) -> float:
    """Hours of a whole training with the recipe's iterations."""
    stages = algorithm1.stages(ntu.RECIPE)
    seconds = sum(seconds_per_iteration[x.name] * x.iterations for x in stages)
    return seconds / 3600


def train(
    folder: pathlib.Path, name: str, settings: dict[str, int]
) -> dict[str, Any]:
    """Runs `train.py`; returns its time, its peak memory and its records."""
    workdir = folder / name
    run = programs.train(
        "--dataset=ntu",
        f"--raw_dir={folder}/raw",
        f"--data_dir={folder}/prepared",
        f"--workdir={workdir}",
        *(f"--set={name}={value}" for name, value in settings.items()),
    )
    print(f"{name}: {run.seconds:.0f} s", flush=True)
    return {
        "seconds": run.seconds,
        "peak_memory_mib": run.peak_memory_mib,
        "accuracy": files.read_json(workdir / "evaluation.json")["accuracy"],
        "config": files.read_json(workdir / "config.json"),
        "metrics": files.read_json(workdir / "metrics.json"),
    }


def stage_seconds(metrics: list[dict], stage: str) -> float:
    return sum(x["seconds"] for x in metrics if x["stage"] == stage)


if __name__ == "__main__":
    # `ntu_size` has other flags.
    CLIPS = flags.DEFINE_integer(
        "clips", 2000, "Number of recordings to generate."
    )
    CLASSES = flags.DEFINE_integer(
        "classes", 20, "Number of actions among them."
    )
    app.run(main)
