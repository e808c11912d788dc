"""A few clips that a small network can learn, without any file."""

import numpy as np
import tensorflow as tf

from stalstm.description import Description, Protocol
from stalstm.skeletons import NITE

DATA = Description(
    NITE, 2, ("kick", "push", "hug"), {"fold_1": Protocol("train", "test")}
)


def fake_clips(number=24, classes=3, seed=0, longest=20) -> tf.data.Dataset:
    """As `input_pipeline.load_clips` gives them, 5 frames each or more.

    Each class has its own pose, under noise.
    """
    rng = np.random.default_rng(seed)
    poses = np.random.default_rng(0).normal(size=(classes, 1, 2, 15, 3))
    clips = []
    for n in range(number):
        frames = rng.integers(5, longest + 1)
        noise = rng.normal(scale=0.3, size=(frames, 2, 15, 3))
        clips.append((poses[n % classes] + noise, n % classes))

    def generate():
        for skeleton, label in clips:
            yield {"skeleton": skeleton, "length": len(skeleton)}, label

    skeleton = tf.TensorSpec((None, 2, 15, 3), tf.float32)
    number_spec = tf.TensorSpec((), tf.int32)
    return tf.data.Dataset.from_generator(
        generate,
        output_signature=(
            {"skeleton": skeleton, "length": number_spec},
            tf.TensorSpec((), tf.int64),
        ),
    ).apply(tf.data.experimental.assert_cardinality(number))
