"""NTU RGB+D at its real size, on generated recordings.

    python -m benchmarks.ntu_size --folder=FOLDER

Writes 56,880 recordings of 60 actions, as long as the real ones, into a zip.
They are prepared; trained on for one epoch of each protocol, all networks at
once; and exported. The input pipeline then runs alone, and two short trainings
by Algorithm 1 tell the time of an iteration of each stage, from which that of a
whole training is projected. Each part is a program of its own, whose memory,
that of its child processes included, is read twice a second.

Takes about three quarters of an hour on two cores, and 5 GB of FOLDER. An
interrupted run goes on with the part that it was at. Writes
`benchmarks/results/ntu_size.json`.
"""

import functools
import json
import pathlib
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from absl import app, flags

from benchmarks import ntu_training, programs
from benchmarks.ntu_preparation import PREPARE
from datasets.ntu import official
from datasets.ntu.fake_recordings import write_fake_recordings
from stalstm import files, machine
from stalstm.paths import DEFINE_path
from stalstm.recipes import ntu

RESULTS = programs.RESULTS / "ntu_size.json"
CLASSES = 60
PROTOCOLS = ("cross_subject", "cross_view")

FEED = """
import json, sys, time
import tensorflow as tf
import tensorflow_datasets as tfds
from stalstm import input_pipeline
from stalstm.description import Description
from stalstm.recipes import ntu

builder = tfds.builder_from_directory(sys.argv[1])
data = Description.from_json(builder.info.metadata)
clips = input_pipeline.load_clips(builder, data.protocols[sys.argv[2]].train)
prepare = tf.function(ntu.RECIPE.build(data).prepare, autograph=False)
batches = iter(
    input_pipeline.training_batches(clips, ntu.RECIPE, data, 0, prepare)
)
for _ in range(int(sys.argv[3]) // 10):
    next(batches)
start, number = time.perf_counter(), int(sys.argv[3])
for _ in range(number):
    next(batches)
seconds = time.perf_counter() - start
print(json.dumps({"seconds_per_batch": seconds / number}))
"""

_FOLDER = DEFINE_path("folder", None, "Folder for the data.", required=True)
_CLIPS = flags.DEFINE_integer(
    "clips",
    official.CONFIGS["ntu60"].samples,
    "Number of recordings; with fewer, the result is not written.",
)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    whole = _CLIPS.value == official.CONFIGS["ntu60"].samples
    folder = _FOLDER.value.absolute() / str(_CLIPS.value)
    path = RESULTS if whole else folder / RESULTS.name
    about = {
        "command": "python -m benchmarks.ntu_size",
        "processor": machine.processor(),
        "clips": _CLIPS.value,
    }
    result = {**about, **programs.recorded(path, about)}
    for name, part in parts(folder).items():
        if name not in result:
            result[name] = part()
            print(f"{name}: {result[name]}", flush=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write_json(path, result)


def parts(folder: pathlib.Path) -> dict[str, Callable[[], dict[str, Any]]]:
    """What is measured, in order, by name."""
    return {
        "prepare": functools.partial(prepare, folder),
        **{x: functools.partial(epoch, folder, x) for x in PROTOCOLS},
        "export": functools.partial(export, folder),
        "feed": functools.partial(feed, folder),
        "projected": functools.partial(projected, folder),
    }


def prepare(folder: pathlib.Path) -> dict[str, Any]:
    raw = folder / "raw" / "recordings.zip"
    if not raw.exists():
        write_fake_recordings(raw, _CLIPS.value, CLASSES)
    shutil.rmtree(folder / "prepared", ignore_errors=True)
    arguments = [str(raw.parent), str(folder / "prepared"), "2"]
    measured = watched([sys.executable, "-c", PREPARE, *arguments], folder)
    return {
        **measured,
        "raw_mebibytes": mebibytes(raw.parent),
        "prepared_mebibytes": mebibytes(folder / "prepared"),
    }


def epoch(folder: pathlib.Path, protocol: str) -> dict[str, Any]:
    """An epoch in which all networks train, and the evaluation."""
    workdir = folder / protocol
    shutil.rmtree(workdir, ignore_errors=True)
    iterations = batches_of_an_epoch(folder, protocol)
    measured = watched(
        [
            *(sys.executable, "train.py", "--dataset=ntu"),
            f"--protocol={protocol}",
            f"--data_dir={folder / 'prepared'}",
            f"--workdir={workdir}",
            "--set=stages=joint",
            f"--set=iterations={iterations}",
        ],
        folder,
    )
    evaluation = files.read_json(workdir / "evaluation.json")
    # Records are of 100 iterations. The later ones do not trace.
    later = files.read_json(workdir / "metrics.json")[1:]
    seconds = sum(x["seconds"] for x in later) / (iterations - 100)
    return {
        **measured,
        "iterations": iterations,
        "clips_per_second": ntu.RECIPE.training.batch_size / seconds,
        "clips_evaluated": evaluation["clips"],
        "accuracy": evaluation["accuracy"],
        "workdir_mebibytes": mebibytes(workdir),
    }


def export(folder: pathlib.Path) -> dict[str, Any]:
    """With the comparison of all products on the first test clips."""
    exported = folder / "exported"
    shutil.rmtree(exported, ignore_errors=True)
    measured = watched(
        [
            *(sys.executable, "export.py"),
            f"--workdir={folder / PROTOCOLS[0]}",
            f"--export_dir={exported}",
            f"--data_dir={folder / 'prepared'}",
        ],
        folder,
    )
    return {**measured, "exported_mebibytes": mebibytes(exported)}


def feed(folder: pathlib.Path) -> dict[str, Any]:
    """The input pipeline alone, for an epoch, beside the training step."""
    protocol = PROTOCOLS[0]
    number = batches_of_an_epoch(folder, protocol)
    place = next((folder / "prepared/ntu/ntu60").glob("*.*.*"))
    command = [sys.executable, "-c", FEED, str(place), protocol, str(number)]
    measured = watched(command, folder)
    seconds = json.loads((folder / "output.txt").read_text().splitlines()[-1])
    batch_size = ntu.RECIPE.training.batch_size
    return {
        **measured,
        "clips_per_second": batch_size / seconds["seconds_per_batch"],
    }


def projected(folder: pathlib.Path) -> dict[str, Any]:
    """Hours of a whole training by Algorithm 1, with the paper's values."""
    seconds, _ = ntu_training.iterations_of_each_stage(folder)
    return {
        "seconds_per_iteration": seconds,
        "hours": ntu_training.whole_hours(seconds),
    }


def batches_of_an_epoch(folder: pathlib.Path, protocol: str) -> int:
    import tensorflow_datasets as tfds

    from stalstm.description import Description

    place = next((folder / "prepared/ntu/ntu60").glob("*.*.*"))
    builder = tfds.builder_from_directory(place)
    data = Description.from_json(builder.info.metadata)
    splits = data.protocols[protocol].train.split("+")
    clips = sum(builder.info.splits[x].num_examples for x in splits)
    return clips // ntu.RECIPE.training.batch_size


def watched(command: Sequence[str], folder: pathlib.Path) -> dict[str, Any]:
    """Runs a program, whose output goes to `output.txt` in the folder.

    Returns:
        Its `seconds`, and of the resident memory of all its processes the peak,
        and the mean in each fifth of its time.
    """
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3"}
    output = folder / "output.txt"
    run = programs.run(command, environment, output, sample_every=0.5)
    fifths = np.array_split(run.samples, 5)
    return {
        "seconds": round(run.seconds, 1),
        "peak_mebibytes": round(max(run.samples)),
        "mebibytes_by_fifths": [
            round(float(x.mean())) for x in fifths if x.size
        ],
    }


def mebibytes(folder: pathlib.Path) -> float:
    size = sum(x.stat().st_size for x in folder.rglob("*") if x.is_file())
    return round(size / 2**20, 1)


if __name__ == "__main__":
    app.run(main)
