"""Accuracy on the real SBU set: the recipe's own values, all folds, two seeds.

    python -m benchmarks.sbu_accuracy --raw_dir=~/SBU
    python -m benchmarks.sbu_accuracy --raw_dir=~/SBU --seeds=0 \\
        --precision=mixed_bfloat16

Each training is one `train.py` in a process of its own, evaluated with the
weights of the last iteration. Trainings are kept in --workdir, so the same
command resumes an interrupted measurement. Takes about 20 minutes on two cores.
Writes `benchmarks/results/sbu_accuracy.json`; for another precision than
float32, `sbu_accuracy_<precision>.json`.
"""

import concurrent.futures
import json
import pathlib
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from absl import app, flags

import datasets
from benchmarks import programs
from datasets.raw import RawDataError
from stalstm import files, machine
from stalstm.description import Description
from stalstm.paths import DEFINE_path

_RAW_DIR = DEFINE_path("raw_dir", None, "Folder of the raw recordings.")
_DATA_DIR = DEFINE_path(
    "data_dir", "~/tensorflow_datasets", "Folder of prepared data sets."
)
_WORKDIR = DEFINE_path(
    "workdir", "workdirs/sbu_accuracy", "Folder of the trainings' workdirs."
)
_SEEDS = flags.DEFINE_list(
    "seeds", ["0", "1"], "Random seeds; each is a cross-validation of its own."
)
_FOLDS = flags.DEFINE_list("folds", None, "Folds to test on. Default: all.")
_PRECISION = flags.DEFINE_string(
    "precision", "float32", "Value of the recipe's field `precision`."
)
_SET = flags.DEFINE_multi_string(
    "set",
    [],
    "Another value for a field of the recipe, name=value. The result is then "
    "printed, but not written.",
)
_PARALLEL = flags.DEFINE_integer(
    "parallel", 2, "Number of trainings that run at once.", lower_bound=1
)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    builder = datasets.get("sbu").builder(data_dir=_DATA_DIR.value)
    folds = choose_folds(builder)
    config = tfds.download.DownloadConfig(manual_dir=_RAW_DIR.value)
    try:  # once, before several trainings would do it at the same time
        builder.download_and_prepare(download_config=config)
    except RawDataError as error:
        raise SystemExit(f"--raw_dir: {error}") from None
    runs = [(seed, fold) for seed in _SEEDS.value for fold in folds]
    with concurrent.futures.ThreadPoolExecutor(_PARALLEL.value) as pool:
        accuracies = dict(zip(runs, pool.map(train, runs), strict=True))
    seeds = {
        seed: {fold: accuracies[seed, fold] for fold in folds}
        for seed in _SEEDS.value
    }
    means = {x: float(np.mean(list(y.values()))) for x, y in seeds.items()}
    result = {
        "command": command(),
        "processor": machine.processor(),
        **of_all_runs(runs),
        "accuracy_by_seed_and_fold": seeds,
        "mean_by_seed": means,
        "mean": float(np.mean(list(means.values()))),
    }
    print(json.dumps(result, indent=2))
    if _SET.value:
        print("With --set, the result is not written.")
        return
    name = "sbu_accuracy"
    if _PRECISION.value != "float32":
        name += f"_{_PRECISION.value}"
    files.write_json(programs.RESULTS / f"{name}.json", result)


def choose_folds(builder: tfds.core.DatasetBuilder) -> list[str]:
    """Numbers of the folds to test on."""
    data = Description.from_json(builder.info.metadata)
    every = [x.removeprefix("fold_") for x in data.protocols]
    folds = every if _FOLDS.value is None else _FOLDS.value
    if not folds or not set(folds) <= set(every):
        raise app.UsageError(
            f"--folds: expected some of {','.join(every)}. "
            f"Received: {','.join(folds)}"
        )
    return folds


def command() -> str:
    """The command, with the flags that decide the numbers."""
    words = ["python -m benchmarks.sbu_accuracy"]
    for flag in ("seeds", "folds", "precision", "set"):
        if flags.FLAGS[flag].present:
            words.append(flags.FLAGS[flag].serialize())
    return " ".join(words)


def workdir_of(seed: str, fold: str) -> pathlib.Path:
    return _WORKDIR.value.absolute() / f"seed_{seed}_fold_{fold}"


def train(run: tuple[str, str]) -> float:
    """Runs one training; returns its accuracy on the fold that it tests on."""
    seed, fold = run
    workdir = workdir_of(seed, fold)
    workdir.mkdir(parents=True, exist_ok=True)
    programs.train(
        "--dataset=sbu",
        f"--data_dir={_DATA_DIR.value.absolute()}",
        f"--workdir={workdir}",
        f"--seed={seed}",
        f"--fold={fold}",
        f"--set=precision={_PRECISION.value}",
        *(f"--set={x}" for x in _SET.value),
        # The matrices are small: a process on each core is faster than two
        # threads in one process.
        environment={"TF_NUM_INTRAOP_THREADS": "1"},
        output=workdir / "output.txt",
    )
    accuracy = files.read_json(workdir / "evaluation.json")["accuracy"]
    print(f"seed {seed}, fold {fold}: {accuracy:.2%}", flush=True)
    return accuracy


def of_all_runs(runs: list[tuple[str, str]]) -> dict[str, Any]:
    """Recipe and versions of the runs, and the commits they were made at.

    Raises:
        SystemExit: The runs differ in their recipe or versions.
    """
    configs = [files.read_json(workdir_of(*x) / "config.json") for x in runs]
    first = configs[0]
    for run, config in zip(runs, configs, strict=True):
        for name in ("recipe", "versions"):
            if config[name] != first[name]:
                raise SystemExit(
                    f"{workdir_of(*run)}: expected the {name} of "
                    f"{workdir_of(*runs[0])}. Received: another one. Delete "
                    "one of them, or choose another --workdir"
                )
    return {
        "recipe": first["recipe"],
        "versions": first["versions"],
        # A resumed measurement may have several.
        "commits": sorted({x["commit"] for x in configs}),
    }


if __name__ == "__main__":
    app.run(main)
