"""Training on two devices, which `test_two_devices.py` runs in a process.

The devices of a process are settled before TensorFlow does anything, and the
other tests want one.
"""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from stalstm import micro_batches, stage_log, training
from stalstm.layers.replica_seed import ReplicaSeed
from stalstm.recipes import sbu
from tests.fake_clips import DATA, fake_clips

CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    CPU, [tf.config.LogicalDeviceConfiguration()] * 2
)
RECIPE = sbu.RECIPE.override(
    [
        "units=4",
        "pretrain_iterations=4",
        "n1=4",
        "batch_size=4",
        "pad_to_multiple_of=20",
        "main_layers=2",
        "temporal_attention=false",
        "smoothing=false",
        "body_order=recorded",
        "origin=camera",
    ]
)


@pytest.fixture(scope="module")
def strategy():
    # A second one would count its collective operations from zero again, and
    # take the first one's for its own.
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Trains the first stages; returns the model and the metrics."""
    stages = training.stages
    clips = fake_clips().cache()
    # A generator that still runs when its process ends would keep it from
    # ending; now the cache is full, and it runs no more.
    assert len(list(clips)) == 24

    def train(name, number, recipe, strategy=None):
        monkeypatch.setattr(training, "stages", lambda x: stages(x)[:number])
        monkeypatch.setattr(stage_log, "PERIOD", 2)
        model = training.train(
            recipe, DATA, clips, tmp_path / name, seed=0, strategy=strategy
        )
        records = json.loads((tmp_path / name / "metrics.json").read_text())
        return model, [{**x, "seconds": None} for x in records]

    return train


def test_two_devices_train_as_one(train, strategy):
    """Same weights, losses and accuracy; the model has left the devices."""
    recipe = RECIPE.override(["dropout=0"])
    model, metrics = train("one", 2, recipe)
    mirrored, mirrored_metrics = train("two", 2, recipe, strategy)
    assert len(metrics) == len(mirrored_metrics) == 4
    for record, other in zip(metrics, mirrored_metrics, strict=True):
        assert other == {
            **record,
            "loss": pytest.approx(record["loss"], abs=1e-6),
        }
    for weight, other in zip(model.weights, mirrored.weights, strict=True):
        assert isinstance(other.value, tf.Variable)
        assert not isinstance(other.value, tf.distribute.DistributedValues)
        if weight.dtype == "float32":
            np.testing.assert_allclose(
                weight, other, atol=1e-6, err_msg=weight.path
            )


def test_micro_batches_of_two_devices_train_as_one(
    train, strategy, monkeypatch
):
    recipe = RECIPE.override(["dropout=0", "batch_size=32"])
    model, metrics = train("whole", 1, recipe)
    monkeypatch.setattr(micro_batches, "LARGEST", 8)
    mirrored, mirrored_metrics = train("parts", 1, recipe, strategy)
    for record, other in zip(metrics, mirrored_metrics, strict=True):
        assert other["loss"] == pytest.approx(record["loss"], rel=1e-6)
        assert other["accuracy"] == record["accuracy"]
    for weight, other in zip(model.weights, mirrored.weights, strict=True):
        if weight.dtype == "float32":
            np.testing.assert_allclose(weight, other, atol=1e-6)


def test_a_mirrored_run_resumes(train, strategy, tmp_path, monkeypatch):
    on_train_batch_end = stage_log.StageLog.on_train_batch_end

    def copying(self, batch, logs=None):
        on_train_batch_end(self, batch, logs)
        if self.done == 3:  # what a run leaves that is killed here
            shutil.copytree(tmp_path / "whole", tmp_path / "killed")

    with monkeypatch.context() as patch:
        patch.setattr(stage_log.StageLog, "on_train_batch_end", copying)
        expected, metrics = train("whole", 1, RECIPE, strategy)
    model, resumed_metrics = train("killed", 1, RECIPE, strategy)
    assert resumed_metrics == metrics
    for weight, other in zip(model.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(weight, other, err_msg=weight.path)


def test_each_replica_draws_its_own_dropout(strategy):
    with strategy.scope():
        seed, same_seed = ReplicaSeed(5), ReplicaSeed(5)
    plain = keras.random.SeedGenerator(5)

    def mask(seed):
        return keras.random.dropout(tf.ones((8, 8)), 0.5, seed=seed)

    def masks(seed):
        drawn = strategy.run(tf.function(lambda: mask(seed)))
        return [x.numpy() for x in strategy.experimental_local_results(drawn)]

    for _ in range(2):
        first, second = masks(seed)
        assert np.any(first != second)
        np.testing.assert_array_equal(first, mask(plain))
        np.testing.assert_array_equal([first, second], masks(same_seed))
