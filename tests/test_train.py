"""The door, as its users open it: from the command line."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from absl import app, flags

import stalstm
from datasets.ntu.fake_recordings import write_fake_recordings
from datasets.sbu.dummy_data_generation import write_dummy_recordings
from tests import door

SHORT = [
    f"--set={x}"
    for x in (
        "units=4",
        "pretrain_iterations=4",
        "n1=4",
        "n2=4",
        "main_layers=2",
        "temporal_attention=false",
    )
]
# Without XLA, which takes a second or more to compile each length of clips.
JOINT = ["--recurrence=keras", "--noreport"] + [
    f"--set={x}"
    for x in (
        "model=deep_lstm",
        "main_layers=1",
        "stages=joint",
        "iterations=4",
        "units=4",
    )
]


def read(path):
    return json.loads(path.read_text())


@pytest.mark.usefixtures("eager")
@pytest.mark.long(seconds=10)
def test_one_fold_leaves_a_workdir(small_sbu, tmp_path, capsys):
    workdir = tmp_path / "workdir"
    flags = [*small_sbu, *SHORT, "--fold=3", f"--workdir={workdir}"]
    door.run("train", *flags, "--seed=5")
    output = capsys.readouterr().out
    assert "accuracy" in output
    config = read(workdir / "config.json")
    assert config["dataset"] == "sbu/2.0.0"
    assert config["protocol"] == config["test_split"] == "fold_3"
    assert config["training_split"] == "fold_1+fold_2+fold_4+fold_5"
    assert config["seed"] == 5
    assert config["recurrence"] == "xla"
    assert config["strategy"] == "one_device"
    assert pathlib.Path(config["data_dir"], "dataset_info.json").exists()
    assert config["recipe"]["n1"] == {"value": 4, "source": "set"}
    model = config["recipe"]["model"]
    assert model["lambda1"] == {"value": 0.001, "source": "paper"}
    # The data describes itself, in the workdir too.
    assert len(config["data"]["classes"]) == 8
    assert config["data"]["skeleton"]["joints"][2] == "torso"
    assert config["data"]["bodies"] == 2
    assert list(config["data"]["protocols"]) == [
        f"fold_{x}" for x in range(1, 6)
    ]
    evaluation = read(workdir / "evaluation.json")
    assert evaluation["clips"] == 4
    assert evaluation["longest_clip"] == 5
    assert (workdir / "checkpoints/step_7.keras").exists()
    assert list((workdir / "logs/step_7").iterdir())
    page = (workdir / "report.html").read_text()
    assert "sbu/2.0.0, fold_3" in page
    # Clips are named by their places in the recordings.
    assert len(re.findall(r"s\d\ds\d\d/\d\d/\d{3}: ", page)) >= 4
    # The same command again trains nothing and says the same.
    metrics = read(workdir / "metrics.json")
    door.run("train", *flags, "--seed=5")
    again = capsys.readouterr().out
    assert "Already prepared" in again
    assert read(workdir / "metrics.json") == metrics
    assert output.split("clips  right")[1] == again.split("clips  right")[1]
    # Another recipe or another way to compute is refused in this workdir.
    with pytest.raises(SystemExit, match="seed: 5 in the workdir, 6 now"):
        door.run("train", *flags, "--seed=6")
    with pytest.raises(
        SystemExit, match="recurrence: xla in the workdir, keras now"
    ):
        door.run("train", *flags, "--seed=5", "--recurrence=keras")


@pytest.mark.usefixtures("eager")
def test_ntu_trains_by_its_protocols(tmp_path, capsys):
    (tmp_path / "raw").mkdir()
    write_fake_recordings(tmp_path / "raw/recordings.zip", 60, 3)
    door.run(
        "train",
        "--dataset=ntu",
        "--split=cross_view",
        f"--raw_dir={tmp_path / 'raw'}",
        f"--data_dir={tmp_path / 'prepared'}",
        f"--workdir={tmp_path / 'workdir'}",
        *JOINT,
        "--set=batch_size=4",
    )
    assert "Prepared 60 clips" in capsys.readouterr().out
    config = read(tmp_path / "workdir/config.json")
    assert config["protocol"] == "cross_view"
    assert len(config["data"]["classes"]) == 60
    assert config["recipe"]["axes"] == {"value": "clip", "source": "ours"}
    clips = read(tmp_path / "workdir/evaluation.json")["clips"]
    assert 0 < clips < 60


@pytest.mark.usefixtures("eager")
def test_a_training_fold_is_held_out_for_another_recipe(small_sbu, tmp_path):
    flags = ["--fold=5", "--validate", "--recipe=ntu", "--evaluate_every=2"]
    door.run("train", *small_sbu, *JOINT, *flags, f"--workdir={tmp_path}")
    config = read(tmp_path / "config.json")
    assert config["protocol"] == "fold_5"
    assert config["training_split"] == "fold_2+fold_3+fold_4"
    assert config["test_split"] == "fold_1"
    assert config["recipe"]["scale"]["value"] == "clip"
    curve = read(tmp_path / "curve.json")
    assert [x["iteration"] for x in curve] == [2, 4]
    assert (
        curve[-1]["accuracy"] == read(tmp_path / "evaluation.json")["accuracy"]
    )


def test_a_model_to_ship_trains_on_everything(small_sbu, tmp_path, capsys):
    flags = ["--protocol=everything", f"--workdir={tmp_path / 'workdir'}"]
    door.run("train", *small_sbu, *JOINT, *flags)
    assert "clips that it has trained on" in capsys.readouterr().out
    assert read(tmp_path / "workdir/evaluation.json")["clips"] == 21
    door.run(
        "stalstm/export/shipped",
        f"--workdir={tmp_path / 'workdir'}",
        "--name=small",
        f"--models={tmp_path}",
    )
    assert read(tmp_path / "small/model.json")["accuracy"] is None
    whole = stalstm.load(tmp_path / "workdir")
    keras_file = stalstm.load(tmp_path / "small/model.keras")
    light = stalstm.load(tmp_path / "small")
    clip = np.random.default_rng(0).normal(size=(7, 2, 15, 3))
    expected = whole.predict(clip)["probabilities"]
    for model, tolerance in ((keras_file, 1e-6), (light, 0.01)):
        np.testing.assert_allclose(
            model.predict(clip)["probabilities"], expected, atol=tolerance
        )


@pytest.mark.usefixtures("eager")
@pytest.mark.long(seconds=15)
def test_all_folds_are_reported(small_sbu, tmp_path, capsys):
    flags = ["--fold=all", "--report", f"--workdir={tmp_path}"]
    door.run("train", *small_sbu, *JOINT, *flags)
    output = capsys.readouterr().out
    summary = read(tmp_path / "cross_validation.json")
    assert list(summary["folds"]) == [f"fold_{x}" for x in range(1, 6)]
    for fold, accuracy in summary["folds"].items():
        folder = tmp_path / fold
        assert read(folder / "evaluation.json")["accuracy"] == accuracy
        assert f"{fold}  {accuracy:.2%}" in output
        page = (tmp_path / "report.html").read_text()
        assert f'href="{fold}/report.html"' in page
        assert (folder / "report.html").exists()
    assert f"mean    {summary['mean']:.2%}, standard deviation" in output


def command(*flags):
    return [sys.executable, str(door.ROOT / "train.py"), *map(str, flags)]


@pytest.mark.long(seconds=15)
def test_a_killed_run_is_resumed(small_sbu, tmp_path):
    """`SIGKILL` in the middle of a stage, then the same command."""
    # With all that must go on where it was.
    strong = ("weight_average=0.8", "crop=0.3", "noise=0.01")
    flags = [*small_sbu, *JOINT, *(f"--set={x}" for x in strong)]
    flags.append("--set=iterations=200")

    def train(name):
        return [*flags, f"--workdir={tmp_path / name}"]

    checkpoint = tmp_path / "killed/checkpoints/joint.npz"
    run = subprocess.Popen(
        command(*train("killed")),
        cwd=door.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not checkpoint.exists():
        assert run.poll() is None
        time.sleep(0.01)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    door.run("train", *train("killed"))
    door.run("train", *train("whole"))

    def result(name):
        records = read(tmp_path / name / "metrics.json")
        return (
            [{**x, "seconds": None} for x in records],
            read(tmp_path / name / "evaluation.json"),
        )

    assert result("killed") == result("whole")
    config = read(tmp_path / "killed/config.json")
    assert shlex.split(config["command"]) == command(*train("killed"))[1:]


def test_a_training_that_diverges_is_an_error(small_sbu, tmp_path, eager):
    message = (
        r"joint, iteration [23]: expected a finite loss\. Received: (nan|inf), "
        r"with the clips s0\ds0\d/\d\d/\d\d\d"
    )
    with pytest.raises(SystemExit, match=message):
        door.run(
            "train",
            *small_sbu,
            *JOINT,
            "--set=learning_rate=1e38",
            f"--workdir={tmp_path}",
        )
    assert not (tmp_path / "evaluation.json").exists()


def test_an_interrupt_says_how_to_resume(small_sbu, tmp_path, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("stalstm.training.train", interrupted)
    message = r"Interrupted\. Run the same command to resume\."
    with pytest.raises(SystemExit, match=message):
        door.run("train", *small_sbu, *JOINT, f"--workdir={tmp_path}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--fold=0", r"--fold: expected 1, 2, 3, 4, 5 or all. Received: 0"),
        ("--fold=6", r"--fold: expected 1, 2, 3, 4, 5 or all. Received: 6"),
        ("--flod=3", "Unknown command line flag 'flod'"),
        ("--dataset=ucf", "expected a data set, ntu, sbu"),
        ("--set=n3=5", "one of the recipe's fields: model, smoothing"),
        ("--set=n1=0", r"`n1` must be at least 1. Received: n1=0"),
        ("--set=model=cnn", r"`model` must be one of .*Received: model=cnn"),
        ("--set=model=deep_lstm", "stages=algorithm_1.*model=sta_lstm"),
        ("--seed=-1", "seed"),
        ("--split=cross_view", "synthetic has fold_1,.*Received: cross_view"),
        ("--protocol=fold_9", "synthetic has fold_1,.*Received: fold_9"),
        ("--protocol=fold_1 --fold=1", r"--fold or --protocol. Received: both"),
        (
            "--dataset=ntu --fold=1",
            "ntu has no folds; expected --protocol=cross_subject or",
        ),
        (
            "--dataset=ntu --config=ntu120 --split=cross_view",
            "ntu has .*, cross_setup and everything. Received: cross_view",
        ),
        ("--download", "--download: does not go with --dataset=synthetic"),
        ("--strategy=mirrored", "two GPUs or more. This machine has 0"),
        ("--strategy=two", "value should be one of"),
        ("--strategy=multi_worker", "expected the environment variable TF_CON"),
        (
            "--strategy=multi_worker --evaluate_every=5",
            "--evaluate_every: does not go with --strategy=multi_worker",
        ),
        ("clips", r"expected flags only. Received: \['clips'\]"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_done(
    arguments, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    errors = (app.UsageError, flags.Error)
    with pytest.raises(errors, match=message):
        door.run("train", *arguments.split())
    assert not list(tmp_path.iterdir())


def test_a_protocol_without_test_clips_is_named_before_training(tmp_path):
    raw = tmp_path / "raw"
    write_fake_recordings(raw, 8, 2)
    for file in raw.iterdir():  # Performer 3 tests in Cross-Subject.
        if "P003" in file.name:
            file.unlink()
    with pytest.raises(SystemExit, match=r"clips in test_performers.*none in"):
        door.run(
            "train",
            "--dataset=ntu",
            f"--raw_dir={raw}",
            f"--data_dir={tmp_path / 'prepared'}",
            f"--workdir={tmp_path / 'workdir'}",
        )
    assert not (tmp_path / "workdir").exists()


def test_a_file_is_no_folder_of_recordings(tmp_path):
    (tmp_path / "raw.zip").touch()
    with pytest.raises(SystemExit, match=r"expected a folder.*raw\.zip"):
        door.run(
            "train",
            "--dataset=sbu",
            f"--raw_dir={tmp_path / 'raw.zip'}",
            f"--data_dir={tmp_path / 'prepared'}",
        )


def test_missing_recordings_are_named_and_nothing_stays(tmp_path):
    with pytest.raises(SystemExit, match=r"(?s)--raw_dir: .*s01s02\.zip"):
        door.run(
            "train",
            "--dataset=sbu",
            f"--raw_dir={tmp_path / 'nowhere'}",
            f"--data_dir={tmp_path / 'prepared'}",
            f"--workdir={tmp_path / 'workdir'}",
        )
    assert not (tmp_path / "workdir").exists()


@pytest.mark.usefixtures("eager")
def test_the_home_folder_is_found(tmp_path, monkeypatch):
    """Defaults and values that begin with a tilde; none makes a folder `~`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write_dummy_recordings(tmp_path / "home/SBU", frames=2)
    door.run("train", "--dataset=sbu", "--raw_dir=~/SBU", *JOINT)
    assert (tmp_path / "home/tensorflow_datasets/sbu/2.0.0").is_dir()
    assert {x.name for x in tmp_path.iterdir()} == {"home", "workdirs"}
    config = tmp_path / "workdirs/sbu_fold_1_seed_0/config.json"
    assert read(config)["protocol"] == "fold_1"
