import json

import pytest

from stalstm import workdir

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
    for config in ({"dataset": "sbu"}, {**RUN, "format": 1}):
        (tmp_path / "config.json").write_text(json.dumps(config))
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
        (tmp_path / f"{name}.json").write_text("{}")
    with pytest.raises(workdir.WorkdirError, match="a recipe and a model of"):
        workdir.load(tmp_path)
