import keras
import numpy as np
import pytest

from stalstm.export import signatures
from stalstm.models.sta_lstm import STALSTM
from stalstm.preprocessing import Distances, Velocity
from tests import reference
from tests.models import model_test
from tests.models.model_test import (
    INPUTS,
    LABELS,
    LENGTHS,
    compile_model,
)

LAMBDAS = {"lambda1": 0.1, "lambda2": 0.2, "lambda3": 0.01}


def make_model(**kwargs):
    return model_test.make_model(STALSTM, **kwargs)


@pytest.mark.long(seconds=10)
@pytest.mark.parametrize(
    "kwargs",
    [
        LAMBDAS,
        {"spatial_attention": False, "pooling": "mean", "beta_norm": "square"},
        {"temporal_attention": False, "alpha_scale": "softmax"},
    ],
)
def test_is_a_good_model(kwargs, tmp_path):
    model_test.run_model_test(STALSTM, tmp_path, **kwargs)


def test_has_the_attentions_that_it_is_told_to_have():
    both = ("spatial_attention", "temporal_attention")
    assert make_model().attentions == both
    assert make_model(spatial_attention=False).attentions == both[1:]
    assert make_model(temporal_attention=False).attentions == both[:1]


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
        expected = {}
        alpha, beta = np.ones((length, 6)), np.ones(length)
        if spatial:
            alpha = 6 * reference.spatial_attention(
                model.spatial_attention, clip
            )
            expected["spatial_attention"] = alpha
        if temporal:
            beta = reference.temporal_attention(model.temporal_attention, clip)
            expected["temporal_attention"] = beta
        attended = clip.reshape(length, 6, 3) * alpha[:, :, None]
        z = reference.main_lstm(model.main_lstm, attended.reshape(length, 18))
        o = sum(beta[t] * z[t] for t in range(length))
        if pooling == "mean":
            o = o / length
        p = np.exp(o) / np.exp(o).sum()
        got = {name: value[n].numpy() for name, value in outputs.items()}
        np.testing.assert_allclose(got["logits"], o, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(got["probabilities"], p, rtol=1e-4)
        for name, value in expected.items():
            np.testing.assert_allclose(
                got[name][:length], value, rtol=1e-4, atol=1e-6
            )


def test_more_channels_a_joint_are_scaled_by_the_joint_s_alpha():
    """The equations hold for what feature layers append, too."""
    layers = [Velocity(2.0), Distances(0.3, 1.0)]
    model = make_model(preprocessing=layers)
    outputs = {k: v[0].numpy() for k, v in model(INPUTS).items()}
    clip = INPUTS["skeleton"][0]
    velocity = np.diff(clip, axis=0, prepend=clip[:1]) * 2.0
    between = clip[:, :, :, None] - clip[:, ::-1, None]
    distances = 0.3 * (np.linalg.norm(between, axis=-1) - 1.0)
    features = np.concatenate([clip, velocity, distances], axis=-1)
    features = features.reshape(-1, 6, 9)
    alpha = 6 * reference.spatial_attention(
        model.spatial_attention, features.reshape(-1, 54)
    )
    np.testing.assert_allclose(
        outputs["spatial_attention"], alpha, rtol=1e-3, atol=1e-5
    )
    beta = reference.temporal_attention(
        model.temporal_attention, features.reshape(-1, 54)
    )
    attended = features * alpha[:, :, None]
    z = reference.main_lstm(model.main_lstm, attended.reshape(-1, 54))
    np.testing.assert_allclose(outputs["logits"], beta @ z, rtol=1e-3)


def test_an_absent_body_takes_no_attention():
    model = make_model()
    skeleton = INPUTS["skeleton"].copy()
    skeleton[:, :4, 1] = 0
    alpha = model({**INPUTS, "skeleton": skeleton})["spatial_attention"]
    np.testing.assert_array_equal(alpha[:, :4, 3:], 0)
    # The others share it: the gates of those present have mean one.
    np.testing.assert_allclose(np.sum(alpha[0, :4], -1), 3, rtol=1e-5)
    np.testing.assert_allclose(np.sum(alpha[0, 4:], -1), 6, rtol=1e-5)


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


def test_a_global_policy_computes_about_the_same_logits():
    """Mixed precision is the network's; metres stay in float32."""
    model = make_model(preprocessing=model_test.frame_layers())
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = make_model(preprocessing=model_test.frame_layers())
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.set_weights(model.get_weights())
    assert mixed.main_lstm.compute_dtype == "bfloat16"
    assert {x.compute_dtype for x in mixed.preprocessing} == {"float32"}
    outputs, expected = mixed(INPUTS), model(INPUTS)
    for name, value in outputs.items():
        assert value.dtype == "float32"
        np.testing.assert_allclose(value, expected[name], rtol=0.1, atol=0.2)


def test_two_matrices_of_one_shape_start_differently():
    model = STALSTM(("a", "b"), model_test.SKELETON, units=5)
    model.build()
    first, second = (
        model.main_lstm.layers[i].cell.kernel.numpy() for i in (1, 2)
    )
    assert np.any(first != second)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"`pooling`.*pooling=max"):
        make_model(pooling="max")
    with pytest.raises(ValueError, match=r"`l1_matrices`.*l1_matrices=none"):
        make_model(l1_matrices="none")
    with pytest.raises(TypeError, match="layers"):
        make_model(layers=3)


def test_a_long_stream_loses_nothing_by_rounding():
    """To a large sum float32 adds small numbers only roughly."""
    model = make_model()
    frame = INPUTS["skeleton"][:, 0]

    def total(start, steps=200):
        state = model.initial_state(len(frame))
        scores = state["network"]["scores"] + start
        state["network"] = {**state["network"], "scores": scores}
        for _ in range(steps):
            _, state = model.step(frame, state)
        network = state["network"]
        return network["scores"].numpy().astype("f8") - network["lost"].numpy()

    alone, added = total(0.0), total(1e7) - 1e7
    assert np.abs(alone).max() > 1
    np.testing.assert_allclose(added, alone, atol=1e-3 * np.abs(alone).max())


def test_a_stream_counts_beyond_what_float32_holds():
    model = make_model()
    state = model.initial_state(3)
    for leaf, value in (("low", 2**20 - 1), ("high", 50)):
        state["frames"][leaf] = state["frames"][leaf] + value
    packed = signatures.PackedState(model)
    frame = INPUTS["skeleton"][:, 0]
    for expected in (51 * 2**20, 51 * 2**20 + 1):
        outputs, state = model.step(frame, state)
        state = packed.unpack(packed.pack(state))
        assert set(outputs["frames"].numpy()) == {expected}
