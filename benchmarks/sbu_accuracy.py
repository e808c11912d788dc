"""Accuracy on the real SBU set: the recipe's own values, five folds each seed.

    python -m benchmarks.sbu_accuracy --raw_dir=~/SBU
    python -m benchmarks.sbu_accuracy --raw_dir=~/SBU --seeds=0 \\
        --precision=mixed_bfloat16

Each training is one `train.py` in a process of its own, the weights those of
the last iteration. Finished trainings are kept in --workdir, so the same
command goes on after an interruption. Takes about 20 minutes on 2 cores.
Writes `benchmarks/results/sbu_accuracy.json`, which README.md quotes; in
another precision than float32, `sbu_accuracy_<precision>.json`.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

import numpy as np
import tensorflow_datasets as tfds
from absl import app, flags

from datasets.sbu import recordings
from datasets.sbu.sbu_dataset_builder import Builder
from stalstm import workdir as workdir_lib

ROOT = pathlib.Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results"
FOLDS = [*map(str, recordings.FOLDS)]

_RAW_DIR = flags.DEFINE_string("raw_dir", None, "As of train.py.")
_DATA_DIR = flags.DEFINE_string(
    "data_dir", "~/tensorflow_datasets", "As of train.py."
)
_WORKDIR = flags.DEFINE_string(
    "workdir", "workdirs/sbu_accuracy", "Where the trainings are kept."
)
_SEEDS = flags.DEFINE_list("seeds", ["0", "1"], "One cross-validation each.")
_FOLDS = flags.DEFINE_list("folds", FOLDS, "Folds to test on.")
_PRECISION = flags.DEFINE_string("precision", "float32", "The recipe's field.")
_PARALLEL = flags.DEFINE_integer("parallel", 2, "Trainings at once.")


def main(_):
    builder = Builder(data_dir=_DATA_DIR.value)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=_RAW_DIR.value)
    )
    runs = [(seed, fold) for seed in _SEEDS.value for fold in _FOLDS.value]
    with concurrent.futures.ThreadPoolExecutor(_PARALLEL.value) as pool:
        accuracies = dict(zip(runs, pool.map(train, runs), strict=True))
    seeds = {
        seed: {fold: accuracies[seed, fold] for fold in _FOLDS.value}
        for seed in _SEEDS.value
    }
    means = [float(np.mean(list(x.values()))) for x in seeds.values()]
    config = workdir_lib.read_json(folder(*runs[0]) / "config.json")
    command = ["python -m benchmarks.sbu_accuracy"]
    for flag in ("seeds", "folds", "precision"):  # what makes the numbers
        if flags.FLAGS[flag].present:
            command.append(flags.FLAGS[flag].serialize())
    name = "sbu_accuracy"
    if _PRECISION.value != "float32":
        name += f"_{_PRECISION.value}"
    path = RESULTS / f"{name}.json"
    workdir_lib.write_json(
        path,
        {
            "command": " ".join(command),
            "recipe": config["recipe"],
            "versions": config["versions"],
            "commit": config["commit"],
            "accuracy_by_seed_and_fold": seeds,
            "mean_by_seed": dict(zip(_SEEDS.value, means, strict=True)),
            "mean": float(np.mean(means)),
        },
    )
    print(path.read_text())


def folder(seed: str, fold: str) -> pathlib.Path:
    return pathlib.Path(_WORKDIR.value) / f"seed_{seed}_fold_{fold}"


def train(run: tuple[str, str]) -> float:
    """One training; its accuracy on the fold that it has not seen."""
    seed, fold = run
    workdir = folder(seed, fold).absolute()
    workdir.mkdir(parents=True, exist_ok=True)
    with (workdir / "output.txt").open("w") as output:
        subprocess.run(
            [
                sys.executable,
                "train.py",
                "--dataset=sbu",
                f"--data_dir={_DATA_DIR.value}",
                f"--workdir={workdir}",
                f"--seed={seed}",
                f"--fold={fold}",
                f"--set=precision={_PRECISION.value}",
            ],
            cwd=ROOT,
            # Small matrices: a process a core beats two threads in one.
            env={**os.environ, "TF_NUM_INTRAOP_THREADS": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
        )
    accuracy = workdir_lib.read_json(workdir / "evaluation.json")["accuracy"]
    print(f"seed {seed}, fold {fold}: {accuracy:.2%}", flush=True)
    return accuracy


if __name__ == "__main__":
    app.run(main)
