"""Legal but extreme clips give finite outputs and gradients, in all models."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from stalstm.description import Description, Protocol
from stalstm.models import MODELS
from stalstm.recipe import Recipe
from stalstm.runtime.litert import FARTHEST
from stalstm.skeletons import KINECT2

DATA = Description(
    KINECT2, 2, ("kick", "push"), {"fold_1": Protocol("train", "test")}
)
FRAMES, JOINTS = 8, len(KINECT2.joints)
# Settings of the frame layers; each on its own, and many together.
LAYERS = [
    ["smoothing=true"],
    ["stride=3"],
    ["body_order=left_first"],
    ["origin=frame", "origin_of=main"],
    ["origin=clip", "origin_at=joints"],
    ["heading=shoulders"],
    ["heading=bodies"],
    ["axes=frame"],
    ["axes=clip"],
    ["scale=frame"],
    ["scale=clip"],
    ["velocity=100"],
    ["distances=1"],
    ["distances=1", "distances_to=ends", "distances_centre=0"],
    ["relative_to=torso"],
    ["relative_to=joints"],
    [
        "smoothing=true",
        "origin=clip",
        "scale=clip",
        "velocity=5",
        "distances=1",
    ],
]
NONE = ["smoothing=false", "body_order=recorded", "origin=camera"]


def extremes() -> dict[str, np.ndarray]:
    """Clips `(frames, 2, joints, 3)`, by name."""
    rng = np.random.default_rng(0)
    shape = (FRAMES, 2, JOINTS, 3)
    usual = rng.normal(size=shape)
    comes_and_goes = usual.copy()
    comes_and_goes[::2, 1] = comes_and_goes[1::3, 0] = 0
    return {
        "far": FARTHEST * rng.choice([-1, 1], size=shape),
        "tiny": 1e-38 * rng.normal(size=shape),
        "smallest": np.full(shape, np.float32(1e-45)),
        "one point": np.full(shape, 2.0),
        "one point each": np.full(shape, [[[1.0]], [[-3.0]]]),
        "a line": np.linspace(0, 1, JOINTS)[:, None] * np.ones(shape),
        "bodies come and go": comes_and_goes,
        "one body": usual * [[[1]], [[0]]],
        "in the last frame alone": usual
        * (np.arange(FRAMES) == 7)[:, None, None, None],
        "one joint far": np.where(rng.random(shape) < 0.02, FARTHEST, usual),
        "one frame": usual[:1],
    }


def batch(clips):
    length = np.array([len(x) for x in clips], np.int32)
    skeleton = np.zeros((len(clips), length.max(), *clips[0].shape[1:]), "f4")
    for padded, clip in zip(skeleton, clips, strict=True):
        padded[: len(clip)] = clip
    return {"skeleton": skeleton, "length": length}


def check(model, inputs) -> None:
    """Outputs, and the gradients of weights and inputs, are finite."""
    skeleton = tf.constant(inputs["skeleton"])
    with tf.GradientTape() as tape:
        tape.watch(skeleton)
        outputs = model(
            {"skeleton": skeleton, "length": inputs["length"]}, training=True
        )
        loss = keras.losses.sparse_categorical_crossentropy(
            np.zeros(len(skeleton)), outputs["logits"], from_logits=True
        )
        loss = tf.reduce_sum(loss) + sum(model.losses)
    names = [*outputs, "skeleton", *(x.path for x in model.trainable_weights)]
    sources = [skeleton, *(x.value for x in model.trainable_weights)]
    values = [*outputs.values(), *tape.gradient(loss, sources)]
    for name, value in zip(names, values, strict=True):
        value = np.asarray(tf.convert_to_tensor(value))
        finite = np.isfinite(value)
        clips = np.argwhere(~finite)[:, :1].ravel()
        assert finite.all(), f"{name}, among {set(clips.tolist())}"


def build(*settings_):
    recipe = Recipe().override(["units=4", "main_layers=1", *settings_])
    return recipe.build(DATA)


@pytest.mark.parametrize("layers", LAYERS, ids=" ".join)
def test_frame_layers_are_finite(layers):
    names = {x.partition("=")[0] for x in layers}
    off = [x for x in NONE if x.partition("=")[0] not in names]
    check(build(*off, *layers), batch(list(extremes().values())))


@pytest.mark.parametrize("name", MODELS)
def test_models_are_finite(name):
    recipe = Recipe().override([f"model={name}", "units=10"])
    check(recipe.build(DATA), batch(list(extremes().values())))


@pytest.mark.parametrize("name", ["sta_lstm", "deep_lstm"])
def test_long_clips_are_finite(name):
    recipe = Recipe().override([f"model={name}", "units=4", "main_layers=1"])
    clip = np.random.default_rng(1).normal(size=(3000, 2, JOINTS, 3))
    model = recipe.build(DATA)
    outputs = model.predict(batch([clip]), verbose=0)
    for value in outputs.values():
        assert np.isfinite(value).all()


MODEL = build("scale=frame", "axes=frame", "velocity=5", "distances=1")


@settings(max_examples=30, deadline=None)
@given(
    hypothesis_numpy.arrays(
        np.float32,
        (3, 2, JOINTS, 3),
        elements=st.floats(-FARTHEST, FARTHEST, width=32),
        fill=st.sampled_from([0.0, 1.0, float(FARTHEST)]),
    )
)
def test_any_legal_clip_is_finite(clip):
    check(MODEL, batch([clip]))
