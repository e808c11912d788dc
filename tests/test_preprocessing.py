import keras
import numpy as np
import pytest
from scipy import signal

from stalstm.preprocessing import (
    BodyAxes,
    BodyOrder,
    BodyScale,
    Origin,
    Smoothing,
    from_recipe,
)
from stalstm.recipes import sbu
from tests.layers.layer_test import run_layer_test

PER = ("frame", "clip")
RNG = np.random.default_rng(4)
CLIPS = RNG.normal(size=(3, 9, 2, 4, 3)).astype("float32")
LENGTHS = np.array([9, 6, 1], "int32")
TORSO = 2
LAYERS = [
    Smoothing(),
    BodyOrder(TORSO),
    *(Origin(TORSO, of=x, per=y) for x in ("all", "main") for y in PER),
    *(BodyAxes(0, 1, 2, 3, per=x) for x in PER),
    *(BodyScale(2, 3, per=x) for x in PER),
]


@pytest.mark.parametrize("layer", LAYERS)
def test_are_good_layers(layer, tmp_path):
    run_layer_test(layer, CLIPS, LENGTHS, tmp_path=tmp_path)


@pytest.mark.parametrize("layer", LAYERS)
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


@pytest.mark.parametrize("layer", LAYERS)
def test_steps_equal_call(layer):
    check_steps(layer, CLIPS)


def check_steps(layer, clips):
    outputs = layer(clips, LENGTHS).numpy()
    latency = 2 if isinstance(layer, Smoothing) else 0
    state = layer.initial_state(clips[:, 0].shape)
    ready_frames: list[list] = [[] for _ in LENGTHS]
    for t in range(clips.shape[1] + latency):
        frame = clips[:, min(t, clips.shape[1] - 1)]
        frame, ready, state = layer.step(frame, t < LENGTHS, state)
        for n, is_ready in enumerate(ready):
            # Nothing comes earlier or later than it should.
            assert bool(is_ready) == (latency <= t < LENGTHS[n] + latency)
            if is_ready:
                ready_frames[n].append(frame[n])
    for frames, output, length in zip(
        ready_frames, outputs, LENGTHS, strict=True
    ):
        np.testing.assert_allclose(frames, output[:length], atol=1e-4)


def make_absent(clips):
    """Bodies that come late, go early, and are never there."""
    clips = clips.copy()
    clips[0, :3, 0] = 0
    clips[0, 7:, 1] = 0
    clips[1, :, 1] = 0
    return clips


@pytest.mark.parametrize("layer", LAYERS)
def test_an_absent_body_stays_absent_and_steps_still_equal_call(layer):
    clips = make_absent(CLIPS)
    outputs = layer(clips, LENGTHS).numpy()
    for n, length in enumerate(LENGTHS):
        there = np.any(clips[n, :length] != 0, axis=(2, 3))
        got = np.any(outputs[n, :length] != 0, axis=(2, 3))
        if isinstance(layer, BodyOrder):
            got.sort(axis=1)
            there.sort(axis=1)
        np.testing.assert_array_equal(got, there)
    check_steps(layer, clips)


def test_smoothing_leaves_a_body_that_comes_or_goes():
    clips = make_absent(CLIPS)
    smooth = Smoothing()(clips, LENGTHS).numpy()
    whole = Smoothing()(CLIPS, LENGTHS).numpy()
    np.testing.assert_array_equal(smooth[0, 3:5, 0], clips[0, 3:5, 0])
    np.testing.assert_allclose(smooth[0, 5:, 0], whole[0, 5:, 0], atol=1e-6)
    np.testing.assert_array_equal(smooth[0, 5:7, 1], clips[0, 5:7, 1])


def test_origin_is_the_mean_of_those_present_or_the_main_performer_s():
    clips = make_absent(CLIPS)
    for of, expected in (
        ("all", clips[0, 5, :, TORSO].mean(0)),
        ("main", clips[0, 5, 0, TORSO]),
    ):
        moved = Origin(TORSO, of=of)(clips).numpy()
        np.testing.assert_allclose(
            moved[0, 5], clips[0, 5] - expected, atol=1e-6
        )
        # Only the second body is there.
        np.testing.assert_allclose(
            moved[0, 0, 1], clips[0, 0, 1] - clips[0, 0, 1, TORSO], atol=1e-6
        )


def test_body_axes_are_shoulders_and_spine_of_the_main_performer():
    turned = BodyAxes(0, 1, 2, 3)(CLIPS).numpy()
    across = turned[:, :, 0, 0] - turned[:, :, 0, 1]
    np.testing.assert_allclose(across[..., 1:], 0, atol=1e-5)
    assert np.all(across[..., 0] > 0)
    up = turned[:, :, 0, 3] - turned[:, :, 0, 2]
    np.testing.assert_allclose(up[..., 2], 0, atol=1e-5)
    assert np.all(up[..., 1] > 0)

    def distances(x):
        points = x.reshape(3, 9, 8, 3)
        return np.linalg.norm(
            points[:, :, :, None] - points[:, :, None], axis=-1
        )

    np.testing.assert_allclose(distances(turned), distances(CLIPS), atol=1e-4)
    # Right-handed: a turn, not a reflection.
    np.testing.assert_allclose(
        np.linalg.det(turned[0, 0, 0, :3]),
        np.linalg.det(CLIPS[0, 0, 0, :3]),
        rtol=1e-3,
    )


@pytest.mark.parametrize("per", PER)
def test_all_views_look_alike(per):
    """Whoever turns the camera, moves it or grows changes nothing."""
    rotation = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    other = (1.7 * CLIPS @ rotation + [0.3, -0.2, 2.5]).astype("float32")

    def normalise(clips):
        for layer in (
            Origin(TORSO, of="main", per=per),
            BodyAxes(0, 1, 2, 3, per=per),
            BodyScale(2, 3, per=per),
        ):
            clips = layer(clips, LENGTHS)
        return clips.numpy()

    np.testing.assert_allclose(normalise(CLIPS), normalise(other), atol=1e-3)


def test_degenerate_bodies_leave_axes_and_scale_as_they_are():
    clips = CLIPS.copy()
    clips[0, :, 0, 1] = clips[0, :, 0, 0]
    clips[1, :, 0, 3] = clips[1, :, 0, 2]
    clips[2] = 0
    turned = BodyAxes(0, 1, 2, 3)(clips).numpy()
    np.testing.assert_allclose(turned, clips, atol=1e-6)
    scaled = BodyScale(2, 3)(clips).numpy()
    np.testing.assert_array_equal(scaled[1:], clips[1:])


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
    with pytest.raises(ValueError, match=r"`of`.*of='left'"):
        Origin(TORSO, of="left")


def test_metres_stay_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layers = from_recipe(sbu.RECIPE)
    finally:
        keras.config.set_dtype_policy("float32")
    assert [x.compute_dtype for x in layers] == ["float32"] * 3
