import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from stalstm import augmentation, input_pipeline
from stalstm.augmentation import Augmentation
from stalstm.recipes import sbu
from stalstm.skeletons import NITE, Skeleton
from tests.fake_clips import DATA

RNG = np.random.default_rng(0)
CLIPS = RNG.normal((0, 0, 3), 1, size=(6, 12, 2, 15, 3)).astype("float32")
SEED = (3, 4)
STRONG = Augmentation(
    crop=0.3,
    speed=1.5,
    yaw=30.0,
    tilt=10.0,
    stretch=0.2,
    body_shift=0.1,
    joint_shift=0.02,
    noise=0.01,
    mirror=True,
    swap_sides=0.3,
)


def in_space(clips, seed=SEED, **fields):
    changed = Augmentation(**fields).in_space(tf.constant(clips), DATA, seed)
    return changed.numpy()


def in_time(clip, seed=SEED, **fields):
    return Augmentation(**fields).in_time(tf.constant(clip), seed).numpy()


def lengths(clips):
    """Distances between all joints of a body, whatever its place."""
    between = clips[..., :, None, :] - clips[..., None, :, :]
    return np.linalg.norm(between, axis=-1)


def test_zeros_change_nothing():
    np.testing.assert_array_equal(in_space(CLIPS), CLIPS)
    np.testing.assert_array_equal(in_time(CLIPS[0]), CLIPS[0])


def test_evaluation_never_changes_a_clip():
    """Its batches are made without a recipe, the clips as recorded."""
    clips = tf.data.Dataset.from_tensor_slices(
        ({"skeleton": CLIPS, "length": np.full(6, 12)}, np.arange(6))
    )
    ((inputs, _),) = input_pipeline.evaluation_batches(clips, 6)
    np.testing.assert_array_equal(inputs["skeleton"], CLIPS)


def test_a_model_and_its_exports_have_nothing_of_it():
    plain = sbu.RECIPE.replace(units=4)
    strong = plain.replace(**dataclasses.asdict(STRONG))
    assert strong.augmentation == STRONG
    configs = []
    for recipe in (plain, strong):
        keras.backend.clear_session()  # layers are called the same again
        configs.append(recipe.build(DATA).get_config())
    assert configs[0] == configs[1]


def test_turns_are_rigid_and_within_their_angles():
    for fields in ({"yaw": 25.0}, {"tilt": 10.0}, {"yaw": 25.0, "tilt": 10.0}):
        turned = in_space(CLIPS, **fields)
        assert not np.allclose(turned, CLIPS, atol=1e-2)
        np.testing.assert_allclose(lengths(turned), lengths(CLIPS), atol=1e-4)
        # Around the middle of each clip.
        np.testing.assert_allclose(
            turned.mean(axis=(1, 2, 3)), CLIPS.mean(axis=(1, 2, 3)), atol=1e-4
        )
    angles = []
    for seed in range(40):
        turned = in_space(CLIPS, (0, seed), yaw=25.0)
        np.testing.assert_allclose(turned[..., 1], CLIPS[..., 1], atol=1e-5)
        for before, after in zip(CLIPS, turned, strict=True):
            first, second = (
                complex(*(x[0, 0, 1] - x[0, 0, 2])[[0, 2]])
                for x in (before, after)
            )
            angles.append(np.degrees(np.angle(second / first)))
    assert 20 < np.max(np.abs(angles)) < 25.1
    assert abs(np.mean(angles)) < 5


def test_no_turn_is_a_mirror():
    turned = in_space(CLIPS, yaw=80.0, tilt=30.0)
    for clips in (CLIPS, turned):
        edges = clips[:, 0, 0, 1:4] - clips[:, 0, 0, :1]
        volume = np.linalg.det(edges)
        np.testing.assert_allclose(
            volume,
            np.linalg.det(CLIPS[:, 0, 0, 1:4] - CLIPS[:, 0, 0, :1]),
            atol=1e-3,
        )


def test_stretching_scales_each_axis_by_one_factor():
    stretched = in_space(CLIPS, stretch=0.2)
    ratio = np.diff(stretched, axis=3) / np.diff(CLIPS, axis=3)
    factors = np.median(ratio, axis=(1, 2, 3))
    np.testing.assert_allclose(
        ratio, np.broadcast_to(factors[:, None, None, None], ratio.shape), 1e-2
    )
    assert np.all(np.abs(factors - 1) < 0.2)
    assert len(np.unique(factors.round(4))) == factors.size


def test_shifts_have_their_deviations():
    many = np.tile(CLIPS, (20, 1, 1, 1, 1))
    for name, same in (
        ("body_shift", (1, 3)),  # the same in all frames, for all joints
        ("joint_shift", (1,)),
        ("noise", ()),
    ):
        shift = in_space(many, **{name: 0.1}) - many
        for axis in same:
            assert np.ptp(shift, axis=axis).max() < 1e-5
        np.testing.assert_allclose(shift.std(), 0.1, rtol=0.1)
        other = [axis for axis in (0, 2) if axis not in same]
        assert all(np.ptp(shift, axis=axis).min() > 0 for axis in other)


def other_sides(clips):
    left, right = (
        [NITE.index(pair[side]) for pair in NITE.mirror] for side in (0, 1)
    )
    exchanged = clips.copy()
    exchanged[..., left, :] = clips[..., right, :]
    exchanged[..., right, :] = clips[..., left, :]
    return exchanged


def test_a_body_s_sides_are_swapped_in_the_whole_clip():
    many = np.tile(CLIPS, (20, 1, 1, 1, 1))
    changed, exchanged = in_space(many, swap_sides=0.25), other_sides(many)
    swapped = np.all(changed == exchanged, axis=(1, 3, 4))
    same = np.all(changed == many, axis=(1, 3, 4))
    assert np.all(swapped != same)
    # Each of the two bodies for itself.
    np.testing.assert_allclose(swapped.mean(axis=0), 0.25, atol=0.08)
    assert np.any(swapped[:, 0] != swapped[:, 1])


def test_a_mirror_exchanges_left_and_right():
    mirrored = in_space(np.tile(CLIPS, (5, 1, 1, 1, 1)), mirror=True)
    exchanged = other_sides(CLIPS)
    centre = CLIPS.mean(axis=(1, 2, 3), keepdims=True)
    exchanged = (exchanged - centre) * [-1, 1, 1] + centre
    number = 0
    for n, clip in enumerate(mirrored):
        is_mirrored = np.allclose(clip, exchanged[n % 6], atol=1e-5)
        assert is_mirrored or np.allclose(clip, CLIPS[n % 6], atol=1e-5)
        number += is_mirrored
    assert 8 <= number <= 22


def test_what_is_absent_stays_zero():
    clips = CLIPS.copy()
    clips[0, 4:, 1] = 0
    clips[1, 9:] = 0
    changed = STRONG.in_space(tf.constant(clips), DATA, SEED).numpy()
    gone = np.all(clips == 0, axis=(3, 4))
    assert not np.any(changed[gone])
    assert np.all(np.any(changed[~gone] != 0, axis=(1, 2)))
    # And is no part of the middle around which the others are turned.
    alone = STRONG.in_space(tf.constant(clips[:2, :9]), DATA, SEED).numpy()
    turned = in_space(clips[:2], yaw=30.0)[1, :9]
    short = in_space(clips[:2, :9], yaw=30.0)[1]
    np.testing.assert_allclose(turned, short, atol=1e-5)
    assert alone.shape == (2, 9, 2, 15, 3)


def ramp(frames):
    """A clip whose coordinates are the number of their frame, from one."""
    time = np.arange(1, frames + 1, dtype="float32")
    return np.broadcast_to(time[:, None, None, None], (frames, 2, 15, 3)).copy()


def test_cropping_and_speed_keep_the_order_of_time():
    number = []
    for seed in range(100):
        clip = in_time(ramp(60), (0, seed), crop=0.2, speed=1.3)
        time = clip[:, 0, 0, 0]
        number.append(len(time))
        steps = np.diff(time)
        np.testing.assert_allclose(steps, steps[0], atol=1e-3)
        assert 1 / 1.35 < steps[0] < 1.35
        assert time[0] >= 1
        assert time[-1] <= 60 + 1e-4
        assert time[-1] - time[0] >= 0.8 * 59 - 1e-3
    assert min(number) < 45
    assert max(number) > 68


def test_one_frame_remains_one_frame():
    clip = in_time(ramp(1), crop=0.9, speed=2.0)
    np.testing.assert_array_equal(clip, ramp(1))


def test_between_a_body_and_its_absence_nothing_is_made_up():
    clip = ramp(20)
    clip[10:, 1] = 0
    for seed in range(10):
        changed = in_time(clip, (0, seed), speed=2.0)
        second = changed[:, 1, 0, 0]
        # Either a time that was, or absent; not halfway to zero.
        there = second != 0
        np.testing.assert_allclose(
            second[there], changed[there, 0, 0, 0], atol=0.6
        )
        assert not np.any(np.diff(there.astype(int)) > 0)


def test_a_mirror_needs_pairs_and_classes_without_sides():
    Augmentation().check(
        dataclasses.replace(DATA, skeleton=Skeleton("x", ("a",)))
    )
    STRONG.check(DATA)
    with pytest.raises(
        ValueError, match=r"`mirror=true` needs a skeleton .* x,"
    ):
        STRONG.check(dataclasses.replace(DATA, skeleton=Skeleton("x", ("a",))))
    sided = dataclasses.replace(DATA, classes=("wave", "Swipe left", "draw-CW"))
    for fields in (STRONG, Augmentation(swap_sides=0.3)):
        with pytest.raises(ValueError, match=r"Received: Swipe left, draw-CW"):
            fields.check(sided)
    assert not augmentation.names_a_side("leftovers")
