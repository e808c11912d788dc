"""The door, as its users open it: from the command line."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from datasets.ntu.fake_recordings import write_fake_recordings
from datasets.sbu.dummy_data_generation import write_dummy_recordings

ROOT = pathlib.Path(__file__).parents[1]
SMALL = [
    f"--set={x}" for x in ("units=4", "pretrain_iterations=4", "n1=4", "n2=4")
]


@pytest.fixture(scope="module")
def sbu(tmp_path_factory):
    """Flags for a small raw data set, which the first run prepares."""
    folder = tmp_path_factory.mktemp("sbu")
    write_dummy_recordings(folder / "raw", frames=5)
    return [
        "--dataset=sbu",
        f"--raw_dir={folder / 'raw'}",
        f"--data_dir={folder / 'prepared'}",
    ]


def command(*flags):
    return [sys.executable, str(ROOT / "train.py"), *map(str, flags)]


def train(*flags, expect=0):
    run = subprocess.run(
        command(*flags), cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == expect, run.stdout + run.stderr
    return run.stdout if expect == 0 else run.stdout + run.stderr


def read(path):
    return json.loads(path.read_text())


def test_one_fold_leaves_a_workdir(sbu, tmp_path):
    output = train(
        *sbu, *SMALL, "--fold=3", "--seed=5", f"--workdir={tmp_path}"
    )
    assert "Read 21 clips" in output
    assert "accuracy" in output
    config = read(tmp_path / "config.json")
    assert config["dataset"].startswith("sbu/")
    assert config["split"] == config["test_split"] == "fold_3"
    assert config["training_split"] == "fold_1+fold_2+fold_4+fold_5"
    assert len(config["classes"]) == 8
    assert config["seed"] == 5
    assert config["recipe"]["n1"] == {"value": 4, "source": "set"}
    assert config["recipe"]["lambda1"] == {"value": 0.001, "source": "paper"}
    assert read(tmp_path / "evaluation.json")["clips"] == 4
    assert (tmp_path / "checkpoints/step_9.keras").exists()
    assert list((tmp_path / "logs/step_9").iterdir())
    # The same command again trains nothing and says the same.
    metrics = read(tmp_path / "metrics.json")
    again = train(*sbu, *SMALL, "--fold=3", "--seed=5", f"--workdir={tmp_path}")
    assert "Prepared before" in again
    assert read(tmp_path / "metrics.json") == metrics
    assert output.split("clips  right")[1] == again.split("clips  right")[1]
    # Another recipe in the same workdir is refused.
    other = train(
        *sbu, *SMALL, "--fold=3", "--seed=6", f"--workdir={tmp_path}", expect=1
    )
    assert "seed: 5 there, 6 now" in other


def test_it_learns_the_synthetic_actions(tmp_path):
    train(
        "--set=temporal_attention=false",
        *(
            f"--set={x}"
            for x in ("pretrain_iterations=250", "n1=250", "n2=100")
        ),
        f"--data_dir={tmp_path / 'prepared'}",
        f"--workdir={tmp_path / 'workdir'}",
    )
    evaluation = read(tmp_path / "workdir/evaluation.json")
    assert evaluation["clips"] == 64
    assert evaluation["accuracy"] > 0.6  # chance is 0.125


def test_ntu_trains_by_its_protocols(tmp_path):
    (tmp_path / "raw").mkdir()
    write_fake_recordings(tmp_path / "raw/recordings.zip", 60, 3)
    output = train(
        "--dataset=ntu",
        "--split=cross_view",
        f"--raw_dir={tmp_path / 'raw'}",
        f"--data_dir={tmp_path / 'prepared'}",
        f"--workdir={tmp_path / 'workdir'}",
        *SMALL,
        "--set=batch_size=4",
        "--set=temporal_attention=false",
    )
    assert "Prepared 60 clips" in output
    config = read(tmp_path / "workdir/config.json")
    assert config["split"] == "cross_view"
    assert len(config["classes"]) == 60
    assert config["recipe"]["axes"] == {"value": "clip", "source": "ours"}
    clips = read(tmp_path / "workdir/evaluation.json")["clips"]
    assert 0 < clips < 60


def test_all_folds_are_reported(sbu, tmp_path):
    plain = ["--set=spatial_attention=false", "--set=temporal_attention=false"]
    output = train(*sbu, *SMALL, *plain, "--fold=all", f"--workdir={tmp_path}")
    summary = read(tmp_path / "cross_validation.json")
    assert list(summary["folds"]) == [f"fold_{x}" for x in range(1, 6)]
    for fold, accuracy in summary["folds"].items():
        folder = tmp_path / fold
        assert read(folder / "evaluation.json")["accuracy"] == accuracy
        assert f"{fold}  {accuracy:.2%}" in output
    assert f"mean    {summary['mean']:.2%}, standard deviation" in output


def test_a_killed_run_goes_on(sbu, tmp_path):
    """`SIGKILL` in the middle of a stage, then the same command."""
    flags = [*sbu, "--set=units=4", "--set=spatial_attention=false"]
    flags += [f"--set={x}" for x in ("pretrain_iterations=5", "n1=400", "n2=5")]
    train(*flags, f"--workdir={tmp_path / 'whole'}")
    checkpoint = tmp_path / "killed/checkpoints/step_3.weights.h5"
    run = subprocess.Popen(
        command(*flags, f"--workdir={tmp_path / 'killed'}"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not checkpoint.exists():
        assert run.poll() is None
        time.sleep(0.01)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    train(*flags, f"--workdir={tmp_path / 'killed'}")

    def result(name):
        records = read(tmp_path / name / "metrics.json")
        return (
            [{**x, "seconds": None} for x in records],
            read(tmp_path / name / "evaluation.json"),
        )

    assert result("killed") == result("whole")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--fold=0", "--fold: expected 1, 2, 3, 4, 5 or all. Received: 0"),
        ("--fold=6", "--fold: expected 1, 2, 3, 4, 5 or all. Received: 6"),
        ("--flod=3", "Unknown command line flag 'flod'"),
        ("--dataset=ucf", "value should be one of"),
        ("--set=n3=5", "one of the recipe's fields: skeleton, bodies"),
        ("--set=n1=0", "`n1` must be at least 1. Received: n1=0"),
        ("--seed=-1", "seed"),
        ("--split=cross_view", "--split: does not go with --dataset=synth"),
        ("--download", "--download: does not go with --dataset=synthetic"),
        ("--strategy=mirrored", "two GPUs or more. This machine has 0"),
        ("--strategy=two", "value should be one of"),
        ("clips", "expected flags only. Received: ['clips']"),
    ],
)
def test_what_is_wrong_is_named(flag, message):
    assert message in train(flag, expect=1)


def test_missing_recordings_are_named_and_nothing_stays(tmp_path):
    output = train(
        "--dataset=sbu",
        f"--raw_dir={tmp_path / 'nowhere'}",
        f"--data_dir={tmp_path / 'prepared'}",
        f"--workdir={tmp_path / 'workdir'}",
        expect=1,
    )
    assert "s01s02.zip" in output
    assert "Traceback" not in output
    assert not (tmp_path / "workdir").exists()
