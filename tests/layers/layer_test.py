"""What every layer must be able to do."""

import keras
import numpy as np


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
        model.compile("sgd", "mse")
        target = np.random.default_rng(0).normal(size=outputs.shape)
        loss = model.train_on_batch(list(inputs), target)
        assert np.isfinite(loss)
        for old, weight in zip(before, layer.trainable_weights, strict=True):
            assert np.any(old != weight.numpy()), weight.path

    # Saved and loaded, it computes the same.
    model.save(tmp_path / "layer.keras")
    loaded = keras.saving.load_model(tmp_path / "layer.keras")
    np.testing.assert_array_equal(
        model.predict(list(inputs), verbose=0),
        loaded.predict(list(inputs), verbose=0),
    )

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
