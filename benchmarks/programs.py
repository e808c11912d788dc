"""What the benchmarks share: the machine, and programs to run and measure."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psutil

from stalstm import files

ROOT = pathlib.Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results"
# Lines of a failed program's output to show.
SHOWN = 12


@dataclasses.dataclass(frozen=True)
class Finished:
    """A program that has run to its end.

    Attributes:
        output: What it printed, errors included.
        seconds: From its start to its end.
        peak_memory_mib: Its largest resident memory, or that of the largest
            of its own child processes.
        samples: Resident MiB of it and all its child processes together, from
            its start to its end. A page that processes share counts once for
            each.
    """

    output: str
    seconds: float
    peak_memory_mib: float
    samples: Sequence[float] = ()

    def json(self) -> dict[str, Any]:
        """The last JSON object that it printed on a line of its own."""
        lines = [x for x in self.output.splitlines() if x.startswith("{")]
        return json.loads(lines[-1])


def run(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    output: pathlib.Path | None = None,
    sample_every: float | None = None,
) -> Finished:
    """Runs a program in the root of the repository and measures it.

    Args:
        command: The program and its arguments.
        environment: Environment variables to add.
        output: File that receives what the program prints; a temporary file by
            default.
        sample_every: Seconds between two samples of its memory; none by
            default.

    Raises:
        SystemExit: The program cannot be started, or it failed. The message
            shows the command and the end of its output.
    """
    samples: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        output = output or pathlib.Path(folder, "output.txt")
        with output.open("w") as file:
            start = time.monotonic()
            try:
                process = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env={**os.environ, **(environment or {})},
                    stdout=file,
                    stderr=subprocess.STDOUT,
                )
            except OSError as error:
                raise SystemExit(
                    f"{command[0]}: expected a program. "
                    f"Received: {error.strerror}"
                ) from None
            if sample_every is not None:
                samples = sample(process.pid, sample_every)
            # Unlike `Popen.wait`, it tells the memory of this one process.
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        printed = output.read_text()
    if process.returncode:
        end = "\n".join(f"  {x}" for x in printed.splitlines()[-SHOWN:])
        raise SystemExit(
            f"This command failed with exit status {process.returncode}:\n"
            f"  {shlex.join(command)}\nIts output ended with:\n{end}"
        )
    return Finished(printed, seconds, usage.ru_maxrss / 1024, samples)


def sample(child: int, every: float) -> list[float]:
    """Resident MiB of a child and those below it, until the child has ended."""
    samples = []
    tree = psutil.Process(child)
    # It stays for `wait4`.
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, child, options) is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            processes = [tree, *tree.children(recursive=True)]
            resident = sum(x.memory_info().rss for x in processes)
            samples.append(resident / 2**20)
        time.sleep(every)
    return samples


def recorded(path: pathlib.Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Results of the same settings, that an interrupted run goes on with.

    Args:
        path: A file of results, JSON.
        settings: Values that it must hold.
    """
    written = files.read_json(path) if path.exists() else {}
    return written if settings.items() <= written.items() else {}


def train(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    output: pathlib.Path | None = None,
) -> Finished:
    """Runs `train.py`; arguments and errors otherwise as those of `run`."""
    command = [sys.executable, "train.py", *arguments]
    return run(command, environment, output)
