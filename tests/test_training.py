import errno
import json
import re

import keras
import numpy as np
import pytest

from stalstm import input_pipeline, manifest, stage_log, training
from stalstm.models.sta_lstm import STALSTM
from stalstm.preprocessing import Smoothing
from stalstm.recipes import sbu
from stalstm.skeletons import NITE
from tests.eager import eager
from tests.fake_clips import DATA, fake_clips

RECIPE = sbu.RECIPE.override(
    [
        "units=4",
        "pretrain_iterations=4",
        "n1=5",
        "n2=3",
        "batch_size=4",
    ]
)
# One stage, or three, where a test does not need all eight.
JOINT = RECIPE.override(["stages=joint", "iterations=6", "main_layers=2"])
SHORT = RECIPE.override(["spatial_attention=false", "main_layers=2"])
# With all that a resumed training must not lose.
STRONG = SHORT.override(
    [
        "weight_average=0.8",
        "clip_norm=1",
        "label_smoothing=0.1",
        "crop=0.3",
        "noise=0.01",
    ]
)
MAIN, SPATIAL, TEMPORAL = "main_lstm", "spatial_attention", "temporal_attention"

# Algorithm 1 as the paper has it: LSTM layers, what trains, what is there but
# fixed, and where each network comes from (None: step 1, the Gaussian).
PAPER = {
    "step_2": (1, {MAIN, TEMPORAL}, set(), {}),
    "step_3": (3, {MAIN}, {TEMPORAL}, {TEMPORAL: "step_2"}),
    "step_4": (
        3,
        {MAIN, TEMPORAL},
        set(),
        {MAIN: "step_3", TEMPORAL: "step_3"},
    ),
    "step_5": (1, {MAIN, SPATIAL}, set(), {}),
    "step_6": (3, {MAIN}, {SPATIAL}, {SPATIAL: "step_5"}),
    "step_7": (3, {MAIN, SPATIAL}, set(), {MAIN: "step_6", SPATIAL: "step_6"}),
    "step_8": (
        3,
        {MAIN},
        {SPATIAL, TEMPORAL},
        {MAIN: "step_7", SPATIAL: "step_7", TEMPORAL: "step_4"},
    ),
    "step_9": (
        3,
        {MAIN, SPATIAL, TEMPORAL},
        set(),
        {MAIN: "step_8", SPATIAL: "step_8", TEMPORAL: "step_8"},
    ),
}


def train_in_graphs(workdir, recipe=RECIPE, seed=0, **kwargs):
    clips = fake_clips(longest=8)
    return training.train(recipe, DATA, clips, workdir, seed, **kwargs)


def train(*args, **kwargs):
    with eager():
        return train_in_graphs(*args, **kwargs)


def weights_by_network(model):
    return {
        network: {
            x.path.split(f"{network}/", 1)[1]: x.numpy()
            for x in getattr(model, network).weights
        }
        for network in (MAIN, SPATIAL, TEMPORAL)
        if getattr(model, network) is not None
    }


@pytest.fixture
def spy(monkeypatch):
    """The networks' weights before and after each `fit`, by stage."""
    seen = {}
    fit = STALSTM.fit

    def spying_fit(model, *args, callbacks, **kwargs):
        before = weights_by_network(model)
        fit(model, *args, callbacks=callbacks, **kwargs)
        seen[callbacks[0].name] = before, weights_by_network(model)

    monkeypatch.setattr(STALSTM, "fit", spying_fit)
    return seen


@pytest.fixture
def jolt(monkeypatch):
    """In place of `fit`: moves every weight that trains, at once."""

    def fit(model, *args, callbacks, **kwargs):
        for weight in model.trainable_weights:
            weight.assign_add(np.ones(weight.shape))

    monkeypatch.setattr(STALSTM, "fit", fit)


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    """The model of the recipe `JOINT`, trained without interruption."""
    return train(tmp_path_factory.mktemp("joint"), JOINT)


def assert_same_weights(model, expected):
    for weight, other in zip(model.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(weight, other, err_msg=weight.path)


def equal(some, others):
    return {k: np.array_equal(v, others[k]) for k, v in some.items()}


@pytest.mark.long(seconds=25)
def test_every_stage_moves_what_it_should(spy, tmp_path):
    train_in_graphs(tmp_path)
    assert list(spy) == list(PAPER)
    for name, (layers, trains, fixed, starts_from) in PAPER.items():
        before, after = spy[name]
        assert set(before) == trains | fixed, name
        assert sum("/recurrent" in x for x in before[MAIN]) == layers, name
        for network in before:
            same = equal(before[network], after[network])
            expected = dict.fromkeys(same, network in fixed)
            assert same == expected, (name, network)
        for network, source in starts_from.items():
            same = equal(before[network], spy[source][1][network])
            assert all(same.values()), (name, network, same)
    # Growing keeps the first layer, and nothing else of the main network.
    for small, grown in (("step_2", "step_3"), ("step_5", "step_6")):
        same = equal(spy[small][1][MAIN], spy[grown][0][MAIN])
        for name, is_same in same.items():
            assert is_same == name.startswith("lstm_1/"), (grown, name)
    # Each stage ran as long as the recipe says.
    records = json.loads((tmp_path / "metrics.json").read_text())
    done = [(x["stage"], x["iteration"]) for x in records]
    assert done == list(zip(PAPER, [4, 5, 3, 4, 5, 3, 5, 3], strict=True))


@pytest.mark.long(seconds=15)
def test_a_fresh_start_keeps_nothing(jolt, tmp_path):
    def started(recipe, name, source):
        """Weights of the main network, as in that stage's initial model."""
        workdir = tmp_path / recipe.training.growing
        train(workdir, recipe)
        source, stage = (
            weights_by_network(
                keras.saving.load_model(workdir / f"checkpoints/{x}.keras")
            )[MAIN]
            for x in (source, name)
        )
        # The jolt adds one to what trains.
        stage = {
            k: v - ("/" in k and "seed" not in k) for k, v in stage.items()
        }
        return [
            k
            for k, v in source.items()
            if "kernel" in k and np.allclose(v, stage[k], atol=1e-5)
        ]

    fresh = RECIPE.override(["growing=fresh", "main_from=fresh"])
    assert started(RECIPE, "step_3", "step_2") == [
        "lstm_1/lstm_cell/kernel",
        "lstm_1/lstm_cell/recurrent_kernel",
    ]
    assert not started(fresh, "step_3", "step_2")
    assert len(started(RECIPE, "step_8", "step_7")) == 7
    assert not started(fresh, "step_8", "step_7")


@pytest.mark.parametrize("spatial", [True, False])
@pytest.mark.parametrize("temporal", [True, False])
def test_the_last_stage_has_the_recipe_s_attentions(spatial, temporal):
    recipe = RECIPE.replace(
        spatial_attention=spatial, temporal_attention=temporal
    )
    last = training.stages(recipe)[-1]
    model = training.build_model(recipe, last, DATA)
    assert (model.spatial_attention is not None) == spatial
    assert (model.temporal_attention is not None) == temporal
    assert not last.fixed


def test_the_seed_makes_the_model(joint, tmp_path):
    assert_same_weights(train(tmp_path / "same", JOINT, 0), joint)
    other = train(tmp_path / "other", JOINT, 8).get_weights()
    differ = [
        np.any(x != y) for x, y in zip(joint.get_weights(), other, strict=True)
    ]
    assert all(differ)


@pytest.mark.parametrize(
    ("change", "prepared"),
    [("dropout=0.5", True), ("noise=0.1", False), ("stride=2", False)],
)
def test_kept_clips_change_nothing(tmp_path, monkeypatch, change, prepared):
    recipe = JOINT.override([change, "iterations=3"])
    expected = train(tmp_path / "each", recipe)
    calls = []
    original = input_pipeline.prepared

    def spy(*args):
        calls.append(args)
        return original(*args)

    monkeypatch.setattr(input_pipeline, "prepared", spy)
    kept = train(tmp_path / "kept", recipe, keep_prepared=True)
    assert_same_weights(kept, expected)
    assert len(calls) == prepared


@pytest.fixture(scope="module")
def two_stages(tmp_path_factory):
    """The first stages of `STRONG`, without interruption: workdir, model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage_log, "PERIOD", 2)
        patch.setattr(training, "stages", first_two)
        workdir = tmp_path_factory.mktemp("two_stages")
        return workdir, train(workdir, STRONG)


def first_two(recipe):
    return training.TABLES["algorithm_1"](recipe)[:2]


@pytest.mark.parametrize("stop", [3, 8])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    stop, two_stages, tmp_path, monkeypatch
):
    whole, expected = two_stages
    monkeypatch.setattr(stage_log, "PERIOD", 2)
    monkeypatch.setattr(training, "stages", first_two)
    iterations = 0
    on_train_batch_end = stage_log.StageLog.on_train_batch_end

    def interrupted(self, batch, logs=None):
        nonlocal iterations
        iterations += 1
        if iterations == stop:
            raise KeyboardInterrupt
        on_train_batch_end(self, batch, logs)

    monkeypatch.setattr(stage_log.StageLog, "on_train_batch_end", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, STRONG)
    assert_same_weights(train(tmp_path, STRONG), expected)

    def metrics(workdir):
        records = json.loads((workdir / "metrics.json").read_text())
        return [{**x, "seconds": None} for x in records]

    assert metrics(tmp_path) == metrics(whole)
    # Now that it is finished, it trains no more.
    monkeypatch.setattr(STALSTM, "fit", None)
    train(tmp_path, STRONG)
    left = {x.name for x in (tmp_path / "checkpoints").iterdir()}
    assert left == {"step_2.keras", "step_3.keras"}


@pytest.mark.parametrize("kept", [False, True])
def test_a_loss_that_is_not_finite_ends_the_training(tmp_path, kept):
    recipe = SHORT.override(["learning_rate=1e38"])
    with pytest.raises(stage_log.DivergedError) as caught:
        train(tmp_path, recipe, keep_prepared=kept)
    error = caught.value
    assert error.stage == "step_2"
    # The first step has made the weights enormous.
    assert 2 <= error.first == error.last <= 3
    assert len(error.clips) == 4
    assert re.fullmatch(
        "step_2, iteration [23]: expected a finite loss. Received: (nan|inf)",
        str(error),
    )
    assert not list((tmp_path / "checkpoints").iterdir())


def test_an_error_comes_below_the_progress_bar(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(manifest, "write_json", full)
    with pytest.raises(OSError, match="No space left") as raised:
        training.train(JOINT, DATA, fake_clips(longest=8), tmp_path, 0)
    error = capsys.readouterr().err
    assert raised.tb  # An error that is told still holds what was running.
    assert "joint" in error
    assert error.endswith("\n")


def test_of_ten_iterations_at_once_all_are_named(tmp_path):
    recipe = JOINT.override(["learning_rate=1e38", "iterations=1000"])
    with pytest.raises(stage_log.DivergedError, match="iteration 1 to 10: "):
        train_in_graphs(tmp_path, recipe)


def test_weights_that_are_not_finite_replace_no_checkpoint(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(stage_log, "PERIOD", 2)
    record = stage_log.StageLog._record

    def damaging(self, logs):
        if self.done == 4:
            weight = self.model.weights[0]
            weight.assign(np.full(weight.shape, np.inf))
        record(self, logs)

    monkeypatch.setattr(stage_log.StageLog, "_record", damaging)
    with pytest.raises(
        stage_log.DivergedError, match=r"iteration 4: .*weights"
    ):
        train(tmp_path, JOINT)
    monkeypatch.setattr(stage_log.StageLog, "_record", record)
    records = json.loads((tmp_path / "metrics.json").read_text())
    assert [x["iteration"] for x in records] == [2]
    train(tmp_path, JOINT)  # from the checkpoint of iteration 2


def test_a_stop_before_a_stage_s_file_is_resumed(tmp_path, monkeypatch):
    """All iterations are done and checkpointed, but the model is not saved."""
    recipe = JOINT.override(["weight_average=0.8"])
    expected = train(tmp_path / "whole", recipe)
    workdir = tmp_path / "stopped"

    def failing(self, path):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(STALSTM, "save", failing)
        with pytest.raises(OSError, match="no space"):
            train(workdir, recipe)
    checkpoints = workdir / "checkpoints"
    assert {x.name for x in checkpoints.iterdir()} == {"joint.npz"}
    monkeypatch.setattr(STALSTM, "fit", None)
    assert_same_weights(train(workdir, recipe), expected)


def test_a_stage_ends_with_the_average_of_its_weights(tmp_path, monkeypatch):
    seen = []
    on_train_batch_end = stage_log.StageLog.on_train_batch_end

    def watched(self, batch, logs=None):
        seen.append(self.model.get_weights())
        on_train_batch_end(self, batch, logs)

    monkeypatch.setattr(stage_log.StageLog, "on_train_batch_end", watched)
    model = train(tmp_path, JOINT.override(["weight_average=0.7"]))
    average = seen[0]
    for weights in seen[1:]:
        average = [
            0.7 * x + 0.3 * y for x, y in zip(average, weights, strict=True)
        ]
    for weight, expected in zip(model.weights, average, strict=True):
        if weight.trainable:
            np.testing.assert_allclose(weight, expected, atol=1e-6)


def test_label_smoothing_takes_from_the_true_class(tmp_path):
    logits = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    labels = np.array([0, 2, 1, 1, 0])
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    for smoothing in (0.0, 0.3):
        target = (1 - smoothing) * np.eye(3)[labels] + smoothing / 3
        loss = training._loss(smoothing)(labels, logits)
        np.testing.assert_allclose(
            np.mean(loss), -np.mean(np.sum(target * log_p, axis=1)), rtol=1e-5
        )


def test_gradients_are_clipped_together(tmp_path):
    recipe = JOINT.override(["clip_norm=0.5"])
    model = training.build_model(recipe, training.stages(recipe)[0], DATA)
    training.compile_model(model, recipe.training, iterations=10)
    assert model.optimizer.global_clipnorm == 0.5
    training.compile_model(model, JOINT.training, iterations=10)
    assert model.optimizer.global_clipnorm is None


def test_all_stages_trace_the_frame_layers_once(tmp_path, monkeypatch):
    calls, fit = [], STALSTM.fit
    call = Smoothing.call

    def counted(layer, skeleton, *args):
        calls.append(skeleton.shape)
        return call(layer, skeleton, *args)

    seen = []

    def spying_fit(model, batches, *args, **kwargs):
        seen.append(set(batches.element_spec[0]))
        fit(model, batches, *args, **kwargs)

    monkeypatch.setattr(Smoothing, "call", counted)
    monkeypatch.setattr(STALSTM, "fit", spying_fit)
    train_in_graphs(tmp_path, SHORT)
    assert calls == [(4, None, 2, 15, 3)]
    assert seen == 3 * [{"features", "present", "length"}]


def test_a_stage_takes_its_weights_from_memory_or_from_the_workdir(
    spy, tmp_path, monkeypatch
):
    loaded = []
    load = training._load

    def counted(path):
        loaded.append(path.stem)
        return load(path)

    monkeypatch.setattr(training, "_load", counted)
    whole = train(tmp_path, SHORT)
    assert not loaded
    before = spy["step_4"][0]
    (tmp_path / "checkpoints/step_4.keras").unlink()
    again = train(tmp_path, SHORT)
    assert loaded == ["step_3"]
    for network, weights in before.items():
        assert all(equal(weights, spy["step_4"][0][network]).values())
    assert_same_weights(again, whole)
    train(tmp_path, SHORT)
    assert loaded == ["step_3", "step_4"]


def test_a_joint_training_is_one_stage(spy, tmp_path):
    train(tmp_path, JOINT)
    assert list(spy) == ["joint"]
    before, after = spy["joint"]
    assert set(before) == {MAIN, SPATIAL, TEMPORAL}
    for network, weights in before.items():
        assert not any(equal(weights, after[network]).values())
    path = training.result_path(tmp_path, JOINT)
    assert path == tmp_path / "checkpoints/joint.keras"
    assert path.exists()


def test_another_model_trains_by_the_same_doors(tmp_path):
    recipe = JOINT.override(["model=deep_lstm"])
    model = train(tmp_path, recipe)
    assert type(model).__name__ == "DeepLSTM"
    assert len(model.main_lstm.layers) == 2
    assert (tmp_path / "checkpoints/joint.keras").exists()


def test_a_model_without_the_stages_networks_is_named():
    recipe = RECIPE.override(["model=deep_lstm"])
    with pytest.raises(ValueError, match=r"model=sta_lstm.*model=deep_lstm"):
        training.stages(recipe)


def test_the_recurrence_is_set_in_training_and_not_saved(tmp_path, monkeypatch):
    used = []

    def fit(model, *args, **kwargs):
        used.append({x.recurrence for x in model.main_lstm.layers})

    monkeypatch.setattr(STALSTM, "fit", fit)
    model = training.train(
        JOINT, DATA, fake_clips(longest=8), tmp_path, 0, recurrence="xla"
    )
    assert used == [{"xla"}]
    assert {x.recurrence for x in model.main_lstm.layers} == {"keras"}


def test_a_weight_without_partner_is_an_error():
    def lstm(units, name="lstm"):
        layer = keras.layers.LSTM(units, name=name)
        layer.build((None, None, 3))
        return layer

    training.transfer(lstm(4), lstm(4))
    with pytest.raises(ValueError, match=r"lstm_cell/bias \(20,\)"):
        training.transfer(lstm(4), lstm(5))
    model = STALSTM("abc", NITE, units=4, main_layers=1)
    model.build()
    grown = STALSTM("abc", NITE, units=4)
    grown.build()
    with pytest.raises(ValueError, match="lstm_2/lstm_cell/kernel"):
        training.transfer(model.main_lstm, grown.main_lstm)


def test_learning_rate_warms_up_and_decays():
    model = training.build_model(RECIPE, training.stages(RECIPE)[0], DATA)
    training.compile_model(model, RECIPE.training, iterations=1000)
    rate = model.optimizer._learning_rate
    assert float(rate(0)) == 0
    np.testing.assert_allclose(float(rate(100)), 1e-3, rtol=1e-5)
    np.testing.assert_allclose(float(rate(550)), 5e-4, rtol=1e-5)
    np.testing.assert_allclose(float(rate(1000)), 0, atol=1e-9)
    constant = RECIPE.override(["schedule=constant"])
    training.compile_model(model, constant.training, iterations=1000)
    assert float(model.optimizer.learning_rate) == np.float32(1e-3)


def test_a_batch_splits_evenly_over_devices():
    for devices in (1, 2, 4):
        training.check_batch_size(RECIPE, devices)
    for devices in (3, 8):
        message = f"a multiple of {devices}.* Received: batch_size=4"
        with pytest.raises(ValueError, match=message):
            training.check_batch_size(RECIPE, devices)


def test_it_learns(tmp_path):
    recipe = JOINT.override(
        ["units=16", "learning_rate=0.01", "warmup_iterations=5"]
    )
    train_in_graphs(tmp_path, recipe.override(["iterations=60"]))
    records = json.loads((tmp_path / "metrics.json").read_text())
    assert records[-1]["accuracy"] > 0.9


def test_a_long_stage_takes_ten_iterations_at_once(tmp_path):
    plain = ["spatial_attention=false", "temporal_attention=false"]
    recipe = JOINT.override([*plain, "main_layers=1", "iterations=1030"])
    expected = {1030: 10, 1005: 5, 999: 1, 500: 10, 490: 1}
    for iterations, at_once in expected.items():
        stage = training.stages(recipe)[0]
        model = training.build_model(recipe, stage, DATA)
        training.compile_model(model, recipe.training, iterations)
        assert model.steps_per_execution == at_once
    train_in_graphs(tmp_path, recipe)
    records = json.loads((tmp_path / "metrics.json").read_text())
    done = [x["iteration"] for x in records]
    assert done == [*range(100, 1001, 100), 1030]


@pytest.fixture(scope="module")
def in_float32(tmp_path_factory):
    recipe = JOINT.override(["dropout=0"])
    return weights_by_network(train(tmp_path_factory.mktemp("f32"), recipe))


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_about_the_same_and_saves_float32(
    monkeypatch, in_float32, tmp_path, precision
):
    computed = []
    fit = STALSTM.fit

    def spying_fit(model, *args, **kwargs):
        computed.append({x.compute_dtype for x in model.main_lstm.layers})
        return fit(model, *args, **kwargs)

    monkeypatch.setattr(STALSTM, "fit", spying_fit)
    recipe = JOINT.override(["dropout=0", f"precision={precision}"])
    mixed = train(tmp_path, recipe)
    assert computed == [{precision.removeprefix("mixed_")}]
    assert mixed.main_lstm.compute_dtype == "float32"
    for network, weights in weights_by_network(mixed).items():
        for name, weight in weights.items():
            np.testing.assert_allclose(
                weight, in_float32[network][name], atol=0.02, err_msg=name
            )
