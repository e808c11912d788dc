"""Runs the tests of `two_devices.py`, in a process that has two."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]


@pytest.mark.long(seconds=25)
def test_training_on_two_devices():
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "tests/two_devices.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,  # a process that does not end is an error too
    )
    assert run.returncode == 0, run.stdout + run.stderr
