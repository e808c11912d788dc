"""The door, as its users open it: from the command line."""

import json
import pathlib
import subprocess
import sys

import pytest
import tensorflow_datasets as tfds

import export
from datasets.sbu.dummy_data_generation import write_dummy_recordings
from datasets.sbu.sbu_dataset_builder import Builder
from stalstm.serving.trained import ExportError
from tests.serving import fake_server, fake_workdir

ROOT = pathlib.Path(__file__).parents[1]


def run(script, *flags, expect=0):
    command = [sys.executable, str(ROOT / script), *map(str, flags)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two versions: one compared on real clips, one without a data set."""
    folder = tmp_path_factory.mktemp("export")
    write_dummy_recordings(folder / "raw", frames=5)
    builder = Builder(data_dir=folder / "data")
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=folder / "raw")
    )
    fake_workdir.write(folder / "workdir")
    flags = [
        f"--workdir={folder / 'workdir'}",
        f"--export_dir={folder / 'models'}",
    ]
    flags += ["--name=small", "--frames=8"]
    outputs = [
        run("export.py", *flags, f"--data_dir={folder / x}")
        for x in ("data", "nothing")
    ]
    return folder, outputs


def test_versions_follow_one_another(models):
    folder, _ = models
    for place in ("models/small", "models/litert/small"):
        assert {x.name for x in (folder / place).iterdir()} == {"1", "2"}
    left = {x.name for x in (folder / "models").iterdir()}
    assert left == {
        "small",
        "litert",
        "models.config",
        "batching.config",
        "monitoring.config",
        "compose.yaml",
    }


def test_says_how_far_the_files_agree(models):
    folder, (real, random) = models
    assert "on sbu/1.0.0, fold_1" in real
    assert "comparing on random clips" in random
    for version, clips in (("1", 4), ("2", 6)):
        path = folder / f"models/litert/small/{version}/agreement.json"
        agreement = json.loads(path.read_text())
        assert agreement["step_float32"]["clips"] == clips
        assert agreement["step_float32"]["largest_difference"] < 1e-4
        assert agreement["step_float32"]["same_class"] == 1
        known = agreement["step_int8"]["accuracy"] is not None
        assert known == (version == "1")
    # Of the random ones, two are longer than --frames.
    assert agreement["clip_float32"]["clips"] == 4


def test_a_client_asks_for_raw_recordings(models):
    folder, _ = models
    servable = fake_server.Servable("small", folder / "models/small/2")
    with fake_server.grpc_server(servable) as (_, address):
        flags = [f"--server={address}", "--model=small"]
        output = run("ask.py", *flags, folder / "raw")
        lines = [x for x in output.splitlines() if x.endswith("%)")]
        assert len(lines) == 21
        label = lines[0].split()[1]
        assert label in fake_workdir.LABELS
        recording = (
            folder / f"raw/{lines[0].partition(':')[0]}/skeleton_pos.txt"
        )
        output = run("ask.py", *flags, "--stream", recording)
        assert output.count("frame ") == 5
        assert f"at the end {label}" in output
        recording.write_text("1,2,3\n")
        output = run("ask.py", *flags, recording, expect=1)
        assert "line 1: expected 91 fields" in output


def test_an_unfinished_workdir_is_refused(tmp_path):
    output = run(
        "export.py",
        f"--workdir={tmp_path}",
        f"--export_dir={tmp_path / 'models'}",
        expect=1,
    )
    assert "expected the workdir of a finished training" in output
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("name", ["litert", "../other", "", ".hidden"])
def test_a_name_is_that_of_a_folder(name):
    with pytest.raises(ExportError, match="--name"):
        export.check_name(name)
