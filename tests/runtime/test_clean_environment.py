"""An exported LiteRT folder where there is neither stalstm nor TensorFlow."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from stalstm.runtime import litert

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.long
def test_the_folder_does_what_its_readme_says(litert_folder, tmp_path):
    copy = shutil.copytree(litert_folder, tmp_path / "copy")
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    variables = {
        **os.environ,
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
        "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
    }
    variables.pop("PYTHONPATH", None)

    def run(command):
        done = subprocess.run(
            command,
            shell=True,
            cwd=copy,
            env=variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    readme = (copy / "README.md").read_text()
    (block,) = re.findall(r"```shell\n(.*?)```", readme, re.DOTALL)
    install, predict = block.splitlines()
    assert install == "pip install numpy ai-edge-litert"
    run(install)
    answer = litert.load(copy).predict(np.load(copy / "clip.npy"))
    text = f"{answer['label']} ({max(answer['probabilities']):.1%})"
    assert run(predict) == f"clip.npy: {text}\n"
    assert run(f"{predict} --stream").endswith(f"clip.npy: {text}\n")
    have = run("pip list --format=freeze").lower()
    assert "numpy" in have
    for package in ("stalstm", "tensorflow", "keras"):
        assert package not in have
