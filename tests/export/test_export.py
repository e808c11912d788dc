"""The door, as its users open it: from the command line."""

import contextlib
import io
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from stalstm.export import agreement, litert, saved_model, version
from tests import door
from tests.export import exported

SPLIT = "fold_1"


@pytest.fixture(scope="module")
def workdir(small, tmp_path_factory) -> pathlib.Path:
    """A finished training of `small`, with its prepared data."""
    folder = tmp_path_factory.mktemp("export")
    clips = exported.random_clips([3, 4, 5, 20, 6])
    clips[2][:, 1] = 0  # body order needs both
    skeletons = [x.tobytes() for x in clips]

    def clip(skeleton, label):
        flat = tf.io.decode_raw(skeleton, tf.float32)
        return {
            "skeleton": tf.reshape(flat, (-1, 2, 15, 3)),
            "label": label,
        }

    tfds.dataset_builders.store_as_tfds_dataset(
        name="sbu",
        version="2.0.0",
        features=tfds.features.FeaturesDict(
            {
                "skeleton": tfds.features.Tensor(
                    shape=(None, 2, 15, 3), dtype=np.float32
                ),
                "label": tfds.features.ClassLabel(names=exported.LABELS),
            }
        ),
        split_datasets={
            SPLIT: tf.data.Dataset.from_tensor_slices(
                (skeletons, np.arange(5) % 3)
            ).map(clip)
        },
        data_dir=folder / "data",
        disable_shuffling=True,
    )
    exported.write_workdir(folder / "workdir", small, folder / "data/sbu/2.0.0")
    return folder / "workdir"


@pytest.fixture(scope="module")
def copied(export_dir):
    """Exports copy what is exported already instead of converting it again.

    Yields the arguments of `litert.write`.
    """
    calls = []
    with pytest.MonkeyPatch.context() as patch:

        def write_litert(_, folder, *arguments):
            calls.append(arguments)
            shutil.copytree(export_dir / "litert/small/1", folder)

        def write_saved_model(_, folder, *arguments):
            shutil.copytree(export_dir / "small/1", folder)

        patch.setattr(litert, "write", write_litert)
        patch.setattr(saved_model, "write", write_saved_model)
        yield calls


@pytest.fixture(scope="module")
def output(workdir, copied):
    """What an export of version 1 prints; it is in `exported`."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        door.run(
            "export",
            f"--workdir={workdir}",
            f"--export_dir={workdir.parent / 'exported'}",
        )
    return printed.getvalue()


def test_compares_on_the_data_of_the_training(workdir, output):
    assert "Compared with the Keras model on sbu/2.0.0, fold_1:" in output
    assert "fewer than 2 bodies appear in them: 1" in output
    assert "random" not in output
    folder = workdir.parent / "exported/litert/sbu/1"
    result = json.loads((folder / "agreement.json").read_text())
    assert result.pop("clips_of") == "sbu/2.0.0, fold_1"
    assert len(result) == 8
    for files in result.values():
        assert files["clips"] == 4
        assert files["accuracy"] is not None
    assert result["frame_float32"]["largest_difference"] < 1e-4
    assert result["frame_float32"]["same_class"] == 1
    assert agreement.table(result) in output


def test_the_clip_files_take_the_longest_test_clip(copied, output):
    name, example, frames = copied[0]
    assert (name, frames) == ("sbu", 24)  # 20, in multiples of 8
    assert len(example) == 24


def test_versions_follow_one_another(workdir, copied, tmp_path, capsys):
    folder = tmp_path / "exported"
    # An export was killed when one of its folders had appeared.
    for half in ("web/small/1", "litert/small/tmp_1"):
        (folder / half).mkdir(parents=True)
        (folder / half / "half").touch()
    (folder / version.UNFINISHED).write_text("small/1")
    for number in ("1", "2"):
        door.run(
            "export",
            f"--workdir={workdir}",
            f"--export_dir={folder}",
            f"--data_dir={tmp_path / 'nothing'}",
            "--name=small",
        )
        output = capsys.readouterr().out
        assert "No prepared data in" in output
        assert "Comparing on random clips" in output
        result = json.loads(
            (folder / f"litert/small/{number}/agreement.json").read_text()
        )
        assert result["clips_of"] == "random clips"
        assert result["frame_float32"]["clips"] == 6
        assert result["frame_int8"]["accuracy"] is None
        # Of the random clips one is longer than the longest test clip.
        assert result["clip_float32"]["clips"] == 5
    for place in ("small", "litert/small", "web/small"):
        assert {x.name for x in (folder / place).iterdir()} == {"1", "2"}
    assert not list(folder.rglob("half"))
    left = {x.name for x in folder.iterdir()}
    assert left == {
        "small",
        "litert",
        "web",
        "models.config",
        "batching.config",
        "monitoring.config",
        "compose.yaml",
    }


@pytest.mark.parametrize("record", ["", "/", "small", "small/x", "\0/1"])
def test_a_damaged_record_of_an_export_removes_nothing(record, tmp_path):
    (tmp_path / "small" / "1").mkdir(parents=True)
    (tmp_path / "small" / "1" / "kept").touch()
    (tmp_path / version.UNFINISHED).write_text(record)
    version.remove_unfinished(tmp_path)
    assert [x.name for x in tmp_path.rglob("*")] == ["small", "1", "kept"]


def test_prints_commands_that_run(workdir, output):
    commands = [x for x in output.splitlines() if x.startswith("  ")]
    on_device, predict, page, serve = commands[-4:]
    folder = workdir.parent / "exported"
    model = f"--model={folder}/litert/sbu/1"
    # The data is found again, as the export has found it.
    assert f"predict.py {model} --split=fold_1 --data_dir=" in predict
    data_dir = predict.partition("--data_dir=")[2]
    assert pathlib.Path(data_dir, "sbu/2.0.0/dataset_info.json").exists()
    assert page.strip() == f"{folder}/web/sbu/1/index.html"
    assert pathlib.Path(page.strip()).exists()
    assert (folder / "compose.yaml").exists()
    assert serve.endswith(f"--file {folder}/compose.yaml up")
    done = subprocess.run(
        on_device, shell=True, capture_output=True, text=True, check=True
    )
    assert "clip.npy: " in done.stdout


def test_says_why_there_is_no_stream(
    workdir, tmp_path, copied, monkeypatch, capsys
):
    reason = "it looks at the last frame first"
    monkeypatch.setattr("stalstm.models.sta_lstm.STALSTM.cannot_stream", reason)
    door.run("export", f"--workdir={workdir}", f"--export_dir={tmp_path}")
    expected = f"sbu has no files for live streams: {reason}."
    assert expected in capsys.readouterr().out
    assert not (tmp_path / "web").exists()


def test_an_unfinished_workdir_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="workdir of a finished training"):
        door.run(
            "export",
            f"--workdir={tmp_path}",
            f"--export_dir={tmp_path / 'exported'}",
        )
    assert not (tmp_path / "exported").exists()


@pytest.mark.parametrize("name", ["litert", "../other", " ", ".hidden"])
def test_a_name_is_that_of_a_folder(name, workdir, tmp_path):
    with pytest.raises(SystemExit, match="--name"):
        door.run(
            "export",
            f"--workdir={workdir}",
            f"--export_dir={tmp_path}",
            f"--name={name}",
        )


def test_without_litert_the_command_that_installs_it_is_named(
    workdir, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    with pytest.raises(SystemExit, match="pip install ai-edge-litert"):
        door.run("export", f"--workdir={workdir}", f"--export_dir={tmp_path}")
    assert list(tmp_path.iterdir()) == []
