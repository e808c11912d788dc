"""Accuracy of the default recipe on folders of own recordings.

    python -m benchmarks.own_data --seeds=0,1 FOLDER ...

Trains by every protocol of each folder with the recipe that is chosen by the
data: for each folder, one `python -m stalstm.comparison --recipes=custom`. The
trainings are kept in --workdir, so the same command resumes an interrupted
measurement. Takes about five minutes a training on one core. Writes
`benchmarks/results/own_data.json`, by the folders' names.
"""

import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
from absl import app, flags

import datasets
from benchmarks import programs
from stalstm import files
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


def main(argv):
    folders = [pathlib.Path(x).expanduser().absolute() for x in argv[1:]]
    if not folders:
        raise app.UsageError("expected a folder of own recordings, or several")
    seeds = ",".join(_SEEDS.value)
    command = f"python -m benchmarks.own_data --seeds={seeds} FOLDER ..."
    for folder in folders:
        summary = summarise(compare(folder), describe(folder))
        results = files.read_json(RESULT)["folders"] if RESULT.exists() else {}
        results[folder.name] = summary
        files.write_json(RESULT, {"command": command, "folders": results})
        print(f"Written: {RESULT}")


def compare(folder: pathlib.Path) -> dict[str, Any]:
    """The result of `stalstm.comparison` on a folder."""
    out = _WORKDIR.value.absolute() / f"{folder.name}.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "stalstm.comparison"),
            "--recipes=custom",
            f"--dataset={folder}",
            f"--seeds={','.join(_SEEDS.value)}",
            f"--data_dir={_DATA_DIR.value.absolute()}",
            f"--workdir={_WORKDIR.value.absolute()}",
            f"--out={out}",
        ],
        cwd=programs.ROOT,
    )
    if done.returncode:
        raise SystemExit(done.returncode)
    return files.read_json(out)


def describe(folder: pathlib.Path) -> Description:
    """What a prepared folder says of itself."""
    builder = datasets.get(folder).builder(_DATA_DIR.value)
    return Description.from_json(builder.info.metadata)


def summarise(result: dict[str, Any], data: Description) -> dict[str, Any]:
    """JSON values about the trainings on a folder."""
    (row,) = result["rows"]
    runs = row["runs"]
    accuracies = {
        protocol: {
            str(x["seed"]): x["accuracy"]
            for x in runs
            if x["protocol"] == protocol
        }
        for protocol in result["protocols"]
    }
    assert data.contents is not None
    return {
        "processor": runs[0]["processor"],
        "clips": data.contents.clips,
        "classes": len(data.classes),
        "bodies": data.bodies,
        "joints": len(data.skeleton.joints),
        "recipe": row["fields"],
        "versions": runs[0]["versions"],
        "commits": sorted({x["commit"] for x in runs}),
        "accuracy_by_protocol_and_seed": accuracies,
        "mean": float(np.mean([list(x.values()) for x in accuracies.values()])),
        "minutes_of_a_training": float(np.median([x["seconds"] for x in runs]))
        / 60,
    }


if __name__ == "__main__":
    app.run(main)
