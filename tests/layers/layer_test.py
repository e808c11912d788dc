"""What every layer must be able to do."""

import keras
import numpy as np
import pytest


def run_layer_test(layer, *inputs, tmp_path):
    """Configuration, symbolic shapes, training, mixed precision, saving.

    Args:
        layer: a new layer.
        inputs: arrays to call it with.
        tmp_path: where to save.
    """
    outputs = layer(*inputs)

    # Another layer of the same configuration has weights of the same shapes.
    config = layer.get_config()
    again = type(layer).from_config(dict(config))  # Keras takes from it
    again(*inputs)
    assert again.get_config() == config
    assert [x.shape for x in again.weights] == [x.shape for x in layer.weights]

    # Symbolic shapes are the real ones, with any batch size and any length.
    symbols = [
        keras.Input((None,) * (x.ndim > 1) + x.shape[2:], dtype=x.dtype.name)
        for x in inputs
    ]
    symbolic = layer(*symbols)
    assert symbolic.shape[2:] == tuple(outputs.shape[2:])
    assert symbolic.dtype == keras.backend.standardize_dtype(outputs.dtype)

    model = keras.Model(symbols, symbolic)

    # A training step moves every weight.
    if layer.trainable_weights:
        before = [x.numpy() for x in layer.trainable_weights]
        model.compile("sgd", "mse", run_eagerly=True)
        target = np.random.default_rng(0).normal(size=outputs.shape)
        loss = model.train_on_batch(list(inputs), target)
        assert np.isfinite(loss)
        for old, weight in zip(before, layer.trainable_weights, strict=True):
            assert np.any(old != weight.numpy()), weight.path

    # Saved and loaded, it computes the same.
    model.save(tmp_path / "layer.keras")
    loaded = keras.saving.load_model(tmp_path / "layer.keras")
    np.testing.assert_array_equal(model(list(inputs)), loaded(list(inputs)))

    # Mixed precision: about the same numbers from float32 weights.
    if layer.weights:
        mixed = type(layer).from_config({**config, "dtype": "mixed_bfloat16"})
        mixed(*inputs)
        mixed.set_weights(layer.get_weights())
        assert {x.dtype for x in mixed.trainable_weights} == {"float32"}
        np.testing.assert_allclose(
            keras.ops.cast(mixed(*inputs), "float32"),
            layer(*inputs),
            atol=0.1,
        )


# Recurrent layers that an attention cannot use, and the reason.
REFUSED = [
    (keras.layers.Dense, {}, "`keras.layers.LSTM`, `GRU` or `SimpleRNN`"),
    (keras.layers.LSTM, {"return_sequences": False}, "h at every frame"),
    (keras.layers.LSTM, {"return_state": True}, "h and nothing else"),
    (keras.layers.GRU, {"go_backwards": True}, "the past only"),
    (keras.layers.GRU, {"stateful": True}, "begins anew"),
]


def run_wrapper_test(wrap, clips, tmp_path):
    """What an attention must be able to do with the layer that it wraps.

    Args:
        wrap: Makes an attention from a recurrent layer.
        clips: `(batch, frames, features)`.
        tmp_path: Where to save.
    """
    kinds = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)
    for kind in kinds:
        layer = kind(5, return_sequences=True)
        attention = wrap(layer)
        assert isinstance(attention, keras.layers.Wrapper)
        assert attention.layer is layer
        run_layer_test(attention, clips, tmp_path=tmp_path)
        # h_{t-1} is all that it needs: whole clips and steps agree.
        whole = attention(clips).numpy()
        state = attention.initial_state(len(clips))
        for t in range(clips.shape[1]):
            gates, state = attention.step(clips[:, t], state)
            np.testing.assert_allclose(gates, whole[:, t], rtol=1e-4, atol=1e-6)
    for kind, kwargs, reason in REFUSED:
        if kind is not keras.layers.Dense:
            kwargs = {"return_sequences": True, **kwargs}
        with pytest.raises(ValueError, match=f"{reason}.* Received: layer=<"):
            wrap(kind(5, **kwargs))
