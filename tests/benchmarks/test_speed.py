import subprocess
import sys

import pytest

from benchmarks.programs import ROOT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--peer=python"], "expected --peer and --peer_script"),
        (["--peer=/no", f"--peer_script={__file__}"], "-m pip install torch"),
        (["--raw_dir=/no"], "--raw_dir: expected a folder"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_measured(
    arguments, message
):
    """In a process of its own: its flags have the names of train.py's."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
