"""The wheel, in an environment that has nothing of this repository."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from tests.export.exported import expected
from tests.newcomer import machine

# Predicts with each model that is named, and prints the answers.
PREDICT = """
import json
import sys

import numpy as np
import stalstm

clip = np.load("clip.npy")
for model in sys.argv[1:]:
    answer = stalstm.load(model).predict(clip)
    has_tensorflow = "tensorflow" in sys.modules
    probabilities = answer["probabilities"].tolist()
    print(json.dumps([answer["label"], probabilities, has_tensorflow]))
"""


@pytest.mark.long(seconds=40)
def test_predicts_where_the_wheel_is_installed(
    small, clips, litert_folder, tmp_path
):
    def run(*command):
        return subprocess.run(
            command,
            check=True,
            cwd=tmp_path,
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    # As `make wheel` does.
    machine.copy_tree(tmp_path / "tree")
    run(sys.executable, "-m", "build", "--no-isolation", "tree")
    dist = tmp_path / "tree/dist"
    assert len(list(dist.glob("stalstm-*.tar.gz"))) == 1
    (wheel,) = dist.glob("stalstm-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        folders = {x.partition("/")[0] for x in archive.namelist()}
    # Packages `datasets` or `tests` would shadow those of others.
    assert {x for x in folders if not x.endswith(".dist-info")} == {"stalstm"}

    environment = tmp_path / "environment"
    machine.make_environment(environment, wheel)
    clip = clips[-1]
    np.save(tmp_path / "clip.npy", clip)
    small.model.save(tmp_path / "model.keras")
    python = environment / "bin/python"
    said = run(python, "-c", PREDICT, litert_folder, "model.keras")
    probabilities = expected(small, clip)["probabilities"]
    label = small.data.classes[probabilities.argmax()]
    litert, keras = map(json.loads, said.splitlines())
    for answer in (litert, keras):
        assert answer[0] == label
        np.testing.assert_allclose(answer[1], probabilities, atol=1e-5)
    assert [litert[2], keras[2]] == [False, True]
