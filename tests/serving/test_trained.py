import json

import pytest

from stalstm.serving import trained
from tests.serving import fake_workdir


def test_says_what_a_client_needs(small):
    card = trained.describe(small)
    assert list(card["labels"]) == fake_workdir.LABELS
    assert card["joints"][2] == "torso"
    assert (card["bodies"], card["least_bodies"]) == (2, 2)
    assert card["latency_frames"] == 2
    assert card["training"]["recipe"]["units"]["value"] == 8


def test_without_order_and_smoothing_less_is_asked(tmp_path):
    fake_workdir.write(tmp_path, "smoothing=false", "body_order=recorded")
    card = trained.describe(trained.load(tmp_path))
    assert (card["least_bodies"], card["latency_frames"]) == (1, 0)


def test_an_unfinished_training_is_refused(tmp_path):
    fake_workdir.write(tmp_path)
    (tmp_path / "evaluation.json").unlink()
    with pytest.raises(trained.ExportError, match=r"without evaluation\.json"):
        trained.load(tmp_path)


def test_a_recipe_of_another_version_is_refused(tmp_path):
    fake_workdir.write(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["recipe"]["wings"] = {"value": 2, "source": "ours"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(trained.ExportError, match="wings"):
        trained.load(tmp_path)
