"""The model's answers, as functions with named inputs and outputs.

The names are the interface: SavedModel signatures, LiteRT signatures and the
clients share them.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from stalstm.models.classifier import Classifier
from stalstm.runtime.litert import FARTHEST


class PackedState:
    """The state of `Classifier.step` as one tensor, `(batch, size)`, float32.

    A client carries it from frame to frame and never looks inside. A stream
    begins with zeros. No whole number in it grows beyond 2^24, which float32
    holds, in a million years of video.

    Args:
        model: A model that streams.

    Attributes:
        size: Numbers in the state of one stream.
    """

    def __init__(self, model: Classifier):
        self._structure = model.initial_state(batch_size=1)
        leaves = keras.tree.flatten(self._structure)
        self._shapes = [tuple(x.shape[1:]) for x in leaves]
        self._types = [x.dtype for x in leaves]
        self._sizes = [x.shape.num_elements() for x in leaves]
        self.size = sum(self._sizes)

    def pack(self, state) -> tf.Tensor:
        leaves = keras.tree.flatten(state)
        flat = [
            tf.reshape(tf.cast(leaf, tf.float32), (-1, size))
            for leaf, size in zip(leaves, self._sizes, strict=True)
        ]
        return tf.concat(flat, axis=1)

    def unpack(self, packed: tf.Tensor):
        parts = tf.split(packed, self._sizes, axis=1)
        leaves = [
            tf.cast(tf.reshape(part, (-1, *shape)), dtype)
            for part, shape, dtype in zip(
                parts, self._shapes, self._types, strict=True
            )
        ]
        return keras.tree.pack_sequence_as(self._structure, leaves)


def frame_function(
    model: Classifier, state: PackedState
) -> Callable[..., dict[str, tf.Tensor]]:
    """`(frame, ended, state)` to what `Classifier.step` returns, with `state`.

    `ended` is int32: LiteRT's runtime for browsers has no bool tensors.
    """

    def frame(frame, ended, packed):
        outputs, new = model.step(frame, state.unpack(packed), ended != 0)
        return {**outputs, "state": state.pack(new)}

    return frame


def server_signatures(
    model: Classifier,
) -> dict[str, tf.types.experimental.ConcreteFunction]:
    """What a server offers, by name; any batch, any number of frames.

    - `serving_default`: `skeleton` `(batch, frames, bodies, joints, 3)` and
      `length` `(batch,)` to `probabilities` `(batch, classes)`, `class_index`
      and `label` `(batch,)`.
    - `attend`: the same inputs and outputs, `logits` `(batch, classes)`, and
      the attentions that the model has: `spatial_attention`
      `(batch, frames, bodies * joints)`, `temporal_attention`
      `(batch, frames)`.
    - `classify`: serialised `tf.train.Example`s `(batch,)` with the floats of
      one clip as feature `skeleton`, to `classes` and `scores`
      `(batch, classes)`; for the Classify API.

    If the model streams, also

    - `initial_state`: `streams` `(batch,)`, any int32 numbers, to `state`
      `(batch, size)`.
    - `frame`: `frame` `(batch, bodies, joints, 3)`, `ended` `(batch,)`, int32,
      1 after a stream's last frame, and `state` to the new `state`; `frames`
      `(batch,)`, int32, the number of frames that the answer is about, and
      `bodies` `(batch,)`, int32, of bodies that have appeared; the answer as in
      `attend`, with the attentions of the latest of these frames. Answers lag
      the input by the model's `look_ahead`.

    Every signature fails on a wrong shape; on a length of zero or beyond the
    frames; on a coordinate within the length that is not a number or beyond
    `FARTHEST`; on a state that is not finite; and all but `frame` fail if fewer
    than `least_bodies` appear.
    """
    bodies, joints = model.bodies, len(model.skeleton.joints)
    labels = tf.constant(model.classes)
    clips = [
        tf.TensorSpec((None, None, bodies, joints, 3), tf.float32, "skeleton"),
        tf.TensorSpec((None,), tf.int32, "length"),
    ]

    # Three signatures call this one graph.
    @tf.function(input_signature=clips, autograph=False)
    def checked_clip(skeleton, length):
        skeleton, length = _check_clips(skeleton, length, model)
        with model.recurrence("fused"):
            return model(
                {"skeleton": skeleton, "length": length}, training=False
            )

    def answer(outputs):
        index = tf.argmax(
            outputs["probabilities"], axis=-1, output_type=tf.int32
        )
        return {
            "probabilities": outputs["probabilities"],
            "class_index": index,
            "label": tf.gather(labels, index),
        }

    def serving_default(skeleton, length):
        return answer(checked_clip(skeleton, length))

    def attend(skeleton, length):
        outputs = checked_clip(skeleton, length)
        return {**outputs, **answer(outputs)}

    def classify(inputs):
        outputs = checked_clip(*_parse_examples(inputs, bodies, joints))
        scores = outputs["probabilities"]
        classes = tf.tile(labels[None], (tf.shape(scores)[0], 1))
        return {"classes": classes, "scores": scores}

    functions = {
        "serving_default": (serving_default, clips),
        "attend": (attend, clips),
        "classify": (classify, [tf.TensorSpec((None,), tf.string, "inputs")]),
    }
    if model.cannot_stream is None:
        state = PackedState(model)
        one_frame = frame_function(model, state)

        def initial_state(streams):
            return {"state": tf.zeros((tf.shape(streams)[0], state.size))}

        def frame(frame, ended, state):
            outputs = one_frame(*_check_frames(frame, ended, state))
            return {**outputs, **answer(outputs)}

        frames = [
            tf.TensorSpec((None, bodies, joints, 3), tf.float32, "frame"),
            tf.TensorSpec((None,), tf.int32, "ended"),
            tf.TensorSpec((None, state.size), tf.float32, "state"),
        ]
        streams = [tf.TensorSpec((None,), tf.int32, "streams")]
        functions["initial_state"] = (initial_state, streams)
        functions["frame"] = (frame, frames)
    return {
        name: tf.function(
            function, input_signature=specs, autograph=False
        ).get_concrete_function()
        for name, (function, specs) in functions.items()
    }


def _check_clips(skeleton, length, model):
    shape = (None, None, model.bodies, len(model.skeleton.joints), 3)
    skeleton = tf.ensure_shape(skeleton, shape)
    frames = tf.shape(skeleton)[1]
    length = _require_batch("length", length, skeleton)
    length = _require(
        length,
        (length >= 1) & (length <= frames),
        "`length`: expected 1 to the number of frames. Received:",
        length,
    )
    within = tf.sequence_mask(length, frames)[..., None, None, None]
    skeleton = tf.where(within, skeleton, 0.0)
    skeleton = _require_metres("skeleton", skeleton)
    appear = tf.reduce_any(skeleton != 0, axis=(1, 3, 4))
    number = tf.reduce_sum(tf.cast(appear, tf.int32), axis=-1)
    skeleton = _require(
        skeleton,
        number >= model.least_bodies,
        f"`skeleton`: expected at least {model.least_bodies} bodies that "
        "appear in the clip. Received:",
        number,
    )
    return skeleton, length


def _check_frames(frame, ended, state):
    frame = tf.ensure_shape(frame, frame.shape)
    state = tf.ensure_shape(state, state.shape)
    ended = _require_batch("ended", ended, frame)
    state = _require_batch("state", state, frame)
    finite = tf.math.is_finite(state)
    state = _require(
        state,
        finite,
        "`state`: expected finite numbers, those of the answer before. "
        "Received:",
        tf.boolean_mask(state, ~finite),
    )
    frame = tf.where((ended != 0)[:, None, None, None], 0.0, frame)
    return _require_metres("frame", frame), ended, state


def _require_batch(name, tensor, skeleton):
    expected, received = tf.shape(skeleton)[0], tf.shape(tensor)[0]
    return _require(
        tensor,
        received == expected,
        f"`{name}`: expected one for each skeleton. Received:",
        received,
    )


def _require_metres(name, skeleton):
    # Also false for NaN.
    good = tf.abs(skeleton) <= FARTHEST
    return _require(
        skeleton,
        good,
        f"`{name}`: expected metres, none beyond {FARTHEST:g}, within the "
        "clip's length. Received:",
        tf.boolean_mask(skeleton, ~good),
    )


def _require(tensor, condition, message, received):
    """Returns the tensor after the check, so that errors come in order."""
    check = tf.debugging.Assert(tf.reduce_all(condition), [message, received])
    with tf.control_dependencies([check]):
        return tf.identity(tensor)


def _parse_examples(inputs, bodies, joints):
    """Serialised examples to clips that are padded to the longest one."""
    features = {"skeleton": tf.io.RaggedFeature(tf.float32)}
    numbers = tf.io.parse_example(inputs, features)["skeleton"]
    size = bodies * joints * 3
    length = tf.cast(numbers.row_lengths(), tf.int32)
    length = _require(
        length,
        length % size == 0,
        f"feature `skeleton`: expected {bodies} x {joints} x 3 numbers a "
        "frame. Received:",
        length,
    )
    length = length // size
    frames = tf.reduce_max(length)
    dense = numbers.to_tensor()[:, : frames * size]
    shape = (tf.shape(inputs)[0], frames, bodies, joints, 3)
    return tf.reshape(dense, shape), length
