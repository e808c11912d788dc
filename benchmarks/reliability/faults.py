"""Damaged files, full and read-only disks, and hostile servers.

    python -m benchmarks.reliability.faults

- **damage**: every file of a workdir and of an export has bits flipped, is cut
  off, emptied or replaced by another one: opening it names the file.
- **disks**: every program runs where there is not enough space (a tmpfs, so
  this needs root), where no file may grow beyond a size (`ulimit -f`), and on a
  disk that is read-only. It ends with words and a path, never by a signal; with
  space the same command comes to its end, and leaves what an undisturbed run
  leaves.
- **servers**: a client asks servers that answer nonsense, half, slowly or not
  at all: an error within the timeout.
"""

import collections
import contextlib
import logging
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import tqdm
from absl import app, flags

from benchmarks import programs
from benchmarks.reliability import mutations, targets, victims
from stalstm import files, workdir
from stalstm.export import saved_model
from stalstm.runtime import client, litert
from stalstm.runtime.errors import ServingError
from tests.runtime import hostile

CONNECTING = 1.0  # seconds of a call's timeout
SLACK = 0.5  # seconds that it may take longer
MIB = 2**20


def damage(
    folder: pathlib.Path,
    load: Callable[[pathlib.Path], object],
    error: type[Exception],
    rng: random.Random,
    times: int,
) -> dict[str, Any]:
    """Damages every file in turn, and opens the folder.

    Args:
        folder: What to damage.
        load: Opens a folder.
        error: What it must raise, naming the file.
        rng: Source of all that is random.
        times: Number of flipped bits in each file.

    Returns:
        JSON values: the number of damages that were named, or noticed but
        called that of another file, and of those that were not, by file.
    """
    noticed: collections.Counter[str] = collections.Counter()
    unnoticed: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as top:
        copy = pathlib.Path(top, folder.name)
        shutil.copytree(folder, copy)
        load(copy)
        paths = sorted(x for x in copy.rglob("*") if x.is_file())
        for path in tqdm.tqdm(paths, desc=str(folder.name), unit="file"):
            whole = path.read_bytes()
            other = next(x for x in paths if x.suffix == path.suffix)
            for data in damaged(whole, other.read_bytes(), rng, times):
                path.write_bytes(data)
                try:
                    load(copy)
                except error as caught:
                    named = path.name in str(caught)
                    noticed["named" if named else "as_another"] += 1
                else:
                    unnoticed[path.relative_to(copy).as_posix()] += 1
            path.write_bytes(whole)
    return {**noticed, "unnoticed": dict(unnoticed)}


def damaged(
    whole: bytes, other: bytes, rng: random.Random, times: int
) -> Iterator[bytes]:
    """Damaged contents of a file."""
    for _ in range(times if whole else 0):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        yield bytes(data)
    for changed in (whole[: len(whole) // 2], b"", whole + b"\0", other):
        if changed != whole:
            yield changed


@contextlib.contextmanager
def disk(size: int) -> Iterator[pathlib.Path]:
    """A disk of its own, of so many bytes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
            check=True,
        )
        try:
            yield pathlib.Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def remount(folder: pathlib.Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def starve(
    name: str, program: victims.Program, rng: random.Random, times: int
) -> dict[str, Any]:
    """Runs a program where it cannot write, and again where it can.

    Args:
        name: Its name.
        program: The program.
        rng: Source of all that is random.
        times: Number of disks that are full.

    Returns:
        JSON values: the number of failures, and what is not as it should be.
    """
    failures = 0
    findings: list[str] = []

    def fails_then_ends(
        folder: pathlib.Path, how: str, remedy: str | None, **options: Any
    ) -> None:
        nonlocal failures
        ended = victims.run(program, folder, **options)
        text = ended.stdout if ended else ""
        if not ended or ended.returncode <= 0:
            findings.append(f"{name}, {how}: ended by {ended}")
        elif "Traceback" in text or str(folder) not in text:
            findings.append(f"{name}, {how}: {text[-700:]}")
        else:
            failures += 1
        if remedy:
            remount(folder.parent, remedy)
        ended = victims.run(program, folder)
        if not ended or ended.returncode:
            findings.append(f"{name}, after {how}: {ended}")
            return
        different = victims.differences(expected, victims.state(folder))
        findings.extend(f"{name}, after {how}: {x}" for x in different)

    with tempfile.TemporaryDirectory() as folder:
        whole = pathlib.Path(folder, "whole")
        undisturbed = victims.run(program, whole)
        assert undisturbed is not None
        assert undisturbed.returncode == 0, undisturbed.stdout
        expected = victims.state(whole)
        sizes = [x.stat().st_size for x in whole.rglob("*") if x.is_file()]
    enough = 100 * MIB + 4 * sum(sizes)
    for _ in range(times):
        size = rng.randrange(4096, sum(sizes))
        with disk(size) as top:
            how = f"{size} bytes of {sum(sizes)}"
            fails_then_ends(top / "x", how, f"size={enough}")
    with disk(enough) as top:
        remount(top, "ro")
        fails_then_ends(top / "x", "read-only", "rw")
    with disk(enough) as top:
        limit = rng.randrange(max(sizes) // 2, max(sizes))
        fails_then_ends(top / "x", f"ulimit {limit}", None, largest=limit)
    return {"failures": failures, "findings": findings}


def ask(number: int, seed: int) -> dict[str, Any]:
    """Asks hostile servers; returns JSON values."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    rng = random.Random(seed)
    outcomes: collections.Counter[str] = collections.Counter()
    findings: list[str] = []
    slowest = 0.0
    clip = targets.CLIP
    _, body = targets.rest_seeds()
    for _ in tqdm.trange(number, unit="call"):
        answer = hostile.whole(body)
        answer = rng.choice(
            (
                b"",
                answer[: rng.randrange(len(answer))],
                mutations.mutated(answer, [answer], rng),
                hostile.whole(mutations.mutated(body, [body], rng)),
                rng.randbytes(rng.randrange(2000)),
            )
        )
        pause = rng.choice((None, None, None, 0.01))
        scheme = rng.choice(("", "http://"))
        begin = time.monotonic()
        with hostile.server(answer, pause) as address:
            model = client.connect(
                scheme + address, "model", timeout=CONNECTING, retries=1
            )
            model._shapes = {"attend": {"skeleton": (None, *clip.shape)}}
            try:
                model.predict(clip)
                outcomes["answer"] += 1
            except (ServingError, litert.InputError) as error:
                outcomes[type(error).__name__] += 1
            except Exception as error:
                findings.append(f"{error!r} at {answer!r}")
            seconds = time.monotonic() - begin
        slowest = max(slowest, seconds)
        if seconds > CONNECTING + SLACK:
            findings.append(f"{seconds:.1f} s at {answer!r}, pause {pause}")
    return {
        "calls": number,
        "outcomes": dict(outcomes),
        "slowest_seconds": round(slowest, 2),
        "findings": findings,
    }


def main(argv: list[str]) -> None:
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    if "disks" in FAULTS.value and os.geteuid():
        raise app.UsageError("expected root, to mount a tmpfs. Received: none")
    results: dict[str, Any] = {
        "command": "python -m benchmarks.reliability.faults",
        "seed": SEED.value,
    }
    findings: list[str] = []
    with tempfile.TemporaryDirectory() as top:
        inputs = pathlib.Path(top, "inputs")
        made = victims.make_programs(inputs)
        if "damage" in FAULTS.value:
            results["damage"] = damage_all(inputs, made["export"])
            print(results["damage"], flush=True)
        if "disks" in FAULTS.value:
            results["disks"] = {}
            for name in PROGRAMS.value or made:
                rng = random.Random(f"{SEED.value} {name}")
                result = starve(name, made[name], rng, DISKS.value)
                findings += result["findings"]
                results["disks"][name] = result
                print(f"{name}: {result['failures']} failures", flush=True)
    if "servers" in FAULTS.value:
        results["servers"] = ask(CALLS.value, SEED.value)
        findings += results["servers"]["findings"]
        print(results["servers"])
    if findings:
        raise SystemExit("\n\n".join(findings))
    if not PROGRAMS.value and set(FAULTS.value) == set(KINDS):
        files.write_json(programs.RESULTS / "faults.json", results)


def damage_all(
    inputs: pathlib.Path, export: victims.Program
) -> dict[str, dict[str, Any]]:
    """Damages a workdir and what was exported from it."""
    exported = inputs / "exported"
    victims.run(export, exported)
    rng = random.Random(SEED.value)
    results = {}
    for name, folder, load, error in (
        ("workdir", inputs / "trained", workdir.load, workdir.WorkdirError),
        ("SavedModel", exported / "sbu/1", saved_model.load, litert.ModelError),
        ("LiteRT", exported / "litert/sbu/1", load_all, litert.ModelError),
    ):
        results[name] = damage(folder, load, error, rng, TIMES.value)
    return results


def load_all(folder: pathlib.Path) -> None:
    """Opens every LiteRT file of an export."""
    for path in sorted(folder.glob("*.tflite")):
        litert.load(path)


if __name__ == "__main__":
    KINDS = ["damage", "disks", "servers"]
    FAULTS = flags.DEFINE_multi_enum("faults", KINDS, KINDS, "Which ones.")
    PROGRAMS = flags.DEFINE_list("programs", None, "Names. Default: all.")
    SEED = flags.DEFINE_integer("seed", 0, "Random seed.")
    TIMES = flags.DEFINE_integer("times", 20, "Flipped bits in each file.")
    DISKS = flags.DEFINE_integer("disks", 3, "Full disks for each program.")
    CALLS = flags.DEFINE_integer("calls", 1000, "Calls of hostile servers.")
    app.run(main)
