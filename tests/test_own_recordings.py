"""A folder of own recordings, by the commands of the README."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from absl import app

from datasets.custom import check, example
from datasets.custom.recordings import survey
from tests import door

ROOT = pathlib.Path(__file__).parents[1]
# Enough to tell the movements of the examples apart.
SHORT = ["--recurrence=keras"] + [
    f"--set={x}"
    for x in (
        "iterations=100",
        "learning_rate=0.004",
        "main_layers=1",
        "units=24",
        "batch_size=16",
    )
]


def read(path):
    return json.loads(path.read_text())


@pytest.fixture
def predict(capsys):
    """Runs the door; returns the lines that it prints."""

    def predict(*arguments):
        capsys.readouterr()
        door.run("predict", *arguments)
        return capsys.readouterr().out.splitlines()

    return predict


@pytest.mark.parametrize("kind", ["one", "three"])
def test_nothing_is_wrong_with_the_examples(kind, tmp_path, capsys):
    example.write_example(tmp_path / "clips", kind)
    status = check.check(tmp_path / "clips", tmp_path / "picture.png")
    output = capsys.readouterr().out
    assert status == 0, output
    assert "Nothing is wrong" in output
    assert f"train.py --dataset={tmp_path / 'clips'}" in output
    assert (tmp_path / "picture.png").read_bytes()


@pytest.mark.long(seconds=30)
@pytest.mark.parametrize(
    ("kind", "bodies", "joints", "protocol"),
    [("one", 1, 20, "fold_1"), ("three", 3, 17, "test")],
)
def test_from_a_folder_to_answers(
    kind, bodies, joints, protocol, tmp_path, monkeypatch, predict
):
    monkeypatch.chdir(tmp_path)
    example.write_example(tmp_path / "clips", kind)
    door.run(
        "train",
        "--dataset=clips",
        "--data_dir=prepared",
        "--workdir=run",
        *SHORT,
    )
    door.run("export", "--workdir=run", "--export_dir=exported")

    config = read(tmp_path / "run/config.json")
    assert config["name"] == "clips"
    assert config["dataset"].startswith("custom/clips_")
    assert config["data"]["bodies"] == bodies
    assert len(config["data"]["skeleton"]["joints"]) == joints
    assert config["protocol"] == protocol
    # It knows people whom it has not seen.
    assert read(tmp_path / "run/evaluation.json")["accuracy"] > 0.9
    check_that_every_form_reads_the_folder(predict)
    check_that_a_stream_ends_as_the_clip(predict)
    check_that_files_are_read_as_in_the_training(predict)
    check_that_what_does_not_fit_is_named(predict, bodies, joints)


def check_that_every_form_reads_the_folder(predict):
    answers = set()
    found = survey("clips").recordings
    for model in ("run", "exported/clips", "exported/litert/clips"):
        lines = predict(f"--model={model}", "clips")
        names, labels = zip(*(x.split()[:2] for x in lines), strict=True)
        assert list(names) == [x.clip_id for x in found]
        right = [x.label == y for x, y in zip(found, labels, strict=True)]
        assert np.mean(right) > 0.9
        answers.add(labels)
    assert len(answers) == 1


def check_that_a_stream_ends_as_the_clip(predict):
    recording = survey("clips").recordings[0]
    model = "--model=exported/litert/clips"
    (whole,) = predict(model, "--json", recording.path)
    *_, last = predict(model, "--json", "--stream", recording.path)
    np.testing.assert_allclose(
        json.loads(last)["probabilities"],
        json.loads(whole)["probabilities"],
        atol=1e-4,
    )


def check_that_files_are_read_as_in_the_training(predict):
    """In its unit and axes, unless a `skeleton.json` says otherwise."""
    recording = survey("clips").recordings[-1]
    lone = pathlib.Path(f"lone{recording.path.suffix}")
    lone.write_bytes(recording.path.read_bytes())
    (line,) = predict("--model=run", "--json", lone)
    assert json.loads(line)["label"] == recording.label
    other = pathlib.Path("other_unit")
    other.mkdir()
    layout = {**read(pathlib.Path("clips/skeleton.json")), "unit": "mm"}
    (other / "skeleton.json").write_text(json.dumps(layout))
    (other / lone.name).write_bytes(lone.read_bytes())
    (tiny,) = predict("--model=run", "--json", other)
    assert json.loads(tiny)["logits"] != json.loads(line)["logits"]


def check_that_what_does_not_fit_is_named(predict, bodies, joints):
    other = pathlib.Path("other_joints")
    other.mkdir()
    (other / "skeleton.json").write_text('{"joints": ["a", "b"]}')
    np.save(other / "x.npy", np.ones((3, 2, 3)))
    with pytest.raises(
        SystemExit, match=r"skeleton\.json: expected the joints"
    ):
        predict("--model=run", other)
    np.save("many.npy", np.random.default_rng(0).normal(size=(3, 4, joints, 3)))
    with pytest.raises(
        SystemExit, match=rf"many\.npy: expected at most {bodies} bod"
    ):
        predict("--model=run", "many.npy")
    pathlib.Path("empty").mkdir()
    with pytest.raises(SystemExit, match="Received: a folder without any"):
        predict("--model=run", "empty")
    with pytest.raises(app.UsageError, match="--dataset: expected a data set"):
        predict("--model=run", "--dataset=nowhere", "many.npy")


@pytest.mark.parametrize(
    ("flags", "error", "message"),
    [
        (["--dataset=nothing_here"], app.UsageError, "or the path of a folder"),
        (["--dataset=empty"], SystemExit, "--dataset: .*without skeleton.json"),
        (["--dataset=clips", "--raw_dir=."], app.UsageError, "--raw_dir: does"),
        (["--dataset=clips", "--config=ntu60"], app.UsageError, "--config: d"),
        (["--dataset=clips", "--folds=x"], app.UsageError, "--folds: expected"),
        (["--dataset=clips", "--fold=9"], app.UsageError, "--fold: expected 1"),
        (["--dataset=clips", "--set=n9=1"], app.UsageError, "Received: n9=1"),
    ],
)
def test_wrong_flags_are_named_before_a_training(
    flags, error, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    example.write_example(tmp_path / "clips")
    with pytest.raises(error, match=message):
        door.run("train", "--data_dir=prepared", "--workdir=run", *flags)
    assert not (tmp_path / "run").exists()


def test_the_example_command_says_what_comes_next(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "datasets.custom.example", tmp_path / "new"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "datasets.custom.check" in done.stdout
