"""What every model must be able to do."""

import keras
import numpy as np
import tensorflow as tf

from stalstm import preprocessing
from stalstm.skeletons import Skeleton

SKELETON = Skeleton("three", ("head", "torso", "hip"), roles={"torso": "torso"})
CLASSES = ("kick", "push", "hug", "bow")
FRAMES = 5
LENGTHS = np.array([FRAMES, 3, 1], "int32")
LABELS = np.array([0, 3, 1])


def make_inputs(skeleton):
    """Three clips of two bodies."""
    shape = (3, FRAMES, 2, len(skeleton.joints), 3)
    rng = np.random.default_rng(4)
    return {
        "skeleton": rng.normal(size=shape).astype("float32"),
        "length": LENGTHS,
    }


INPUTS = make_inputs(SKELETON)


def frame_layers():
    return [
        preprocessing.Smoothing(),
        preprocessing.Stride(2),
        preprocessing.BodyOrder(1),
        preprocessing.Origin(1, per="clip"),
        preprocessing.Velocity(2.0),
        preprocessing.Distances(0.3, 1.0),
    ]


def make_model(cls, **kwargs):
    """A small model with large random weights."""
    model = cls(
        **{
            "classes": CLASSES,
            "skeleton": SKELETON,
            "units": 5,
            "dropout": 0.0,
            **kwargs,
        }
    )
    model.build()
    rng = np.random.default_rng(5)
    # Small gates would hide an error in what they scale.
    for weight in model.trainable_weights:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))
    return model


def compile_model(model):
    model.compile(
        keras.optimizers.SGD(1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        run_eagerly=True,
    )
    return model


def run_model_test(cls, tmp_path, **kwargs):
    """Padding, streaming, saving, precision, summary, training, export.

    Args:
        cls: The model's class.
        tmp_path: A folder to save into.
        **kwargs: Arguments of the model.
    """
    plain = make_model(cls, **kwargs)
    whole = make_model(cls, preprocessing=frame_layers(), **kwargs)
    for model in (plain, whole):
        check_outputs(model)
        check_padding(model)
        check_prepared(model)
        check_body_order(model)
        check_summary(model)
        check_saving(model, tmp_path)
        if model.cannot_stream is None:
            check_steps(model)
    check_precision(plain)
    check_export(whole, tmp_path)
    check_training(plain)  # it leaves other weights


def check_outputs(model):
    inputs = make_inputs(model.skeleton)
    outputs = model(inputs)
    assert set(outputs) == {"logits", "probabilities", *model.attentions}
    for name, value in outputs.items():
        assert value.dtype == "float32", name
        assert np.isfinite(value).all(), name
    np.testing.assert_allclose(
        outputs["probabilities"], keras.ops.softmax(outputs["logits"])
    )
    assert outputs["logits"].shape == (3, 4)


def check_padding(model):
    """Whatever is beyond a clip's length changes nothing."""
    inputs = make_inputs(model.skeleton)
    compile_model(model)
    alone = [
        model(
            {
                "skeleton": inputs["skeleton"][n : n + 1, :length],
                "length": LENGTHS[n : n + 1],
            }
        )
        for n, length in enumerate(LENGTHS)
    ]
    # Each clip three times, with another padding.
    paddings = (0.0, 1e3, np.nan)
    shape = (len(paddings), 3, FRAMES + 2, *inputs["skeleton"].shape[2:])
    skeleton = np.empty(shape, "float32")
    for clips, padding in zip(skeleton, paddings, strict=True):
        clips[:] = padding
        for n, length in enumerate(LENGTHS):
            clips[n, :length] = inputs["skeleton"][n, :length]
    padded = {
        "skeleton": skeleton.reshape((-1, *shape[2:])),
        "length": np.tile(LENGTHS, len(paddings)),
    }
    outputs = model(padded)
    for n, length in enumerate(padded["length"]):
        for name, value in alone[n % len(alone)].items():
            got = outputs[name][n]
            if name in model.attentions:
                np.testing.assert_array_equal(got[length:], 0)
                got = got[:length]
            np.testing.assert_allclose(got, value[0], rtol=2e-4, atol=1e-5)
    # Nor the loss and what training makes of it.
    labels = np.tile(LABELS, len(paddings))
    np.testing.assert_allclose(
        model.evaluate(padded, labels, verbose=0),
        model.evaluate(inputs, LABELS, verbose=0),
        rtol=1e-5,
    )
    weights = model.get_weights()
    model.train_on_batch(padded, labels)
    assert all(np.isfinite(x).all() for x in model.get_weights())
    model.set_weights(weights)


def check_prepared(model):
    """The network takes what `prepare` gives, and asks no frame layer."""
    inputs = make_inputs(model.skeleton)
    expected = model(inputs)
    prepared = model.prepare(inputs)
    layers, model.preprocessing = model.preprocessing, None
    outputs = model(prepared)
    model.preprocessing = layers
    for name in ("logits", "probabilities"):
        np.testing.assert_array_equal(outputs[name], expected[name])


def check_steps(model):
    """One frame at a time gives what the whole clip gives."""
    inputs = make_inputs(model.skeleton)
    expected = {k: v.numpy() for k, v in model(inputs).items()}
    state = model.initial_state(3)
    for leaf in keras.tree.flatten(state):
        assert not np.any(leaf), "zeros are the state before the first frame"
    lag = model.look_ahead
    for t in range(FRAMES + lag):
        ended = t >= LENGTHS
        frame = inputs["skeleton"][:, min(t, FRAMES - 1)].copy()
        frame[ended] = np.nan
        outputs, state = model.step(frame, state, ended)
        for n, length in enumerate(LENGTHS):
            comes = t - lag
            is_in = 0 <= comes < length
            assert outputs["frames"][n] == np.clip(comes + 1, 0, length)
            for name in model.attentions:
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


def check_body_order(model):
    """The attention follows the order of the bodies in the recording."""
    if not model.preprocessing or "spatial_attention" not in model.attentions:
        return
    inputs = make_inputs(model.skeleton)
    shape = (*inputs["skeleton"].shape[:3], -1)
    one = model(inputs)
    other = model({**inputs, "skeleton": inputs["skeleton"][:, :, ::-1]})
    np.testing.assert_allclose(
        np.reshape(other["spatial_attention"], shape)[:, :, ::-1],
        np.reshape(one["spatial_attention"], shape),
        rtol=1e-5,
    )


def check_summary(model):
    """It names the layers that a reader of the paper expects."""
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    text = "\n".join(lines)
    names = [x.name for x in model.layers]
    assert all(name in text for name in names), text
    assert f"{model.count_params():,}" in text


def check_saving(model, tmp_path):
    inputs = make_inputs(model.skeleton)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_config() == model.get_config()
    assert loaded.classes == CLASSES
    assert loaded.skeleton == model.skeleton
    check_summary(loaded)
    expected = model(inputs)
    for name, value in loaded(inputs).items():
        np.testing.assert_array_equal(value, expected[name])


def check_training(model):
    """A step moves every weight; a frozen network stays where it is."""
    inputs = make_inputs(model.skeleton)
    start = model.get_weights()

    def moved():
        """Paths of the weights that a step from the start moves."""
        model.set_weights(start)
        compile_model(model).train_on_batch(inputs, LABELS)
        return [
            weight.path
            for before, weight in zip(start, model.weights, strict=True)
            if np.any(before != weight.numpy())
        ]

    everything = [x.path for x in model.weights]
    assert moved() == everything
    networks = [x for x in model.layers if x.trainable_weights]
    for frozen in networks:
        frozen.trainable = False
        if model.trainable_weights:
            others = [x for x in everything if f"{frozen.name}/" not in x]
            assert moved() == others
        frozen.trainable = True


def check_precision(model):
    """Mixed precision computes about the same from float32 weights."""
    inputs = make_inputs(model.skeleton)
    for precision in ("mixed_bfloat16", "mixed_float16"):
        config = {**model.get_config(), "dtype": precision}
        mixed = type(model).from_config(config)
        mixed.build()
        mixed.set_weights(model.get_weights())
        assert {x.dtype for x in mixed.trainable_weights} == {"float32"}
        outputs, expected = mixed(inputs), model(inputs)
        for name, value in outputs.items():
            assert value.dtype == "float32"
            np.testing.assert_allclose(
                value, expected[name], rtol=0.1, atol=0.2
            )
        again = mixed.in_float32()
        for name, value in again(inputs).items():
            np.testing.assert_array_equal(value, expected[name])


def check_export(model, tmp_path):
    """Keras's own export takes integers for `length`, and any shape."""
    inputs = make_inputs(model.skeleton)
    model.export(tmp_path / "exported", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "exported")
    for frames in (FRAMES, 3):
        cut = {
            "skeleton": tf.constant(inputs["skeleton"][:, :frames]),
            "length": tf.constant(np.minimum(LENGTHS, frames)),
        }
        np.testing.assert_allclose(
            loaded.serve(cut)["logits"], model(cut)["logits"], atol=1e-5
        )
