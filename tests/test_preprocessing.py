import keras
import numpy as np
import pytest
from scipy import signal

from stalstm.preprocessing import BodyOrder, Origin, Smoothing, from_recipe
from stalstm.recipes import sbu
from tests.layers.layer_test import run_layer_test

RNG = np.random.default_rng(4)
CLIPS = RNG.normal(size=(3, 9, 2, 4, 3)).astype("float32")
LENGTHS = np.array([9, 6, 1], "int32")
TORSO = 2


@pytest.mark.parametrize(
    "layer",
    [Smoothing(), BodyOrder(TORSO), Origin(TORSO), Origin(TORSO, per="clip")],
)
def test_are_good_layers(layer, tmp_path):
    run_layer_test(layer, CLIPS, LENGTHS, tmp_path=tmp_path)


@pytest.mark.parametrize(
    "layer",
    [Smoothing(), BodyOrder(TORSO), Origin(TORSO), Origin(TORSO, per="clip")],
)
def test_padding_changes_nothing(layer):
    padded = CLIPS.copy()
    padded[1, 6:] = 1e3
    padded[2, 1:] = -1e3
    outputs = layer(padded, LENGTHS).numpy()
    for clip, length, output in zip(CLIPS, LENGTHS, outputs, strict=True):
        alone = layer(clip[None, :length], np.array([length]))
        np.testing.assert_allclose(output[:length], alone[0], atol=1e-5)


def test_smoothing_is_savitzky_golay():
    smooth = Smoothing()(CLIPS[:1], LENGTHS[:1]).numpy()
    weights = np.array([-3, 12, 17, 12, -3]) / 35
    by_hand = sum(w * CLIPS[0, i : i + 5] for i, w in enumerate(weights))
    np.testing.assert_allclose(smooth[0, 2:-2], by_hand, atol=1e-6)
    by_scipy = signal.savgol_filter(CLIPS[0], 5, 2, axis=0)
    np.testing.assert_allclose(smooth[0, 2:-2], by_scipy[2:-2], atol=1e-6)


def test_smoothing_fits_a_quadratic_to_what_the_ends_have():
    smooth = Smoothing()(CLIPS, LENGTHS).numpy()
    for clip, length, output in zip(CLIPS, LENGTHS, smooth, strict=True):
        for t in range(length):
            seen = np.arange(max(0, t - 2), min(length, t + 3))
            degree = min(2, len(seen) - 1)
            values = clip[seen].reshape(len(seen), -1)
            fit = np.polynomial.polynomial.polyfit(seen - t, values, degree)
            np.testing.assert_allclose(output[t].ravel(), fit[0], atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 9])
def test_smoothing_keeps_straight_lines_straight(length):
    time = np.arange(9, dtype="float32")[None, :, None, None, None]
    line = 0.5 + 0.25 * time * np.ones((1, 9, 2, 4, 3), "float32")
    smooth = Smoothing()(line, np.array([length])).numpy()
    np.testing.assert_allclose(smooth[:, :length], line[:, :length], atol=1e-5)


def test_the_left_performer_of_the_first_frame_comes_first():
    # In camera space, x grows towards the left of the image.
    clip = np.zeros((1, 3, 2, 4, 3), "float32")
    clip[0, :, 0, TORSO, 0] = [-1.0, 0.0, 1.0]
    clip[0, :, 1, TORSO, 0] = [0.5, 0.5, 0.5]
    ordered = BodyOrder(TORSO)(clip).numpy()
    np.testing.assert_array_equal(ordered, clip[:, :, ::-1])
    np.testing.assert_array_equal(BodyOrder(TORSO)(ordered), ordered)


def test_origin_of_each_frame_is_the_mean_of_the_torsos():
    moved = Origin(TORSO)(CLIPS).numpy()
    np.testing.assert_allclose(moved[:, :, :, TORSO].mean(2), 0, atol=1e-6)
    np.testing.assert_allclose(
        moved - moved[:, :, :1, :1], CLIPS - CLIPS[:, :, :1, :1], atol=1e-6
    )


def test_origin_of_a_clip_is_that_of_its_first_frame():
    moved = Origin(TORSO, per="clip")(CLIPS).numpy()
    np.testing.assert_allclose(moved[:, 0, :, TORSO].mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(
        np.diff(moved, axis=1), np.diff(CLIPS, axis=1), atol=1e-6
    )


@pytest.mark.parametrize(
    "layer",
    [Smoothing(), BodyOrder(TORSO), Origin(TORSO), Origin(TORSO, per="clip")],
)
def test_steps_equal_call(layer):
    outputs = layer(CLIPS, LENGTHS).numpy()
    latency = 2 if isinstance(layer, Smoothing) else 0
    state = layer.initial_state(CLIPS[:, 0].shape)
    ready_frames: list[list] = [[] for _ in LENGTHS]
    for t in range(CLIPS.shape[1] + latency):
        frame = (
            CLIPS[:, t] if t < CLIPS.shape[1] else np.zeros_like(CLIPS[:, 0])
        )
        frame, ready, state = layer.step(frame, t < LENGTHS, state)
        for n, is_ready in enumerate(ready):
            # Nothing comes earlier or later than it should.
            assert bool(is_ready) == (latency <= t < LENGTHS[n] + latency)
            if is_ready:
                ready_frames[n].append(frame[n])
    for frames, output, length in zip(
        ready_frames, outputs, LENGTHS, strict=True
    ):
        np.testing.assert_allclose(frames, output[:length], atol=1e-6)


def test_recipe_chooses_the_layers():
    def names(*assignments):
        recipe = sbu.RECIPE.override(assignments)
        return [type(x).__name__ for x in from_recipe(recipe)]

    assert names() == ["Smoothing", "BodyOrder", "Origin"]
    assert names("smoothing=false") == ["BodyOrder", "Origin"]
    assert names("body_order=recorded", "origin=camera") == ["Smoothing"]


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"`per`.*per='body'"):
        Origin(TORSO, per="body")


def test_metres_stay_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layers = from_recipe(sbu.RECIPE)
    finally:
        keras.config.set_dtype_policy("float32")
    assert [x.compute_dtype for x in layers] == ["float32"] * 3
