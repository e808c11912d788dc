"""One training of a comparison: a resumable program in a workdir of its own.

Needs no TensorFlow, so that a scheduler's worker starts at once.
"""

import dataclasses
import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from stalstm import files
from stalstm.comparison.rows import Row

ROOT = pathlib.Path(__file__).parents[2]
# Lines of a failed program's output to show.
SHOWN = 12


class RunError(Exception):
    """A training failed; the message shows the end of what it printed."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One training, and how to start it.

    Attributes:
        row: The row that it belongs to.
        protocol: Name of the protocol.
        seed: Random seed.
        workdir: Its folder.
        command: Arguments of Python, from the root of the repository.
        fields: JSON values of the recipe; `None` for a baseline.
        known: Its result, if a results file has it.
    """

    row: Row
    protocol: str
    seed: int
    workdir: pathlib.Path
    command: tuple[str, ...]
    fields: Mapping[str, Any] | None = None
    known: Mapping[str, Any] | None = None

    def __str__(self):
        return f"{self.row.name}, {self.protocol}, seed {self.seed}"

    @property
    def finished(self) -> bool:
        if self.known is not None:
            return True
        return (self.workdir / "evaluation.json").exists()

    @property
    def output(self) -> pathlib.Path:
        """What the program prints."""
        return self.workdir / "output.txt"

    def start(self) -> subprocess.Popen:
        """Starts the program, or resumes it.

        It gets one thread: the matrices are small, so a training on each core
        is faster than one training on all of them.
        """
        self.workdir.mkdir(parents=True, exist_ok=True)
        one = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
        with self.output.open("w") as output:
            return subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env={**os.environ, **one, "OMP_NUM_THREADS": "1"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def check(self, status: int) -> None:
        """Checks how the program ended.

        Args:
            status: Its exit status.

        Raises:
            RunError: It failed.
        """
        if status:
            lines = self.output.read_text(errors="replace").splitlines()
            end = "\n".join(f"    {x}" for x in lines[-SHOWN:])
            raise RunError(f"{self} ended with exit status {status}:\n{end}")

    def evaluation(self) -> dict[str, Any] | None:
        """The `evaluation.json` of the finished training, if it is here."""
        path = self.workdir / "evaluation.json"
        return files.read_json(path) if path.exists() else None

    def result(self) -> dict[str, Any]:
        """JSON values about the finished training."""
        if self.known is not None:
            return {**self.known, "protocol": self.protocol}

        def read(name: str) -> Any:
            path = self.workdir / f"{name}.json"
            return files.read_json(path) if path.exists() else []

        config, evaluation = read("config"), read("evaluation")
        curve = read("curve")
        return {
            "protocol": self.protocol,
            "seed": self.seed,
            "trained_on": config["training_split"],
            "evaluated_on": config["test_split"],
            "accuracy": evaluation["accuracy"],
            "best_epoch": max((x["accuracy"] for x in curve), default=None),
            "confusion_matrix": evaluation["confusion_matrix"],
            "parameters": evaluation.get("parameters"),
            "seconds": evaluation.get(
                "seconds", round(sum(x["seconds"] for x in read("metrics")))
            ),
            "processor": config["processor"],
            "commit": config["commit"],
            "versions": config["versions"],
        }


def run_to_end(run: Run) -> None:
    """Runs a training, or what an interrupted one did not finish.

    Raises:
        RunError: It failed.
    """
    if run.finished:
        return
    process = run.start()
    try:
        run.check(process.wait())
    finally:
        process.kill()
        process.wait()
