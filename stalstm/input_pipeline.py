"""Turns the clips of a prepared data set into batches for `model.fit`."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_datasets as tfds

from stalstm.augmentation import Augmentation
from stalstm.description import Description
from stalstm.recipe import Recipe

# Larger data sets are read from disk again in every epoch.
KEPT_IN_MEMORY = 2**30  # bytes
# The frame layers may make several times as many channels of the coordinates.
PREPARED_IN_MEMORY = 2**26
SHUFFLED_TOGETHER = 4096  # clips
# Of each file that is open. TFDS would take 8 MiB for each of some dozens.
READ_AT_ONCE = 2**18  # bytes


def load_clips(builder, split: str) -> tf.data.Dataset:
    """Clips of a split, in the order of the files.

    Args:
        builder: A prepared TFDS builder with the features `skeleton`,
            `(frames, bodies, joints, 3)`, and `label`.
        split: Name of the split, such as `"fold_1+fold_2"`.

    Returns:
        An element `({skeleton, length}, label)` for each clip.
    """
    clips = builder.as_dataset(
        split=split,
        decoders=tfds.decode.PartialDecoding({"skeleton": True, "label": True}),
        read_config=tfds.ReadConfig(override_buffer_size=READ_AT_ONCE),
    )
    clips = clips.map(_to_input, num_parallel_calls=2)
    small = builder.info.dataset_size < KEPT_IN_MEMORY
    return clips.cache() if small else clips


def clip_ids(builder, split: str) -> list[str]:
    """The places of the recordings of a split, in the order of `load_clips`."""
    clips = builder.as_dataset(
        split=split, decoders=tfds.decode.PartialDecoding({"clip_id": True})
    )
    return [x["clip_id"].decode() for x in clips.as_numpy_iterator()]


def keeps_prepared(builder) -> bool:
    """Whether a data set is small enough for `prepared`."""
    return builder.info.dataset_size < PREPARED_IN_MEMORY


def prepared(clips: tf.data.Dataset, prepare: Callable) -> tf.data.Dataset:
    """The clips after the frame layers, computed once and kept in memory.

    Args:
        clips: Clips from `load_clips`.
        prepare: As of `training_batches`.
    """

    def one(inputs, label):
        batch = prepare({x: y[None] for x, y in inputs.items()})
        return {x: y[0] for x, y in batch.items()}, label

    return clips.map(one).cache()


def _to_input(clip):
    skeleton = clip["skeleton"]
    inputs = {"skeleton": skeleton, "length": tf.shape(skeleton)[0]}
    return inputs, clip["label"]


def training_batches(
    clips: tf.data.Dataset,
    recipe: Recipe,
    data: Description,
    seed: int,
    prepare: Callable | None = None,
) -> tf.data.Dataset:
    """Endless batches of clips of about the same length, in random order.

    Args:
        clips: Clips from `load_clips`; or, without augmentation, `prepared`.
        recipe: Its `batch_size`; `pad_to_multiple_of`, to which the frames of a
            batch are padded: few shapes, little waste; and its augmentation.
        data: What the data set says of itself.
        seed: Random seed of the order and the augmentation. Every iterator over
            the batches begins with the same first batch.
        prepare: What is done to the inputs of a batch at last, such as
            `Classifier.prepare`: here it runs while another batch trains.
    """
    batch_size = recipe.training.batch_size
    multiple = recipe.training.pad_to_multiple_of
    augmentation = recipe.augmentation
    buffer = min(int(clips.cardinality()), SHUFFLED_TOGETHER)

    def shuffle(_):
        return clips.shuffle(buffer, seed=seed).repeat()

    # Without a function around it, shuffle would continue where its previous
    # iterator stopped; under a strategy, fit draws a batch before it trains.
    shuffled = tf.data.Dataset.range(1).flat_map(shuffle)

    def in_time(number, clip):
        inputs, label = clip
        skeleton = augmentation.in_time(inputs["skeleton"], (seed, number))
        length = tf.shape(skeleton)[0]
        return {"skeleton": skeleton, "length": length}, label

    def group(inputs, label):
        return tf.cast(-(-inputs["length"] // multiple), tf.int64)

    def to_batch(key, clips):
        frames = key * multiple
        return _padded_batch(clips, batch_size, frames, drop_remainder=True)

    def in_space(number, batch):
        inputs, label = batch
        skeleton = augmentation.in_space(
            inputs["skeleton"], data, (seed, number)
        )
        return {**inputs, "skeleton": skeleton}, label

    if augmentation != Augmentation():
        shuffled = shuffled.enumerate().map(in_time)
    batches = shuffled.group_by_window(group, to_batch, window_size=batch_size)
    if augmentation != Augmentation():
        batches = batches.enumerate().map(in_space)
    if prepare is not None:
        batches = batches.map(lambda inputs, label: (prepare(inputs), label))
    return with_our_options(batches.prefetch(2))


def numbers_of_batches(
    clips: tf.data.Dataset,
    recipe: Recipe,
    data: Description,
    seed: int,
    first: int,
    last: int,
) -> list[int]:
    """Which clips are in some of the `training_batches`.

    Args:
        clips, recipe, data, seed: As of `training_batches`.
        first, last: Numbers of batches, from 1.

    Returns:
        Places of the clips in `clips`, from 0, in ascending order.
    """
    numbered = clips.enumerate().map(lambda number, clip: (clip[0], number))
    batches = training_batches(numbered, recipe, data, seed)
    some = batches.skip(first - 1).take(last - first + 1)
    found = [numbers for _, numbers in some.as_numpy_iterator()]
    return sorted({int(x) for numbers in found for x in numbers})


def with_our_options(batches: tf.data.Dataset) -> tf.data.Dataset:
    """The same batches, with options of tf.data that suit a training.

    The autotune thread backs off exponentially and `fit` waits for it, which
    can double the run time. Of several machines, each would read its own files;
    here it takes its share of every batch.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    return batches.with_options(options)


def evaluation_batches(
    clips: tf.data.Dataset, batch_size: int
) -> tf.data.Dataset:
    """Every clip once, in order."""
    return _padded_batch(clips, batch_size, None)


def _padded_batch(clips, batch_size, frames, **kwargs):
    inputs, _ = clips.element_spec
    shapes = {
        x: (frames, *y.shape[1:]) if y.shape.rank else ()
        for x, y in inputs.items()
    }
    return clips.padded_batch(batch_size, (shapes, ()), **kwargs)
