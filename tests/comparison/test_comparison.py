"""The comparison as its users run it, with tiny trainings."""

import concurrent.futures
import json
import os
import pathlib
import signal
import threading
import time

import pytest
from absl import app

from tests import door

TINY = [
    "--models=deep_lstm",
    # A layer of one unit does without XLA, which takes a second or more to
    # compile each length of clips.
    *(
        f"--set={x}"
        for x in ("stages=joint", "iterations=4", "units=1", "main_layers=1")
    ),
    "--evaluate_every=2",
]


@pytest.fixture(scope="module")
def sbu(small_sbu, tmp_path_factory):
    """The small data set, and one folder for all trainings."""
    return [*small_sbu, f"--workdir={tmp_path_factory.mktemp('runs')}"]


def compare(*flags):
    door.run("stalstm/comparison/__main__", *flags)


@pytest.mark.long(seconds=25)
def test_trains_what_is_not_trained_and_tables_it(sbu, tmp_path, capsys):
    out = tmp_path / "out.json"
    flags = [*sbu, *TINY, "--protocols=fold_1,fold_2", f"--out={out}"]
    compare(*flags, "--seeds=0")
    assert "2 trainings, of which 0 are finished" in capsys.readouterr().out
    result = json.loads(out.read_text())
    assert result["protocols"] == ["fold_1", "fold_2"]
    (row,) = result["rows"]
    assert row["fields"]["iterations"] == {"value": 4, "source": "set"}
    first, second = sorted(row["runs"], key=lambda x: x["protocol"])
    assert first["trained_on"] == "fold_2+fold_3+fold_4+fold_5"
    assert first["evaluated_on"] == "fold_1"
    assert second["evaluated_on"] == "fold_2"
    for run in (first, second):
        # The last iteration is among those of which the best is taken.
        assert run["best_epoch"] >= run["accuracy"]
        # Of an LSTM unit with 90 inputs, and of eight scores.
        assert run["parameters"] == 4 * (90 + 1 + 1) + 8 * (1 + 1)
        assert run["seed"] == 0
        assert run["commit"]
        assert run["processor"]
    lines = out.with_suffix(".md").read_text().splitlines()
    assert len(lines) == 3
    before = out.read_text()

    compare(*flags, "--seeds=0")
    assert "2 trainings, of which 2 are finished" in capsys.readouterr().out
    assert out.read_text() == before

    # Without their workdirs, the trainings are taken from the file.
    elsewhere = [f"--workdir={tmp_path / 'empty'}", f"--known={out}"]
    compare(*flags, *elsewhere, f"--out={tmp_path / 'again.json'}", "--seeds=0")
    assert "2 trainings, of which 2 are finished" in capsys.readouterr().out
    again = json.loads((tmp_path / "again.json").read_text())
    assert again["rows"] == result["rows"]
    assert not (tmp_path / "empty").exists()

    # A finished training by another recipe is no result of this one.
    workdir = next(pathlib.Path(sbu[-1].partition("=")[2]).glob("*/*/*/*_0"))
    config = json.loads((workdir / "config.json").read_text())
    config["recipe"]["iterations"]["value"] = 5
    (workdir / "config.json").write_text(json.dumps(config))
    with pytest.raises(app.UsageError, match="another recipe"):
        compare(*flags, "--seeds=0")


@pytest.mark.long(seconds=10)
def test_a_baseline_is_fitted_on_the_held_out_fold(sbu, tmp_path):
    out = tmp_path / "out.json"
    compare(
        *sbu,
        "--table=table_1",
        "--rows=Raw skeleton",
        "--seeds=0,1",
        "--protocols=fold_5",
        "--validate",
        f"--out={out}",
    )
    (row,) = json.loads(out.read_text())["rows"]
    (run,) = row["runs"]
    assert run["evaluated_on"] == "fold_1"
    assert run["trained_on"] == "fold_2+fold_3+fold_4"
    assert run["parameters"] is None
    assert run["best_epoch"] is None


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "--table, or --models and --recipes. Received: neither"),
        (["--table=figure_7", "--models=deep_lstm"], "Received: both"),
        (["--table=figure_7", "--rows=LSTM,GRU"], "Received: GRU"),
        (["--models=deep_lstm", "--protocols=fold_9"], "Received: fold_9"),
        (["--models=deep_lstm", "--seeds=0,x"], "Received: 0,x"),
        (["--models=gru"], "Received: model=gru"),
        (["--models=deep_lstm"], "`stages=algorithm_1` trains"),
        (["--recipes=best"], "--recipes: .*Received: best"),
        (["--models=deep_lstm", "--dataset=kinetics"], "Received: kinetics"),
        (["--table=figure_7", "--out=a.md"], r"in \.json. Received: a\.md"),
        (
            ["--table=figure_7", "--out=/dev/null/a.json"],
            r"--out: .*written\. Received: .*'/dev/null'",
        ),
        (
            ["--table=table_1", "--known=no/such.json"],
            r"--known: expected files .*Received: no/such\.json",
        ),
    ],
)
def test_what_does_not_fit_is_named_before_anything_trains(
    sbu, flags, message, tmp_path
):
    with pytest.raises(app.UsageError, match=message):
        compare(*sbu, *flags, f"--workdir={tmp_path / 'runs'}")
    assert not (tmp_path / "runs").exists()


@pytest.mark.long(seconds=60)
def test_a_killed_worker_of_ray_is_replaced_and_every_training_ends(
    sbu, tmp_path
):
    pytest.importorskip("ray", reason="Ray is not installed")
    out = tmp_path / "out.json"
    flags = [*sbu, *TINY, "--seeds=0,1", "--protocols=fold_3,fold_4"]
    workdir = f"--workdir={tmp_path / 'runs'}"
    ray = ["--cluster=local", "--parallel=2"]
    killer = concurrent.futures.ThreadPoolExecutor(1)
    over = threading.Event()
    killed = killer.submit(kill_a_worker, tmp_path / "runs", over)
    try:
        compare(*flags, *ray, workdir, f"--out={out}")
    finally:
        over.set()
    assert killed.result()
    (row,) = json.loads(out.read_text())["rows"]
    assert len(row["runs"]) == 4


def kill_a_worker(runs: pathlib.Path, over: threading.Event) -> int | None:
    """Kills the worker of the first training that has begun."""
    while not over.is_set():
        for command in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                arguments = command.read_bytes().decode().split("\0")
                status = (command.parent / "status").read_text()
            except OSError:  # it has just ended
                continue
            if "train.py" in arguments and any(
                x.startswith(f"--workdir={runs}") for x in arguments
            ):
                worker = int(status.split("PPid:")[1].split()[0])
                os.kill(worker, signal.SIGKILL)
                return worker
        time.sleep(0.05)
    return None
