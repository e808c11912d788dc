"""Micro-batches train as whole batches do."""

import json

import numpy as np
import pytest

from stalstm import micro_batches, training
from stalstm.recipes import sbu
from tests.fake_clips import DATA, fake_clips

RECIPE = sbu.RECIPE.override(
    [
        "stages=joint",
        "iterations=3",
        "units=4",
        "main_layers=1",
        "batch_size=16",
        "pad_to_multiple_of=20",
        "dropout=0",  # each micro-batch draws its own
    ]
)


@pytest.mark.parametrize(
    ("batch", "size"),
    [(None, None), (8, None), (64, None), (256, 64), (96, 32), (100, None)],
)
def test_a_micro_batch_divides_the_batch_and_is_not_small(batch, size):
    assert micro_batches.size(batch) == size


def test_micro_batches_train_as_the_whole(tmp_path, monkeypatch):
    clips = fake_clips(longest=20)
    whole = training.train(RECIPE, DATA, clips, tmp_path / "whole", seed=0)
    monkeypatch.setattr(micro_batches, "LARGEST", 8)
    turns = []
    train_step = micro_batches.train_step

    def counted(model, inputs, labels, size):
        turns.append(size)
        return train_step(model, inputs, labels, size)

    monkeypatch.setattr(micro_batches, "train_step", counted)
    parts = training.train(RECIPE, DATA, clips, tmp_path / "parts", seed=0)
    assert set(turns) == {8}
    for weight, other in zip(whole.weights, parts.weights, strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-6)
    (record,), (other,) = (
        json.loads((tmp_path / x / "metrics.json").read_text())
        for x in ("whole", "parts")
    )
    assert other["loss"] == pytest.approx(record["loss"], rel=1e-6)
    assert other["accuracy"] == record["accuracy"]
