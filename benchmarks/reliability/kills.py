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
import itertools
import json
import os
import pathlib
import random
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from absl import app, flags

from benchmarks import programs
from benchmarks.reliability import victims
from stalstm import files

# Kills before a program may come to its end: the machine may be slower by now.
MOST_IN_A_ROW = 10
COMMAND = "python -m benchmarks.reliability.kills"


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
        while not self._stop.wait(victims.POLL):
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
        x.startswith((files.TEMPORARY, "incomplete.", ".unfinished"))
        or x.endswith((".tmp", ".lock", ".parts"))
        or x in ("lock", "output.txt", "logs")
        for x in path.parts
    )


def final_files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    # Unlike `rglob`, it bears folders that are removed meanwhile.
    for place, _, names in os.walk(folder):
        for name in names:
            path = pathlib.Path(place, name)
            if not is_temporary(path.relative_to(folder)):
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
    elif not path.stat().st_size:
        raise ValueError("an empty file")


def attack(
    program: victims.Program, kills: int, rng: random.Random
) -> Iterator[dict[str, Any]]:
    """Kills a program so many times, unless it leaves what it should not.

    Yields:
        JSON values after every end: numbers of kills, of ends, of files that
        were opened meanwhile, and what was found.

    Raises:
        RuntimeError: The program failed.
    """
    counts: collections.Counter[str] = collections.Counter()
    findings: list[str] = []
    with tempfile.TemporaryDirectory() as top:
        whole = pathlib.Path(top, "whole")
        begin = time.monotonic()
        to_its_end(program, whole)
        seconds = time.monotonic() - begin
        expected = victims.state(whole)
        while counts["kills"] < kills and not findings:
            folder = pathlib.Path(top, f"killed_{counts['ends']}")
            on_purpose = program.stages if not counts["ends"] else None
            with Watcher(folder) as watcher:
                for number in itertools.count():
                    kill = None
                    if on_purpose:
                        kill = at_stages(folder, on_purpose)
                    elif number < MOST_IN_A_ROW:
                        kill = at_random(seconds, rng)
                    if to_its_end(program, folder, kill):
                        break
                    counts["kills"] += 1
            counts["ends"] += 1
            counts["opened"] += watcher.opened
            findings += watcher.findings[:3]
            found = victims.state(folder)
            findings += victims.differences(expected, found)
            yield {
                "seconds_whole": round(seconds, 1),
                **counts,
                "findings": findings,
            }
            shutil.rmtree(folder)


def to_its_end(
    program: victims.Program,
    folder: pathlib.Path,
    kill: Callable[[float], bool] | None = None,
) -> bool:
    """Runs a program; returns whether it came to its end, or was killed.

    Raises:
        RuntimeError: It failed.
    """
    ended = victims.run(program, folder, kill)
    if ended and ended.returncode:
        raise RuntimeError(ended.stdout[-2000:])
    return ended is not None


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
    path = programs.RESULTS / "kills.json"
    about = {"kills": KILLS.value, "seed": SEED.value}
    results = programs.recorded(path, about).get("programs", {})
    with tempfile.TemporaryDirectory() as inputs:
        made = victims.make_programs(pathlib.Path(inputs))
        share = -(-KILLS.value // len(made))
        for name in PROGRAMS.value or made:
            if name in results:
                continue
            # Of its own, so that an interrupted run goes on with the same.
            rng = random.Random(f"{SEED.value} {name}")
            for result in attack(made[name], share, rng):
                print(f"{name}: {result}", flush=True)
            if result["findings"]:
                raise SystemExit(f"{name}: {result['findings']}")
            results[name] = result
            files.write_json(
                path, {"command": COMMAND, **about, "programs": results}
            )


if __name__ == "__main__":
    KILLS = flags.DEFINE_integer("kills", 200, "Number of kills, of all.")
    SEED = flags.DEFINE_integer("seed", 0, "Random seed.")
    PROGRAMS = flags.DEFINE_list("programs", None, "Names. Default: all.")
    app.run(main)
