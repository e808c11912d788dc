"""The door `predict.py`, from the command line."""

import json
import pathlib

import numpy as np
import pytest
from absl import app

from datasets.ntu.fake_recordings import write_fake_recordings
from datasets.sbu.dummy_data_generation import write_dummy_recordings
from datasets.sbu.recordings import survey
from stalstm import workdir
from tests import door
from tests.eager import eager
from tests.export import fake_server
from tests.export.exported import LABELS, expected


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A folder of SBU recordings, 21 clips of five frames."""
    folder = tmp_path_factory.mktemp("raw")
    write_dummy_recordings(folder, frames=5)
    return folder


@pytest.fixture
def predict(capsys):
    """Runs the door; returns the lines that it prints."""

    def predict(*arguments):
        capsys.readouterr()
        door.run("predict", *arguments)
        return capsys.readouterr().out.splitlines()

    return predict


def shown(small, skeleton):
    best = expected(small, skeleton)["probabilities"]
    return f"{LABELS[best.argmax()]}  {best.max():.1%}"


def test_a_folder_is_a_table(predict, litert_folder, raw, small):
    lines = predict(f"--model={litert_folder}", raw)
    found = survey(raw).recordings
    assert lines == [
        f"{x.clip_id}  {shown(small, x.read().skeleton)}" for x in found
    ]


def test_recordings_are_read_wherever_they_are(
    predict,
    litert_folder,
    raw,
    tmp_path,
):
    source = raw / "s01s02/01/001/skeleton_pos.txt"
    lone = tmp_path / "mine.txt"
    lone.write_bytes(source.read_bytes())
    lines = predict(f"--model={litert_folder}", lone, source)
    assert len(lines) == 2
    assert lines[0].split()[0] == str(lone)
    assert lines[0].split()[1:] == lines[1].split()[1:]


def test_json_has_the_whole_answer(
    predict,
    litert_folder,
    raw,
    small,
):
    lines = predict(f"--model={litert_folder}", "--json", raw / "s01s02")
    (answer,) = map(json.loads, lines)
    assert answer["clip"] == "s01s02/01/001"
    whole = expected(
        small, survey(raw / "s01s02").recordings[0].read().skeleton
    )
    assert set(answer) == {"clip", "label", "class_index", *whole}
    for name, value in whole.items():
        np.testing.assert_allclose(answer[name], value, atol=1e-4)


def test_a_stream_answers_after_every_frame(
    predict,
    litert_folder,
    raw,
):
    file = raw / "s01s02/01/001/skeleton_pos.txt"
    lines = predict(f"--model={litert_folder}", "--stream", file)
    (whole,) = predict(f"--model={litert_folder}", file)
    assert len(lines) == 6
    # With smoothing, answers lag by two frames.
    assert [x.endswith("...") for x in lines] == [True] * 2 + [False] * 4
    assert f"{file}, frame   1" in lines[0]
    assert lines[5] == whole.replace(str(file), f"{file}, all")
    records = predict(f"--model={litert_folder}", "--stream", "--json", file)
    assert [json.loads(x)["frames"] for x in records] == [0, 0, 1, 2, 3, 5]


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_a_server_is_asked(
    kind,
    predict,
    servable,
    raw,
    small,
):
    with getattr(fake_server, f"{kind}_server")(servable) as (_, address):
        server = "--model=small", f"--server={address}"
        # A server does not tell what data its model knows: any is tried.
        lines = predict(*server, raw)
        assert len(lines) == 21
        skeleton = survey(raw).recordings[0].read().skeleton
        assert lines[0].endswith(shown(small, skeleton))
        assert len(predict(*server, "--stream", raw / "s01s02")) == 6


def test_a_recording_without_anybody_is_said(
    predict,
    litert_folder,
    raw,
    tmp_path,
    monkeypatch,
):
    empty = tmp_path / "S001C001P001R001A001.skeleton"
    empty.write_text("2\n0\n0\n")
    model = f"--model={litert_folder}"
    for more in ([], ["--stream"]):
        (line,) = predict(model, "--dataset=ntu", *more, empty)
        assert line == f"{empty}  nobody in the recording"
    (line,) = predict(model, "--dataset=ntu", "--json", empty)
    assert json.loads(line) == {"clip": str(empty), "label": None}


def test_what_is_wrong_is_named(
    predict,
    litert_folder,
    raw,
    tmp_path,
):
    model = f"--model={litert_folder}"
    damaged = tmp_path / "damaged.txt"
    damaged.write_text("1,2\n")
    write_fake_recordings(tmp_path / "ntu", 2, 2)
    for arguments, message in (
        ([model, damaged], r"damaged.txt, line 1: expected 91 fields"),
        ([model, tmp_path / "nowhere"], "nowhere: expected a recording, a zip"),
        ([model, tmp_path / "ntu"], "expected recordings of sbu"),
        (
            [model, "--dataset=ntu", tmp_path / "ntu"],
            r"clip 0: .*\(frames, 2, 15, 3\).*Received: \(\d+, 2, 25, 3\)",
        ),
        ([f"--model={tmp_path}", raw], "expected a workdir, a .keras file"),
        (["--server=127.0.0.1:1", "--model=x", raw], "127.0.0.1:1"),
        (
            [f"--model={litert_folder}/clip_int8.tflite", "--stream", raw],
            "whole",
        ),
        ([model, "--split=fold_1"], "the prepared data.*Received"),
    ):
        with pytest.raises(SystemExit, match=f"(?s)predict.py: .*{message}"):
            predict(*arguments)
    for arguments in ([model], [model, "--split=fold_1", raw]):
        with pytest.raises(app.UsageError, match="recordings, or --split"):
            predict(*arguments)


@pytest.mark.long(seconds=15)
def test_a_trained_model_is_evaluated_on_any_split(
    predict, raw, tmp_path, capsys, monkeypatch
):
    """Train, export and predict, by the doors alone."""
    monkeypatch.chdir(tmp_path)
    prepared = tmp_path / "prepared"
    with eager():
        door.run(
            "train",
            "--dataset=sbu",
            "--fold=3",
            f"--raw_dir={raw}",
            f"--data_dir={prepared}",
            "--workdir=run",
            "--recurrence=keras",
            *(f"--set={x}" for x in ("model=deep_lstm", "main_layers=1")),
            *(
                f"--set={x}"
                for x in ("stages=joint", "iterations=4", "units=4")
            ),
            *(f"--set={x}" for x in ("velocity=5", "distances=0.3")),
        )
    recorded = json.loads(pathlib.Path("run/evaluation.json").read_text())
    (line,) = predict("--model=run", "--split=fold_3", "--json")
    # What predict.py does not say.
    del recorded["parameters"], recorded["attention"]
    assert json.loads(line) == recorded
    table = predict("--model=run", "--split=fold_1")
    number = int(table[-1].split()[1])
    table = predict("--model=run", "--split=fold_1+fold_3")
    assert int(table[-1].split()[1]) == number + recorded["clips"]
    door.run("export", "--workdir=run", "--export_dir=exported")
    assert "fold_3" in capsys.readouterr().out
    for form in ("exported/sbu", "exported/litert/sbu"):
        (line,) = predict(
            f"--model={form}",
            "--split=fold_3",
            f"--data_dir={prepared}",
            "--json",
        )
        assert json.loads(line) == recorded
    with pytest.raises(
        SystemExit, match=r"expected one of fold_1.*: fold_1\+fold_9"
    ):
        predict("--model=run", "--split=fold_1+fold_9")
    with pytest.raises(SystemExit, match="expected a workdir or an exported"):
        predict("--model=run/checkpoints/joint.keras", "--split=fold_1")


@pytest.mark.parametrize("name", ["predict", "view"])
def test_a_damaged_workdir_is_named(name, raw, tmp_path):
    for record in workdir.RECORDS:
        (tmp_path / f"{record}.json").write_text("{")
    with pytest.raises(
        SystemExit, match=rf"{name}\.py: .*config\.json: expected a JSON file"
    ):
        door.run(name, f"--model={tmp_path}", raw)
