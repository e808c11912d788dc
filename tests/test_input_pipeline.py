import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from stalstm import input_pipeline
from stalstm.augmentation import Augmentation
from stalstm.recipes import ntu, sbu, sbu_strong
from tests.fake_clips import DATA, fake_clips

RECIPE = sbu.RECIPE.replace(batch_size=4)
CHANGED = RECIPE.replace(crop=0.2, speed=1.3, yaw=20.0, noise=0.01)


def collect(batches, number):
    return [
        (inputs["skeleton"].numpy(), inputs["length"].numpy(), label.numpy())
        for inputs, label in batches.take(number)
    ]


@pytest.mark.parametrize("recipe", [RECIPE, CHANGED])
def test_a_batch_holds_clips_of_about_one_length(recipe):
    batches = input_pipeline.training_batches(
        fake_clips(), recipe, DATA, seed=0
    )
    for skeleton, length, label in collect(batches, 30):
        assert skeleton.shape[0] == len(length) == len(label) == 4
        frames = skeleton.shape[1]
        assert frames % 8 == 0
        assert np.all(length <= frames)
        assert np.all(length > frames - 8)
        for clip, n in zip(skeleton, length, strict=True):
            assert np.all(clip[n:] == 0)
            assert np.all(np.any(clip[:n] != 0, axis=(1, 2, 3)))


def test_the_clips_of_a_batch_are_known():
    clips = fake_clips()
    whole = [x["skeleton"] for x, _ in clips.as_numpy_iterator()]
    batches = input_pipeline.training_batches(clips, RECIPE, DATA, seed=3)

    def place(skeleton, length):
        (found,) = [
            n
            for n, clip in enumerate(whole)
            if np.array_equal(clip, skeleton[:length])
        ]
        return found

    some = [
        {place(*clip) for clip in zip(skeleton, length, strict=True)}
        for skeleton, length, _ in collect(batches.skip(4), 2)
    ]
    for last, expected in ((5, some[0]), (6, some[0] | some[1])):
        numbers = input_pipeline.numbers_of_batches(
            clips, RECIPE, DATA, 3, 5, last
        )
        assert numbers == sorted(expected)


@pytest.mark.parametrize(
    ("recipe", "shortest", "longest"),
    [(sbu.RECIPE, 10, 46), (ntu.RECIPE, 30, 300)],
)
def test_little_of_a_batch_is_padding(recipe, shortest, longest):
    lengths = np.random.default_rng(0).integers(shortest, longest + 1, 600)
    clips = tf.data.Dataset.from_tensor_slices(lengths.astype("int32"))
    clips = clips.map(
        lambda n: ({"skeleton": tf.ones((n, 1, 1, 3)), "length": n}, n)
    )
    batches = input_pipeline.training_batches(
        clips.apply(tf.data.experimental.assert_cardinality(600)),
        recipe,
        DATA,
        seed=0,
    )
    within = padded = 0
    for skeleton, length, _ in collect(batches, 40):
        within += length.sum()
        padded += skeleton.shape[0] * skeleton.shape[1]
    assert within / padded > 0.85


def test_every_clip_is_seen_equally_often():
    batches = input_pipeline.training_batches(
        fake_clips(24), RECIPE, DATA, seed=0
    )
    seen: dict[bytes, int] = {}
    for skeleton, _, _ in collect(batches, 24 * 10 // 4):
        for clip in skeleton:
            key = clip[0].tobytes()
            seen[key] = seen.get(key, 0) + 1
    assert len(seen) == 24
    # A clip may wait for others of its length.
    assert min(seen.values()) >= 8
    assert max(seen.values()) <= 11


@pytest.mark.parametrize("recipe", [RECIPE, CHANGED])
def test_the_seed_makes_the_batches(recipe):
    clips = fake_clips()

    def batches(seed):
        return input_pipeline.training_batches(clips, recipe, DATA, seed)

    def sums(batches):
        batches = collect(batches, 20)
        return np.stack([(x.sum(), n.sum(), *label) for x, n, label in batches])

    ones = batches(1)
    expected = sums(ones)
    np.testing.assert_array_equal(sums(ones), expected)  # once more
    np.testing.assert_array_equal(sums(batches(1)), expected)
    # As a training that is resumed gets them.
    np.testing.assert_array_equal(sums(ones.skip(5))[:-5], expected[5:])
    assert np.any(sums(batches(2)) != expected)


def test_a_clip_is_changed_anew_each_time_it_is_seen():
    recipe = CHANGED.replace(batch_size=1, crop=0.0, speed=1.0)
    batches = input_pipeline.training_batches(
        fake_clips(1), recipe, DATA, seed=0
    )
    clips = [x for x, _, _ in collect(batches, 5)]
    assert len({x.shape for x in clips}) == 1
    assert len({x.tobytes() for x in clips}) == 5


@pytest.mark.parametrize("recipe", [RECIPE, sbu_strong.RECIPE, ntu.RECIPE])
def test_clips_prepared_once_make_the_same_batches(recipe):
    recipe = recipe.replace(batch_size=4)
    recipe = dataclasses.replace(recipe, augmentation=Augmentation())
    prepare = recipe.build(DATA).prepare
    clips = fake_clips()
    expected = input_pipeline.training_batches(clips, recipe, DATA, 0, prepare)
    batches = input_pipeline.training_batches(
        input_pipeline.prepared(clips, prepare), recipe, DATA, 0
    )
    assert batches.element_spec == expected.element_spec
    for pair in tf.data.Dataset.zip(batches, expected).take(12):
        keras.tree.map_structure(np.testing.assert_array_equal, *pair)


def test_prepared_clips_stay_in_memory():
    calls = []

    def prepare(inputs):
        tf.py_function(lambda: calls.append(1), [], [])
        return {**inputs, "skeleton": 2 * inputs["skeleton"]}

    clips = input_pipeline.prepared(fake_clips(4), prepare)
    assert len(list(clips.repeat(3))) == 12
    assert len(calls) == 4


def test_evaluation_sees_each_clip_once_and_in_order():
    clips = fake_clips(10)
    batches = collect(input_pipeline.evaluation_batches(clips, 4), -1)
    assert [len(x) for x, _, _ in batches] == [4, 4, 2]
    labels = np.concatenate([x for _, _, x in batches])
    np.testing.assert_array_equal(labels, np.arange(10) % 3)
    for skeleton, length, _ in batches:
        assert skeleton.shape[1] == length.max()
