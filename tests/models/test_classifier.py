"""What models refuse, in words; and a model that cannot stream."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from stalstm import preprocessing
from stalstm.layers import LSTM
from stalstm.models.classifier import Classifier
from stalstm.models.sta_lstm import STALSTM
from tests.models.bidirectional import Bidirectional
from tests.models.model_test import (
    INPUTS,
    frame_layers,
    make_model,
    run_model_test,
)

SKELETON, LENGTH = INPUTS["skeleton"], INPUTS["length"]


@pytest.fixture(scope="module")
def model():
    return make_model(STALSTM)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            SKELETON,
            "`inputs` must be a dict with skeleton and length. Received: E",
        ),
        ({"skeleton": SKELETON}, "Received: a dict with skeleton"),
        (
            {"skeleton": SKELETON[..., :2, :], "length": LENGTH},
            r"\(batch, frames, 2, 3, 3\).*Received: \(3, 5, 2, 2, 3\)",
        ),
        (
            {"skeleton": SKELETON[:, :, :1], "length": LENGTH},
            r"\(batch, frames, 2, 3, 3\).*Received: \(3, 5, 1, 3, 3\)",
        ),
        (
            {"skeleton": SKELETON[0], "length": LENGTH},
            r"\(batch, frames, 2, 3, 3\).*Received: \(5, 2, 3, 3\)",
        ),
        (
            {"skeleton": SKELETON, "length": LENGTH[:, None]},
            r"`length` must have the shape \(batch,\). Received: \(3, 1\)",
        ),
        (
            {"skeleton": SKELETON, "length": np.array([5, 0, 1])},
            r"`length` must be 1 to 5.*Received: \[5 0 1\]",
        ),
        (
            {"skeleton": SKELETON, "length": np.array([5, 6, 1])},
            r"`length` must be 1 to 5.*Received: \[5 6 1\]",
        ),
        (
            {"skeleton": SKELETON, "length": np.array([5])},
            r"for each of 3 clips. Received: \[5\]",
        ),
    ],
)
def test_wrong_inputs_are_named(model, inputs, message):
    with pytest.raises(ValueError, match=message):
        model(inputs)


def test_modality_dropout_knows_the_kinds_of_channels(tmp_path):
    model = make_model(
        STALSTM, preprocessing=frame_layers(), modality_dropout=0.5
    )
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    # Coordinates, velocities, and distances to three joints.
    assert model.modality_dropout.kinds == 6 * [0, 0, 0, 1, 1, 1, 2, 2, 2]
    logits = model(INPUTS)["logits"].numpy()
    np.testing.assert_array_equal(model(INPUTS)["logits"], logits)
    assert np.any(model(INPUTS, training=True)["logits"] != logits)


def test_a_wrong_shape_is_named_in_a_graph_too(model):
    @tf.function
    def call(skeleton):
        return model({"skeleton": skeleton, "length": LENGTH})

    with pytest.raises(ValueError, match=r"Received: \(3, 5, 1, 3, 3\)"):
        call(tf.constant(SKELETON[:, :, :1]))


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_other_precisions_are_refused(dtype):
    with pytest.raises(ValueError, match=f"`dtype` must be.*dtype={dtype}"):
        make_model(STALSTM, dtype=dtype)
    keras.config.set_dtype_policy(dtype)
    try:
        with pytest.raises(ValueError, match=f"dtype={dtype}"):
            make_model(STALSTM)
    finally:
        keras.config.set_dtype_policy("float32")


def test_the_recurrence_of_all_lstm_layers_is_set(model):
    def lstms():
        attentions = [model.spatial_attention, model.temporal_attention]
        return [*(x.layer for x in attentions), *model.main_lstm.layers]

    assert all(isinstance(x, LSTM) for x in lstms())
    expected = model(INPUTS)["logits"].numpy()
    for recurrence in ("xla", "keras"):
        model.set_recurrence(recurrence)
        assert [x.recurrence for x in lstms()] == [recurrence] * 5
        np.testing.assert_allclose(
            model(INPUTS)["logits"], expected, rtol=1e-4, atol=1e-4
        )


@pytest.mark.long(seconds=10)
def test_a_model_that_cannot_stream_says_why(tmp_path):
    run_model_test(Bidirectional, tmp_path)
    model = make_model(Bidirectional)
    assert isinstance(model, Classifier)
    for call in (model.initial_state, model.network_state):
        with pytest.raises(NotImplementedError, match="whole clip"):
            call(1)


def test_what_looks_ahead_comes_before_what_leaves_out_frames():
    layers = [preprocessing.Smoothing(), preprocessing.Stride(2)]
    make_model(STALSTM, preprocessing=layers)
    with pytest.raises(ValueError, match=r"look ahead.*stride.*, smoothing"):
        make_model(STALSTM, preprocessing=layers[::-1])
