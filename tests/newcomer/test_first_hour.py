"""What the README, the tutorials and the doors say to type, typed."""

import pathlib
import re
import shlex
import subprocess
import time
import urllib.request

import pytest

from stalstm import files
from tests import conftest
from tests.newcomer import machine, pages

LIMIT = 900  # Seconds; what takes longer hangs, on a busy machine too.
# A training of its real length takes minutes or hours; one shape of batches and
# one layer are compiled in seconds.
FEWER = " ".join(
    f"--set={x}"
    for x in (
        "stages=joint",
        "iterations=1",
        "pad_to_multiple_of=100",
        "main_layers=1",
    )
)
# What train.py and export.py print to try next.
PRINTED = re.compile(r"^  (\S*python \S.*|docker .*)$", re.MULTILINE)


class Newcomer:
    """Somebody who types commands in a clone.

    Args:
        folder: Where the newcomer's home and clone are made.

    Attributes:
        home: The home.
        tree: The clone, in which the commands run.
        typed: Commands that were typed.
        printed: Commands that were printed, to type.
        failures: Commands that failed, with their output.
    """

    def __init__(self, folder: pathlib.Path):
        self.home, self.tree = folder / "home", folder / "stalstm"
        self.home.mkdir()
        machine.clone(self.tree)
        self.typed: list[str] = []
        self.printed: list[str] = []
        self.failures: list[str] = []
        self._done: list[str] = []
        self._variables = machine.environment(self.home)

    def read(self, block: pages.Block) -> None:
        """Types what is in a block."""
        if block.language == "shell":
            for command in block.commands():
                self.type(command, block.not_run)
        elif block.language == "python" and block.not_run:
            print(f"not run: {block.not_run}: {block.place}")
        elif block.language == "python":
            self.run(shlex.join([".venv/bin/python", "-c", block.text]))

    def type(self, command: str, not_run: str = "") -> None:
        """Runs a command, once, unless there is a reason not to."""
        words = shlex.split(command)
        if shlex.join(words) in self.typed:
            return
        self.typed.append(shlex.join(words))
        if self._is_like_one_before(words):
            return
        if words[0] == "docker" or any(
            x.startswith("--server=") for x in words
        ):
            not_run = not_run or "no model server here"
        if not_run:
            print(f"not run: {not_run}: {command}")
        elif "tensorboard.main" in words:
            self.visit_tensorboard(command)
        elif words[0] == "make" and not {"test", "lint"}.isdisjoint(words):
            # Both would run this test or check it.
            self.run(f"{command} --dry-run")
        elif "train.py" in words:
            # `make demo` writes a report.
            self.run(f"{command} {FEWER} --noreport")
        elif "stalstm.comparison" in words:
            self.run(f"{command} {FEWER}")
        else:
            self.run(command)
        if words == ["make", "demo"]:
            self.record()

    def _is_like_one_before(self, words: list[str]) -> bool:
        """Whether a slow command was done for another run of the same data."""
        if "tensorboard.main" in words:
            kind = "tensorboard"
        elif "export.py" in words:
            (workdir,) = [x for x in words if x.startswith("--workdir=")]
            config = self.tree / workdir.partition("=")[2] / "config.json"
            # Other sets are exported as the demo is.
            dataset = files.read_json(config)["dataset"]
            kind = "custom" if dataset.startswith("custom/") else "export"
        elif "train.py" in words and any(
            "/" in x for x in words if x.startswith("--dataset=")
        ):
            kind = "own folder"
        else:
            return False
        if kind in self._done:
            return True
        self._done.append(kind)
        return False

    def run(self, command: str) -> None:
        """Runs a command as it is."""
        start = time.monotonic()
        try:
            done = subprocess.run(
                command,
                shell=True,
                cwd=self.tree,
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LIMIT,
            )
            output, status = done.stdout, str(done.returncode)
        except subprocess.TimeoutExpired as error:
            output, status = str(error.output), str(error)
        print(f"{time.monotonic() - start:5.1f} s: {command}")
        if status != "0" or re.search(r"Traceback|\w+Warning: ", output):
            self.failures.append(f"{command}\n{output}\nexit status {status}")
        self.printed += PRINTED.findall(output)

    def record(self) -> None:
        """Gets the recordings that the pages take for granted."""
        sbu, ntu = self.home / "SBU", self.home / "NTU"
        if (conftest.DATA / "sbu").is_dir():
            sbu.symlink_to(conftest.DATA / "sbu")
        else:
            module = "datasets.synthetic.recordings"
            self.run(f".venv/bin/python -m {module} --out={sbu}")
        module = "datasets.ntu.fake_recordings"
        self.run(f".venv/bin/python -m {module} {ntu} --clips=200")

    def visit_tensorboard(self, command: str) -> None:
        """Starts TensorBoard, looks at it and stops it."""
        start = time.monotonic()
        server = subprocess.Popen(
            f"exec {command}",
            shell=True,
            cwd=self.tree,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert server.stderr is not None
        said, address = "", None
        for line in server.stderr:
            said += line
            if address := re.search(r"http://localhost:\d+", line):
                break
        try:
            assert address, f"it gives no address: {said}"
            for page in ("/", "/data/runs"):
                url = address.group() + page
                with urllib.request.urlopen(url, timeout=60) as answer:
                    assert answer.status == 200
                    body = answer.read()
            assert b"step" in body or b"joint" in body, body
        except (AssertionError, OSError) as error:
            self.failures.append(f"{command}\n{error}")
        finally:
            server.terminate()
            server.communicate()
        print(f"{time.monotonic() - start:5.1f} s: {command}")


@pytest.mark.long(seconds=180)
def test_everything_that_the_pages_say_works(tmp_path):
    homes = [pathlib.Path.home(), machine.ROOT]
    before = [{x.name for x in home.iterdir()} for home in homes]
    newcomer = Newcomer(tmp_path)
    for block in pages.blocks(newcomer.tree):
        newcomer.read(block)
    while newcomer.printed:
        newcomer.type(newcomer.printed.pop(0))

    assert not newcomer.failures, "\n\n".join(newcomer.failures)
    assert "make demo" in newcomer.typed
    assert any("predict.py" in x for x in newcomer.typed)
    # Nothing is left in odd places.
    assert not list(tmp_path.rglob("~*"))
    assert machine.untracked(newcomer.tree) == []
    assert {x.name for x in tmp_path.iterdir()} == {"home", "stalstm", "tmp"}
    after = [{x.name for x in home.iterdir()} for home in homes]
    for names in [x - y for x, y in zip(after, before, strict=True)]:
        assert names.isdisjoint({"~", "tensorflow_datasets", "exported"})
