"""Feeds damaged inputs to everything that reads, and counts what happens.

    python -m benchmarks.reliability.fuzz --seconds=600
    python -m benchmarks.reliability.fuzz --targets=ntu --engine=atheris

Only documented errors may come, within two seconds of the processor and a bound
of memory.
What breaks this is written to --findings, and the exit status is not 0. The
engine atheris is guided by coverage, and needs `pip install atheris`.
"""

import collections
import concurrent.futures
import gc
import hashlib
import inspect
import json
import pathlib
import random
import resource
import signal
import subprocess
import sys
import time
from typing import Any

from absl import app, flags

from benchmarks import programs
from benchmarks.reliability import mutations
from benchmarks.reliability.targets import Target, targets
from stalstm import files

SLOWEST = 2  # seconds of the processor for one input
# Packages whose coverage guides atheris.
GUIDED = ("datasets", "stalstm", "zipfile", "json", "csv")
MEMORY = 8 * 2**30  # bytes of address space, of which TensorFlow takes much


class TooSlowError(Exception):
    """An input took longer than `SLOWEST`."""


class FindingError(Exception):
    """An input that does what is not documented."""


def attack(
    target: Target, seed: int, seconds: float, most: int | None = None
) -> dict[str, Any]:
    """Feeds mutations of its seeds to a target.

    Args:
        target: What to attack.
        seed: Random seed.
        seconds: Time for all inputs.
        most: Number of inputs.

    Returns:
        JSON values: number of inputs, of errors by name, and the slowest.

    Raises:
        FindingError: An input breaks what is promised; with that input.
    """
    rng = random.Random(seed)
    pool = list(target.seeds)
    outcomes: collections.Counter[str] = collections.Counter()
    slowest = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end and outcomes.total() != most:
        data = mutations.mutated(rng.choice(pool), pool, rng)
        begin = time.process_time()
        outcome = one(target, data)
        slowest = max(slowest, time.process_time() - begin)
        # What is still taken is worth damaging further.
        if outcome == "taken" and len(pool) < 200:
            pool.append(data)
        outcomes[outcome] += 1
    return {
        "inputs": outcomes.total(),
        "outcomes": dict(outcomes.most_common()),
        "slowest_seconds": round(slowest, 3),
    }


def one(target: Target, data: bytes) -> str:
    """Feeds one input. Returns what happened: an error's name, or "taken"."""
    previous = signal.signal(signal.SIGPROF, _too_slow)
    signal.setitimer(signal.ITIMER_PROF, SLOWEST)
    try:
        target.read(data)
    except target.errors as error:
        return type(error).__name__
    except BaseException as error:
        raise FindingError(repr(error)[:500], data) from error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    return "taken"


def _too_slow(*_: object) -> None:
    raise TooSlowError(f"more than {SLOWEST} s")


def with_atheris(target: Target, seed: int, seconds: float) -> dict[str, Any]:
    """As `attack`, guided by coverage; ends the process."""
    import atheris

    outcomes: collections.Counter[str] = collections.Counter()

    def test(data: bytes) -> None:
        outcomes[one(target, data)] += 1
        if outcomes.total() % 1000 == 0:
            print(
                json.dumps({"inputs": outcomes.total(), "outcomes": outcomes})
            )

    findings = pathlib.Path(FINDINGS.value)
    corpus = findings / "corpus" / TARGETS.value[0]
    corpus.mkdir(parents=True, exist_ok=True)
    for data in target.seeds:
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    options = [
        f"-max_total_time={int(seconds)}",
        f"-seed={seed + 1}",  # 0 would be at random
        f"-artifact_prefix={findings}/",
    ]
    for function in gc.get_objects():
        if inspect.isfunction(function) and (
            str(function.__module__).partition(".")[0] in GUIDED
        ):
            atheris.instrument_func(function)
    atheris.Setup([sys.argv[0], *options, str(corpus)], test)
    atheris.Fuzz()
    raise AssertionError("atheris ends the process")


def main(argv: list[str]) -> None:
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    chosen = TARGETS.value or list(targets())
    if unknown := set(chosen) - set(targets()):
        raise app.UsageError(
            f"--targets: expected some of {', '.join(targets())}. "
            f"Received: {', '.join(sorted(unknown))}"
        )
    if len(chosen) > 1:
        each_in_a_process(chosen)
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    target = targets()[chosen[0]]
    engine = {"mutation": attack, "atheris": with_atheris}[ENGINE.value]
    try:
        result = engine(target, SEED.value, SECONDS.value)
    except FindingError as finding:
        what, data = finding.args
        path = pathlib.Path(FINDINGS.value, f"{chosen[0]}.bin")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        raise SystemExit(f"{chosen[0]}: {what}\nThe input is {path}") from None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({**result, "peak_mebibytes": peak}))


def each_in_a_process(chosen: list[str]) -> None:
    """Attacks the targets one after the other, and writes the results.

    Those that are there are kept: an interrupted run goes on.
    """
    path = programs.RESULTS / f"fuzz_{ENGINE.value}.json"
    about = {"seconds_each": SECONDS.value, "seed": SEED.value}
    command = f"python -m benchmarks.reliability.fuzz --engine={ENGINE.value}"
    results = programs.recorded(path, about).get("targets", {})
    left = [x for x in chosen if x not in results]
    with concurrent.futures.ThreadPoolExecutor(PARALLEL.value) as pool:
        for name, result in zip(
            left, pool.map(in_a_process, left), strict=True
        ):
            print(f"{name}: {result}", flush=True)
            if "finding" not in result:
                results[name] = result
                files.write_json(
                    path, {"command": command, **about, "targets": results}
                )
    if failed := [x for x in chosen if x not in results]:
        raise SystemExit(f"Findings: {', '.join(failed)}")


def in_a_process(name: str) -> dict[str, Any]:
    """Attacks a target in a process of its own, with a bound of memory."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.reliability.fuzz",
            f"--targets={name}",
            f"--engine={ENGINE.value}",
            f"--seconds={SECONDS.value}",
            f"--seed={SEED.value}",
            f"--findings={FINDINGS.value}",
        ],
        cwd=programs.ROOT,
        capture_output=True,
        text=True,
    )
    lines = [x for x in done.stdout.splitlines() if x.startswith("{")]
    result = json.loads(lines[-1]) if lines else {}
    if done.returncode:
        result["finding"] = done.stderr.strip().splitlines()[-2:]
    return result


if __name__ == "__main__":
    SECONDS = flags.DEFINE_float("seconds", 600.0, "For each target.")
    SEED = flags.DEFINE_integer("seed", 0, "Random seed.")
    TARGETS = flags.DEFINE_list("targets", None, "Names. Default: all.")
    ENGINE = flags.DEFINE_enum(
        "engine", "mutation", ["mutation", "atheris"], "What makes the inputs."
    )
    PARALLEL = flags.DEFINE_integer("parallel", 1, "Targets at a time.")
    FINDINGS = flags.DEFINE_string(
        "findings", "workdirs/fuzz", "Folder for inputs that break something."
    )
    app.run(main)
