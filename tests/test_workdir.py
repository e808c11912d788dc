import json
import shutil

import pytest

from stalstm import files, manifest, workdir

RUN = {"dataset": "sbu", "seed": 0, "recipe": {"n1": {"value": 5}}}


def test_records_run_versions_and_commit(tmp_path):
    workdir.begin(tmp_path / "new", RUN)
    config = json.loads((tmp_path / "new/config.json").read_text())
    assert {name: config[name] for name in RUN} == RUN
    assert set(workdir.PACKAGES) < set(config["versions"])
    assert "commit" in config


def test_the_same_run_is_resumed(tmp_path):
    workdir.begin(tmp_path, RUN)
    before = (tmp_path / "config.json").read_text()
    workdir.begin(tmp_path, RUN)
    assert (tmp_path / "config.json").read_text() == before
    # Where the data is may change.
    workdir.begin(tmp_path, RUN, data_dir="elsewhere")
    assert (tmp_path / "config.json").read_text() == before


def test_what_another_version_wrote_is_refused_with_a_reason(tmp_path):
    for config in ("{}", json.dumps({**RUN, "format": 1}), "[]"):
        (tmp_path / "config.json").write_text(config)
        with pytest.raises(
            workdir.WorkdirError, match="another version of stalstm"
        ):
            workdir.begin(tmp_path, RUN)


def test_another_run_is_refused_and_the_difference_named(tmp_path):
    workdir.begin(tmp_path, RUN)
    other = {**RUN, "seed": 1, "recipe": {"n1": {"value": 6}}}
    with pytest.raises(
        workdir.WorkdirError,
        match=r"seed: 0 in the workdir, 1 now; recipe.n1.value: 5 in",
    ):
        workdir.begin(tmp_path, other)


def test_what_is_no_finished_training_is_named(tmp_path):
    with pytest.raises(workdir.WorkdirError, match="there is no folder"):
        workdir.load(tmp_path / "nowhere")
    workdir.begin(tmp_path, RUN)
    with pytest.raises(
        workdir.WorkdirError, match=r"without metrics.json.*to resume it"
    ):
        workdir.load(tmp_path)
    for name in ("metrics", "evaluation"):
        manifest.write_json(tmp_path, f"{name}.json", {})
    with pytest.raises(workdir.WorkdirError, match="a recipe and a model of"):
        workdir.load(tmp_path)


@pytest.fixture
def finished(tmp_path):
    """Files as those of a finished run, without a model."""
    workdir.begin(tmp_path, RUN)
    (tmp_path / "checkpoints").mkdir()
    for name in ("step_2.keras", "step_3.npz"):
        manifest.write_text(tmp_path, f"checkpoints/{name}", name * 20)
    for name in ("metrics", "evaluation", "curve"):
        manifest.write_json(tmp_path, f"{name}.json", {"accuracy": 0.5})
    manifest.write_text(tmp_path, "report.html", "<html>")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "events").write_text("loss")
    manifest.add(tmp_path, [tmp_path / "logs" / "events"])
    workdir.check(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("config.json", "train in another --workdir"),
        ("metrics.json", "train in another --workdir"),
        ("curve.json", "train in another --workdir"),
        ("evaluation.json", "Delete it; the training's command writes it"),
        ("report.html", "Delete it; the training's command writes it"),
        ("logs/events", "Delete it; the training's command writes it"),
        ("checkpoints/step_2.keras", "command trains step_2 again"),
        ("checkpoints/step_3.npz", "command trains step_3 again"),
        ("manifest.json", "train in another --workdir"),
    ],
)
def test_every_flipped_bit_is_noticed(name, remedy, finished):
    whole = (finished / name).read_bytes()
    for at in range(0, 8 * len(whole), 1 + len(whole) // 8):
        data = bytearray(whole)
        data[at // 8] ^= 1 << at % 8
        (finished / name).write_bytes(data)
        with pytest.raises(workdir.WorkdirError) as caught:
            workdir.begin(finished, RUN)
        message = str(caught.value)
        assert f"{finished / name}: expected" in message or (
            "another version of stalstm" in message and name == "config.json"
        )
        assert remedy in message or name == "config.json"
    (finished / name).write_bytes(whole)
    workdir.begin(finished, RUN)


def test_a_model_in_the_place_of_another_is_noticed(finished):
    checkpoints = finished / "checkpoints"
    shutil.copy(checkpoints / "step_2.keras", checkpoints / "step_9.keras")
    with pytest.raises(
        workdir.WorkdirError,
        match=r"step_9\.keras: expected no such file.*trains step_9 again",
    ):
        workdir.check(finished)


def test_what_was_deleted_is_not_damaged(finished):
    (finished / "checkpoints" / "step_2.keras").unlink()
    (finished / "evaluation.json").unlink()
    workdir.check(finished)


def test_half_of_a_checkpoint_that_a_kill_left_is_in_nobody_s_way(finished):
    name = "checkpoints/step_3.npz"
    left = finished / "checkpoints" / "tmp_step_3.npz"
    left.write_text("half")
    workdir.check(finished)
    manifest.write_text(finished, name, "whole")
    workdir.check(finished)
    assert not left.exists()


def test_a_kill_between_two_writes_does_no_damage(finished, monkeypatch):
    """The list is written already, the file is not."""
    name = "checkpoints/step_3.npz"
    write_json = files.write_json

    def killed(*arguments):
        write_json(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "write_json", killed)
    for content in ("second", "third"):
        with pytest.raises(KeyboardInterrupt):
            manifest.write_text(finished, name, content)
        workdir.check(finished)
    monkeypatch.undo()
    manifest.write_text(finished, name, "fourth")
    workdir.check(finished)
    (finished / name).write_text("third")
    with pytest.raises(workdir.WorkdirError, match="step_3"):
        workdir.check(finished)
