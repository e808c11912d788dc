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


def test_the_same_run_goes_on(tmp_path):
    workdir.begin(tmp_path, RUN)
    before = (tmp_path / "config.json").read_text()
    workdir.begin(tmp_path, RUN)
    assert (tmp_path / "config.json").read_text() == before


def test_another_run_is_refused_and_the_difference_named(tmp_path):
    workdir.begin(tmp_path, RUN)
    other = {**RUN, "seed": 1, "recipe": {"n1": {"value": 6}}}
    with pytest.raises(
        workdir.OtherRunError,
        match=r"seed: 0 there, 1 now; recipe.n1.value: 5 there, 6",
    ):
        workdir.begin(tmp_path, other)


def test_json_is_written_beside_and_renamed(tmp_path):
    path = tmp_path / "x.json"
    workdir.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        workdir.write_json(path, {"a": object()})
    assert workdir.read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]
