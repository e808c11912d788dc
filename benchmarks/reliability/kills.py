"""Kills programs at any moment, and compares how they end.

    python -m benchmarks.reliability.kills --kills=200

Each program runs once undisturbed; then again and again in a folder of its own,
killed (SIGKILL, the whole process group) at random moments, until the same
command comes to its end. What it leaves must equal what the undisturbed run
left: weights and data byte by byte, metrics but for the seconds, and nothing
else. A training is also killed on purpose whenever a stage's file appears.
Meanwhile, a watcher opens everything that appears under a final name.
"""

import collections
import dataclasses
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from absl import app, flags

from benchmarks import programs
from datasets.custom import example
from datasets.ntu import fake_recordings
from datasets.sbu.dummy_data_generation import write_dummy_recordings
from stalstm import files

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
# Parts of JSON that no two runs share.
CHANGING = ("seconds", "command", "data_dir", "versions", "commit", "processor")
POLL = 0.002  # seconds


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
    prepared = inputs / "prepared"
    training = [
        "train.py",
        "--dataset=sbu",
        f"--raw_dir={sbu}",
        f"--data_dir={prepared}",
        "--fold=1",
        *SMALL,
    ]
    done = inputs / "trained"
    programs.run([sys.executable, *training, f"--workdir={done}"])

    def prepare(dataset: str, raw: pathlib.Path) -> Program:
        code = (
            "import sys, pathlib, datasets; from datasets import building; "
            "building.prepare(datasets.get(sys.argv[1]).builder("
            "data_dir=sys.argv[3]), pathlib.Path(sys.argv[2]))"
        )
        return Program(lambda x: ["-c", code, dataset, str(raw), str(x)])

    return {
        "training": Program(
            lambda x: [*training, f"--workdir={x}"],
            stages="checkpoints/step_*.keras",
        ),
        "preparation of sbu": prepare("sbu", sbu),
        "preparation of ntu": prepare("ntu", ntu.parent),
        "preparation of own recordings": prepare(str(own), own),
        "export": Program(
            lambda x: ["export.py", f"--workdir={done}", f"--export_dir={x}"]
        ),
        "comparison": Program(
            lambda x: [
                "-m",
                "stalstm.comparison",
                "--dataset=sbu",
                f"--raw_dir={sbu}",
                f"--data_dir={prepared}",
                "--models=deep_lstm",
                "--protocols=fold_1,fold_2",
                "--seeds=0",
                f"--workdir={x}",
                "--evaluate_every=0",
                *(f"--set={y}" for y in ("stages=joint", "iterations=210")),
                *(f"--set={y}" for y in ("units=4", "batch_size=4")),
            ]
        ),
    }


class Watcher:
    """Opens every file of a folder again and again, while it works.

    Attributes:
        opened: Number of times that a file was whole.
        findings: Files that were not, and why.
    """

    def __init__(self, folder: pathlib.Path):
        self.opened = 0
        self.findings: list[str] = []
        self._folder = folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(POLL):
            for path in final_files(self._folder):
                try:
                    check(path)
                    self.opened += 1
                except FileNotFoundError:
                    pass
                except Exception as error:
                    self.findings.append(f"{path}: {error!r}")


def is_temporary(path: pathlib.Path) -> bool:
    return any(
        x.startswith(("tmp_", "incomplete.", ".unfinished"))
        or x.endswith((".tmp", ".lock", ".parts"))
        or x in ("lock", "output.txt", "logs")
        for x in path.parts
    )


def final_files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not is_temporary(path.relative_to(folder)):
            yield path


def check(path: pathlib.Path) -> None:
    """Opens a file as its users would.

    Raises:
        Exception: It is not whole.
    """
    if path.suffix == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                raise ValueError("a damaged member")
    elif path.name != "lock" and not path.stat().st_size:
        raise ValueError("an empty file")


def state(folder: pathlib.Path) -> dict[str, str]:
    """What a program has left: a digest of each file, by its place."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            content(path)
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not {"logs", "output.txt"} & set(path.relative_to(folder).parts)
        and path.name != "manifest.json"
    }


def content(path: pathlib.Path) -> bytes:
    """What must be the same after every run."""
    if path.suffix == ".json":
        return json.dumps(unchanging(files.read_json(path))).encode()
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            names = ("config.json", "model.weights.h5")
            return b"".join(archive.read(x) for x in names)
    if path.suffix in (".pb", ".html", ".md") or path.name.startswith(
        "tf_serv"
    ):
        return b""  # In another order each time, or with the time of the run.
    return path.read_bytes()


def unchanging(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: unchanging(v) for k, v in value.items() if k not in CHANGING}
    if isinstance(value, list):
        return [unchanging(x) for x in value]
    return value


def run(
    program: Program,
    folder: pathlib.Path,
    kill: Callable[[float], bool] | None = None,
) -> bool:
    """Runs a program, and kills it as soon as `kill(seconds)` is true.

    Returns:
        Whether it came to its end.

    Raises:
        RuntimeError: It failed.
    """
    output = folder.with_suffix(".txt")
    begin = time.monotonic()
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, *program.command(folder)],
            cwd=programs.ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    while process.poll() is None:
        if kill and kill(time.monotonic() - begin):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False
        time.sleep(POLL)
    if process.returncode:
        raise RuntimeError(output.read_text()[-2000:])
    return True


def attack(
    name: str, program: Program, kills: int, rng: random.Random
) -> dict[str, Any]:
    """Kills a program so many times.

    Returns:
        JSON values: numbers of kills, of ends, of files that were opened
        meanwhile, and what was found.
    """
    counts: collections.Counter[str] = collections.Counter()
    findings: list[str] = []
    with tempfile.TemporaryDirectory() as top:
        whole = pathlib.Path(top, "whole")
        begin = time.monotonic()
        run(program, whole)
        seconds = time.monotonic() - begin
        expected = state(whole)
        number = 0
        while counts["kills"] < kills and not findings:
            number += 1
            folder = pathlib.Path(top, f"killed_{number}")
            on_purpose = program.stages is not None and number == 1
            with Watcher(folder) as watcher:
                while not run(
                    program,
                    folder,
                    at_stages(folder, program.stages or "")
                    if on_purpose
                    else at_random(seconds, rng),
                ):
                    counts["kills"] += 1
            counts["ends"] += 1
            counts["opened"] += watcher.opened
            findings += watcher.findings[:3]
            found = state(folder)
            findings += [
                f"{folder.name}/{x}: another content than undisturbed"
                for x in sorted(expected.keys() | found.keys())
                if expected.get(x) != found.get(x)
            ]
            print(f"{name}: {dict(counts)} {findings}", flush=True)
            if not findings:
                shutil.rmtree(folder)
    return {"seconds_whole": round(seconds, 1), **counts, "findings": findings}


def at_random(seconds: float, rng: random.Random) -> Callable[[float], bool]:
    """Kills at some moment; a little more often than not before the end."""
    moment = rng.uniform(0.0, 1.2 * seconds)
    return lambda now: now > moment


def at_stages(folder: pathlib.Path, pattern: str) -> Callable[[float], bool]:
    """Kills when one more file of the pattern has appeared."""
    before = len(list(folder.glob(pattern)))
    return lambda _: len(list(folder.glob(pattern))) > before


def main(argv: list[str]) -> None:
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    rng = random.Random(SEED.value)
    results = {}
    with tempfile.TemporaryDirectory() as inputs:
        made = make_programs(pathlib.Path(inputs))
        chosen = PROGRAMS.value or list(made)
        for name in chosen:
            share = -(-KILLS.value // len(chosen))
            results[name] = attack(name, made[name], share, rng)
    if not PROGRAMS.value:
        files.write_json(
            programs.RESULTS / "kills.json",
            {"seed": SEED.value, "programs": results},
        )
    if any(x["findings"] for x in results.values()):
        raise SystemExit(json.dumps(results, indent=2))


if __name__ == "__main__":
    KILLS = flags.DEFINE_integer("kills", 200, "Number of kills, of all.")
    SEED = flags.DEFINE_integer("seed", 0, "Random seed.")
    PROGRAMS = flags.DEFINE_list("programs", None, "Names. Default: all.")
    app.run(main)
