import keras
import numpy as np
import pytest

from stalstm import preprocessing
from stalstm.model import STALSTM
from tests import reference

RNG = np.random.default_rng(5)
LENGTHS = np.array([8, 5, 1], "int32")
INPUTS = {
    "skeleton": RNG.normal(size=(3, 8, 2, 3, 3)).astype("float32"),
    "length": LENGTHS,
}
LABELS = np.array([0, 3, 1])
LAMBDAS = {"lambda1": 0.1, "lambda2": 0.2, "lambda3": 0.01}


def make_model(**kwargs):
    model = STALSTM(4, bodies=2, joints=3, units=5, **kwargs)
    model.build()
    # Small gates would hide an error in what they scale.
    for weight in model.weights:
        weight.assign(RNG.normal(scale=0.5, size=weight.shape))
    return model


def compile_model(model):
    model.compile(
        "adam",
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        run_eagerly=True,
    )
    return model


@pytest.mark.parametrize("pooling", ["sum", "mean"])
@pytest.mark.parametrize("temporal", [True, False])
@pytest.mark.parametrize("spatial", [True, False])
def test_is_equations_4_and_5(spatial, temporal, pooling):
    model = make_model(
        spatial_attention=spatial,
        temporal_attention=temporal,
        pooling=pooling,
    )
    outputs = model(INPUTS)
    for n, length in enumerate(LENGTHS):
        clip = INPUTS["skeleton"][n, :length].reshape(length, 18)
        alpha = np.ones((length, 6))
        if spatial:
            alpha = 6 * reference.spatial_attention(
                model.spatial_attention, clip
            )
        beta = np.ones(length)
        if temporal:
            beta = reference.temporal_attention(model.temporal_attention, clip)
        attended = clip.reshape(length, 6, 3) * alpha[:, :, None]
        z = reference.main_lstm(model.main_lstm, attended.reshape(length, 18))
        o = sum(beta[t] * z[t] for t in range(length))
        if pooling == "mean":
            o = o / length
        p = np.exp(o) / np.exp(o).sum()
        got = {name: value[n].numpy() for name, value in outputs.items()}
        np.testing.assert_allclose(got["logits"], o, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(got["probabilities"], p, rtol=1e-4)
        np.testing.assert_allclose(
            got["spatial_attention"][:length], alpha, rtol=1e-4
        )
        np.testing.assert_allclose(
            got["temporal_attention"][:length], beta, rtol=1e-4, atol=1e-6
        )


def test_loss_is_equation_7():
    model = compile_model(make_model(**LAMBDAS))
    outputs = {k: v.numpy() for k, v in model(INPUTS).items()}
    expected = 0.0
    for n, length in enumerate(LENGTHS):
        alpha = outputs["spatial_attention"][n, :length]
        beta = outputs["temporal_attention"][n, :length]
        clip_loss = -np.log(outputs["probabilities"][n, LABELS[n]])
        clip_loss += 0.1 * ((1 - alpha.sum(0) / length) ** 2).sum()
        clip_loss += 0.2 / length * np.abs(beta).sum()
        expected += clip_loss / len(LENGTHS)
    for weight in model.trainable_weights:
        if "bias" not in weight.path:
            expected += 0.01 * np.abs(weight.numpy()).sum()
    loss, _ = model.evaluate(INPUTS, LABELS, verbose=0)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


@pytest.mark.parametrize("l1_matrices", ["all", "inputs", "main"])
def test_l1_covers_the_matrices_it_should(l1_matrices):
    model = make_model(lambda3=0.01, l1_matrices=l1_matrices)
    covered = {x.path.split("/", 1)[1] for x in model.weights if x.regularizer}
    matrices = {
        x.path.split("/", 1)[1] for x in model.weights if "bias" not in x.path
    }
    expected = {
        "all": matrices,
        "inputs": {x for x in matrices if "recurrent" not in x},
        "main": {x for x in matrices if x.startswith("main_lstm")},
    }
    assert covered == expected[l1_matrices]


@pytest.mark.parametrize("padding", [0.0, 1e3, np.nan])
def test_padding_changes_nothing(padding):
    model = compile_model(
        make_model(
            preprocessing=[
                preprocessing.Smoothing(),
                preprocessing.BodyOrder(1),
                preprocessing.Origin(1),
            ],
            **LAMBDAS,
        )
    )
    skeleton = np.full((3, 12, 2, 3, 3), padding, "float32")
    for n, length in enumerate(LENGTHS):
        skeleton[n, :length] = INPUTS["skeleton"][n, :length]
    padded = {"skeleton": skeleton, "length": LENGTHS}
    outputs = model(padded)
    for n, length in enumerate(LENGTHS):
        alone = model(
            {
                "skeleton": INPUTS["skeleton"][n : n + 1, :length],
                "length": LENGTHS[n : n + 1],
            }
        )
        for name, value in alone.items():
            got = outputs[name][n]
            if "attention" in name:
                np.testing.assert_array_equal(got[length:], 0)
                got = got[:length]
            np.testing.assert_allclose(got, value[0], rtol=2e-4, atol=1e-5)
    # Nor the loss and what training makes of it.
    np.testing.assert_allclose(
        model.evaluate(padded, LABELS, verbose=0),
        model.evaluate(INPUTS, LABELS, verbose=0),
        rtol=1e-5,
    )
    model.train_on_batch(padded, LABELS)
    assert all(np.isfinite(x).all() for x in model.get_weights())


@pytest.mark.parametrize("smoothing", [True, False])
@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"pooling": "mean"},
        {"spatial_attention": False},
        {"temporal_attention": False},
    ],
)
def test_steps_equal_call(kwargs, smoothing):
    layers = [preprocessing.BodyOrder(1), preprocessing.Origin(1, per="clip")]
    if smoothing:
        layers.insert(0, preprocessing.Smoothing())
    model = make_model(preprocessing=layers, **kwargs)
    expected = {k: v.numpy() for k, v in model(INPUTS).items()}
    latency = 2 if smoothing else 0
    state = model.initial_state(3)
    for t in range(8 + latency):
        ended = t >= LENGTHS
        frame = INPUTS["skeleton"][:, min(t, 7)].copy()
        frame[ended] = np.nan
        outputs, state = model.step(frame, state, ended)
        for n, length in enumerate(LENGTHS):
            comes = t - latency
            is_in = 0 <= comes < length
            assert outputs["frames"][n] == np.clip(comes + 1, 0, length)
            for name in ("spatial_attention", "temporal_attention"):
                np.testing.assert_allclose(
                    outputs[name][n],
                    expected[name][n, comes] if is_in else 0.0,
                    rtol=1e-4,
                    atol=1e-5,
                )
    for name in ("logits", "probabilities"):
        np.testing.assert_allclose(
            outputs[name], expected[name], rtol=1e-4, atol=1e-5
        )


def test_gradients_reach_every_weight():
    model = compile_model(make_model(**LAMBDAS))
    before = model.get_weights()
    model.train_on_batch(INPUTS, LABELS)
    for old, weight in zip(before, model.weights, strict=True):
        assert np.any(old != weight.numpy()), weight.path


@pytest.mark.parametrize(
    "frozen", ["main_lstm", "spatial_attention", "temporal_attention"]
)
def test_a_frozen_network_does_not_move(frozen):
    model = make_model(**LAMBDAS)
    getattr(model, frozen).trainable = False
    compile_model(model)
    before = model.get_weights()
    model.train_on_batch(INPUTS, LABELS)
    for old, weight in zip(before, model.weights, strict=True):
        moved = np.any(old != weight.numpy())
        assert moved != (f"{frozen}/" in weight.path), weight.path


def test_saved_and_loaded_it_computes_the_same(tmp_path):
    model = make_model(
        preprocessing=[preprocessing.Origin(1, per="clip")],
        dropout=0.5,
        alpha_scale="softmax",
        beta_norm="square",
        **LAMBDAS,
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config()
    expected = model(INPUTS)
    for name, value in loaded(INPUTS).items():
        np.testing.assert_array_equal(value, expected[name])


def test_mixed_precision_computes_about_the_same_logits():
    model = make_model()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = STALSTM(4, bodies=2, joints=3, units=5)
        mixed.build()
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.set_weights(model.get_weights())
    outputs, expected = mixed(INPUTS), model(INPUTS)
    for name, value in outputs.items():
        assert value.dtype == "float32"
        np.testing.assert_allclose(value, expected[name], rtol=0.1, atol=0.1)


def test_two_matrices_of_one_shape_start_differently():
    model = STALSTM(4, bodies=2, joints=3, units=5)
    model.build()
    first, second = (
        model.main_lstm.layers[i].cell.kernel.numpy() for i in (1, 2)
    )
    assert np.any(first != second)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"`pooling`.*pooling='max'"):
        STALSTM(4, pooling="max")
    with pytest.raises(ValueError, match=r"`l1_matrices`.*'none'"):
        STALSTM(4, l1_matrices="none")
