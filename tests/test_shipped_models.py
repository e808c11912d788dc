"""The models that come with the repository."""

import numpy as np
import pytest

import stalstm
from datasets import sbu
from stalstm import files, loading
from stalstm.export.shipped import LARGEST

FOLDERS = sorted(x for x in loading.SHIPPED.iterdir() if x.is_dir())
EACH = pytest.mark.parametrize("folder", FOLDERS, ids=lambda x: x.name)


def test_there_are_some():
    assert {"sbu", "sbu_paper"} <= {x.name for x in FOLDERS}


@EACH
def test_is_small_and_has_a_card(folder):
    card = (folder / "README.md").read_text()
    assert card.startswith(f"# {folder.name}\n")
    for name in ("model.keras", "frame_float16.tflite"):
        assert (folder / name).stat().st_size <= LARGEST
        assert f"`{name}`" in card


@EACH
def test_was_trained_on_all_clips_at_a_commit(folder):
    training = files.read_json(folder / "model.json")["training"]
    assert len(training["training_split"].split("+")) == 5
    assert len(training["commit"]) == 40  # not -dirty


@EACH
def test_both_files_give_the_same_answer(folder):
    rng = np.random.default_rng(3)
    clip = rng.normal([0, 0, 2], 0.3, (20, 2, 15, 3))
    light = stalstm.load(folder.name).predict(clip)
    whole = stalstm.load(folder / "model.keras").predict(clip)
    np.testing.assert_allclose(
        light["probabilities"], whole["probabilities"], atol=0.02
    )
    assert light["spatial_attention"].shape == (20, 30)


@EACH
def test_recognises_the_real_recordings(folder, sbu_raw_dir):
    """It has been trained on them: this finds a wrong file, not a weak one."""
    model = stalstm.load(folder.name)
    right = []
    for name, clip in sbu.DATA_SET.recordings(sbu_raw_dir):
        action = int(name.split("/")[1])
        right.append(model.predict(clip)["class_index"] == action - 1)
    assert len(right) == 282
    assert np.mean(right) > 0.97
