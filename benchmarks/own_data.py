"""Accuracy of the default recipe on folders of own recordings.

    python -m benchmarks.own_data --seeds=0,1 FOLDER ...

Trains by every protocol of each folder with the recipe that is chosen by the
data, and evaluates with the weights of the last iteration. Each training is one
`train.py` in a process of its own; they are kept in --workdir, so the same
command resumes an interrupted measurement. Takes about five minutes a training
on one core. Writes `benchmarks/results/own_data.json`, by the folders' names.
"""

import concurrent.futures
import itertools
import pathlib
from typing import Any

import numpy as np
from absl import app, flags

import datasets
from benchmarks import programs
from stalstm import files, machine
from stalstm.description import Description
from stalstm.paths import DEFINE_path

RESULT = programs.RESULTS / "own_data.json"

_DATA_DIR = DEFINE_path(
    "data_dir", "~/tensorflow_datasets", "Folder of prepared data sets."
)
_WORKDIR = DEFINE_path(
    "workdir", "workdirs/own_data", "Folder of the trainings' workdirs."
)
_SEEDS = flags.DEFINE_list("seeds", ["0", "1"], "Random seeds.")
_PARALLEL = flags.DEFINE_integer(
    "parallel", 2, "Number of trainings that run at once.", lower_bound=1
)


def main(argv):
    folders = [pathlib.Path(x).expanduser().absolute() for x in argv[1:]]
    if not folders:
        raise app.UsageError("expected a folder of own recordings, or several")
    described = {folder: describe(folder) for folder in folders}
    runs = [
        (folder, protocol, seed)
        for folder, data in described.items()
        for protocol, seed in itertools.product(data.protocols, _SEEDS.value)
    ]
    with concurrent.futures.ThreadPoolExecutor(_PARALLEL.value) as pool:
        accuracies = dict(zip(runs, pool.map(train, runs), strict=True))
    results = files.read_json(RESULT)["folders"] if RESULT.exists() else {}
    for folder, data in described.items():
        of_folder = {
            protocol: {
                seed: accuracies[folder, protocol, seed]
                for seed in _SEEDS.value
            }
            for protocol in data.protocols
        }
        results[folder.name] = summary(folder, data, of_folder)
    seeds = ",".join(_SEEDS.value)
    command = f"python -m benchmarks.own_data --seeds={seeds} FOLDER ..."
    files.write_json(RESULT, {"command": command, "folders": results})
    print(f"Written: {RESULT}")


def describe(folder: pathlib.Path) -> Description:
    """What a folder says of itself, once it is prepared."""
    builder = datasets.get(folder).builder(_DATA_DIR.value)
    builder.download_and_prepare()
    return Description.from_json(builder.info.metadata)


def workdir_of(folder: pathlib.Path, protocol: str, seed: str) -> pathlib.Path:
    name = f"{folder.name}_{protocol}_seed_{seed}"
    return _WORKDIR.value.absolute() / name


def train(run: tuple[pathlib.Path, str, str]) -> float:
    """Runs one training; returns its accuracy on the test split."""
    folder, protocol, seed = run
    workdir = workdir_of(*run)
    workdir.mkdir(parents=True, exist_ok=True)
    programs.train(
        f"--dataset={folder}",
        f"--protocol={protocol}",
        f"--seed={seed}",
        f"--data_dir={_DATA_DIR.value.absolute()}",
        f"--workdir={workdir}",
        environment={"TF_NUM_INTRAOP_THREADS": "1"},
        output=workdir / "output.txt",
    )
    accuracy = files.read_json(workdir / "evaluation.json")["accuracy"]
    print(f"{workdir.name}: {accuracy:.2%}", flush=True)
    return accuracy


def summary(
    folder: pathlib.Path,
    data: Description,
    accuracies: dict[str, dict[str, float]],
) -> dict[str, Any]:
    """JSON values about the trainings on a folder."""
    workdirs = [
        workdir_of(folder, protocol, seed)
        for protocol, seeds in accuracies.items()
        for seed in seeds
    ]
    configs = [files.read_json(x / "config.json") for x in workdirs]
    seconds = [
        sum(x["seconds"] for x in files.read_json(y / "metrics.json"))
        for y in workdirs
    ]
    assert data.contents is not None
    return {
        "processor": machine.processor(),
        "clips": data.contents.clips,
        "classes": len(data.classes),
        "bodies": data.bodies,
        "joints": len(data.skeleton.joints),
        "recipe": configs[0]["recipe"],
        "versions": configs[0]["versions"],
        "commits": sorted({x["commit"] for x in configs}),
        "accuracy_by_protocol_and_seed": accuracies,
        "mean": float(np.mean([list(x.values()) for x in accuracies.values()])),
        "minutes_of_a_training": float(np.median(seconds)) / 60,
    }


if __name__ == "__main__":
    app.run(main)
