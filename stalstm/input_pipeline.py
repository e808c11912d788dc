"""Clips of a prepared data set to batches for `model.fit`."""

import tensorflow as tf
import tensorflow_datasets as tfds

# Frames of a batch are padded to a multiple of this: few shapes, little waste.
FRAMES_MULTIPLE = 8


def load_clips(builder, split: str) -> tf.data.Dataset:
    """Clips of a split, in the order of the files, kept in memory.

    Args:
        builder: a prepared TFDS builder with features `skeleton`
            `(frames, bodies, joints, 3)` and `label`.
        split: its name, e.g. `"fold_1+fold_2"`.

    Returns:
        Elements `({skeleton, length}, label)`, one a clip.
    """
    features = {"skeleton": builder.info.features["skeleton"], "label": True}
    clips = builder.as_dataset(
        split=split,
        decoders=tfds.decode.PartialDecoding({x: True for x in features}),
    )
    return clips.map(_to_input).cache()


def _to_input(clip):
    skeleton = clip["skeleton"]
    inputs = {"skeleton": skeleton, "length": tf.shape(skeleton)[0]}
    return inputs, clip["label"]


def training_batches(
    clips: tf.data.Dataset, batch_size: int, seed: int
) -> tf.data.Dataset:
    """Endless batches of clips of about the same length, in random order.

    Args:
        clips: from `load_clips`.
        batch_size: clips in every batch.
        seed: the same seed gives the same batches.
    """
    number = int(clips.reduce(0, lambda n, _: n + 1))
    shuffled = clips.shuffle(number, seed=seed).repeat()

    def group(inputs, label):
        return tf.cast(-(-inputs["length"] // FRAMES_MULTIPLE), tf.int64)

    def to_batch(key, clips):
        return _padded_batch(clips, batch_size, key * FRAMES_MULTIPLE)

    batches = shuffled.group_by_window(group, to_batch, window_size=batch_size)
    return batches.prefetch(2)


def evaluation_batches(
    clips: tf.data.Dataset, batch_size: int
) -> tf.data.Dataset:
    """Every clip once, in order."""
    return _padded_batch(clips, batch_size, None)


def _padded_batch(clips, batch_size, frames):
    skeleton = clips.element_spec[0]["skeleton"].shape
    shapes = {"skeleton": (frames, *skeleton[1:]), "length": ()}
    return clips.padded_batch(batch_size, padded_shapes=(shapes, ()))
