"""Programs that work for long and write files, and what they leave."""

import collections
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks import programs
from datasets.custom import example
from datasets.ntu import fake_recordings
from datasets.sbu.dummy_data_generation import write_dummy_recordings
from stalstm import files, loading, manifest

SMALL = [
    "--recurrence=keras",
    "--noreport",
    *(
        f"--set={x}"
        for x in (
            "units=4",
            "pretrain_iterations=110",
            "n1=120",
            "n2=105",
            "batch_size=4",
            "main_layers=1",
        )
    ),
]
PREPARE = """
import pathlib, sys, datasets
from datasets import building
from stalstm.workdir import CANNOT_WRITE
name, raw, prepared = sys.argv[1:]
try:
    building.prepare(
        datasets.get(name).builder(data_dir=prepared), pathlib.Path(raw)
    )
except (building.RawDataError, *CANNOT_WRITE) as error:
    raise SystemExit(f"expected that {prepared} can be written: {error}")
"""
# Parts of JSON that no two runs share.
CHANGING = ("seconds", "command", "data_dir", "versions", "commit", "processor")
# In another order each time, or with the time of the run or its digests.
UNEQUAL = (".pb", ".html", ".md", "tf_serving_warmup_requests", manifest.FILE)
POLL = 0.002  # seconds

# What is there, a digest of each file by its name; of the folders of numbered
# versions, each for itself, by their numbers.
State = dict[str, dict[str, str]]


@dataclasses.dataclass(frozen=True)
class Program:
    """Something that works for long, and can be resumed.

    Attributes:
        command: Arguments of Python, for a folder to work in.
        stages: Pattern of files after which it is killed on purpose.
    """

    command: Callable[[pathlib.Path], list[str]]
    stages: str | None = None


def make_programs(inputs: pathlib.Path) -> dict[str, Program]:
    """All programs, by name.

    Args:
        inputs: New folder for recordings and what else they need.
    """
    sbu, ntu, own = inputs / "sbu", inputs / "ntu/ntu.zip", inputs / "own"
    write_dummy_recordings(sbu, frames=12)
    fake_recordings.write_fake_recordings(ntu, 160, 4)
    example.write_example(own)
    data = [f"--raw_dir={sbu}", f"--data_dir={inputs / 'prepared'}"]
    training = ["train.py", "--dataset=sbu", *data, "--fold=1", *SMALL]
    done = inputs / "trained"
    programs.run([sys.executable, *training, f"--workdir={done}"])

    def prepare(dataset: str, raw: pathlib.Path) -> Program:
        return Program(lambda x: ["-c", PREPARE, dataset, str(raw), str(x)])

    return {
        "training": Program(
            lambda x: [*training, f"--workdir={x}"],
            stages="checkpoints/step_*.keras",
        ),
        "preparation of sbu": prepare("sbu", sbu),
        "preparation of ntu": prepare("ntu", ntu.parent),
        "preparation of synthetic": prepare("synthetic", sbu),
        "preparation of own recordings": prepare(str(own), own),
        "export": Program(
            lambda x: ["export.py", f"--workdir={done}", f"--export_dir={x}"]
        ),
        "comparison": Program(
            lambda x: [
                *("-m", "stalstm.comparison", "--dataset=sbu", *data),
                *("--models=deep_lstm", "--protocols=fold_1,fold_2"),
                *("--seeds=0", f"--workdir={x}", "--evaluate_every=0"),
                *("--set=stages=joint", "--set=iterations=210"),
                *("--set=units=4", "--set=batch_size=4"),
            ]
        ),
        "view": Program(
            lambda x: [
                *("view.py", f"--model={loading.SHIPPED / 'sbu'}"),
                *(f"--out={x / 'page.html'}", str(sbu)),
            ]
        ),
    }


def run(
    program: Program,
    folder: pathlib.Path,
    kill: Callable[[float], bool] | None = None,
    largest: int | None = None,
) -> subprocess.CompletedProcess[str] | None:
    """Runs a program, and kills it as soon as `kill(seconds)` is true.

    Args:
        program: The program.
        folder: Folder that it works in.
        kill: Whether to kill it, with all processes of its group.
        largest: Bytes beyond which no file that it writes may grow.

    Returns:
        How it ended, with all that it printed; nothing if it was killed.
    """

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    command = [sys.executable, *program.command(folder)]
    begin = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command,
            cwd=programs.ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=limit,
        )
        while process.poll() is None:
            if kill and kill(time.monotonic() - begin):
                # It may have ended just now.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return None
            time.sleep(POLL)
        output.seek(0)
        return subprocess.CompletedProcess(
            command, process.returncode, output.read()
        )


def state(folder: pathlib.Path) -> State:
    """What a program has left, but for its logs."""
    left: State = collections.defaultdict(dict)
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if not path.is_file() or {"logs", "output.txt"} & set(place.parts):
            continue
        version = next((x for x in place.parts if x.isdecimal()), "")
        digest = hashlib.sha256(content(path)).hexdigest()
        name = "/".join("*" if x == version else x for x in place.parts)
        left[version][name] = digest
    return left


def differences(expected: State, found: State) -> list[str]:
    """Files that an undisturbed run left with another content, or not at all.

    A program that was killed after its end, and begun again, leaves another
    version: each is compared with the first one.
    """
    first = next((x for number, x in expected.items() if number), {})
    different = []
    for version in dict.fromkeys([*expected, *found]):
        wanted = first if version else expected[""]
        here = found.get(version, {})
        different += [
            f"{version} {name}".strip()
            for name in sorted(wanted.keys() | here.keys())
            if wanted.get(name) != here.get(name)
        ]
    return different


def content(path: pathlib.Path) -> bytes:
    """What must be the same after every run."""
    if path.name.endswith(UNEQUAL):
        return b""
    if path.suffix == ".json":
        return json.dumps(unchanging(files.read_json(path))).encode()
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            names = ("config.json", "model.weights.h5")
            return b"".join(archive.read(x) for x in names)
    if ".tfrecord" in path.name:
        return records(path)
    return path.read_bytes()


def records(path: pathlib.Path) -> bytes:
    """Examples, the same whatever the order in which they name features."""
    examples = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    return b"".join(
        tf.train.Example.FromString(x).SerializeToString(deterministic=True)
        for x in examples
    )


def unchanging(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: unchanging(v) for k, v in value.items() if k not in CHANGING}
    if isinstance(value, list):
        return [unchanging(x) for x in value]
    return value
