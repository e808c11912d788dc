"""The model's answers, as functions with named inputs and outputs.

The names are the interface: SavedModel signatures, LiteRT signatures and the
clients share them.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from stalstm.model import STALSTM
from stalstm.serving.inputs import FARTHEST
from stalstm.serving.trained import Trained


class PackedState:
    """The state of `STALSTM.step` as one tensor, `(batch, size)`, float32.

    A client passes it on from frame to frame and never looks inside. Zeros
    begin a stream: what else a layer's initial state holds is replaced by the
    first frame. Whole numbers stay exact up to 2^24 frames, six days of video.

    Attributes:
        size: numbers a stream.
    """

    def __init__(self, model: STALSTM):
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


def clip_function(model: STALSTM) -> Callable[..., dict[str, tf.Tensor]]:
    """`(skeleton, length)` to what `STALSTM.call` returns."""

    def clip(skeleton, length):
        return model({"skeleton": skeleton, "length": length}, training=False)

    return clip


def step_function(
    model: STALSTM, state: PackedState
) -> Callable[..., dict[str, tf.Tensor]]:
    """`(frame, ended, state)` to what `STALSTM.step` returns, with `state`."""

    def step(frame, ended, packed):
        outputs, new = model.step(frame, state.unpack(packed), ended)
        return {**outputs, "state": state.pack(new)}

    return step


def server_signatures(
    trained: Trained,
) -> dict[str, tf.types.experimental.ConcreteFunction]:
    """What a server offers, by name; any batch, any number of frames.

    - `serving_default`: `skeleton` `(batch, frames, bodies, joints, 3)` and
      `length` `(batch,)` to `probabilities` `(batch, classes)`, `class_index`
      and `label` `(batch,)`.
    - `attend`: likewise, and `logits`, `spatial_attention`
      `(batch, frames, bodies * joints)`, `temporal_attention`
      `(batch, frames)`.
    - `initial_state`: `streams` `(batch,)`, whatever numbers the caller gives
      them, to `state` `(batch, size)`.
    - `step`: `frame` `(batch, bodies, joints, 3)`, `ended` `(batch,)` and
      `state` to the new `state`, `frames` `(batch,)`, how many have come in,
      the answer so far as in `serving_default`, and both attentions at the
      frame that came in last. See `STALSTM.step` for the two frames that
      smoothing looks ahead.
    - `classify`: serialised `tf.train.Example`s `(batch,)` with the floats of
      one clip as feature `skeleton`, to `classes` and `scores`
      `(batch, classes)`; for the Classify API.

    All of them fail on a wrong shape; on a length of zero or beyond the frames;
    on a coordinate, within the length, that is no number or beyond `FARTHEST`;
    all but `step` on a body that never appears.
    """
    model = trained.model
    bodies, joints = model.bodies, model.joints
    labels = tf.constant(trained.labels)
    state = PackedState(model)
    clip, one_step = clip_function(model), step_function(model, state)

    def checked_clip(skeleton, length):
        return clip(*_check_clips(skeleton, length, trained))

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

    def initial_state(streams):
        return {"state": tf.zeros((tf.shape(streams)[0], state.size))}

    def step(frame, ended, state):
        outputs = one_step(*_check_frames(frame, ended, state))
        return {**outputs, **answer(outputs)}

    def classify(inputs):
        outputs = checked_clip(*_parse_examples(inputs, bodies, joints))
        scores = outputs["probabilities"]
        classes = tf.tile(labels[None], (tf.shape(scores)[0], 1))
        return {"classes": classes, "scores": scores}

    clips = [
        tf.TensorSpec((None, None, bodies, joints, 3), tf.float32, "skeleton"),
        tf.TensorSpec((None,), tf.int32, "length"),
    ]
    frames = [
        tf.TensorSpec((None, bodies, joints, 3), tf.float32, "frame"),
        tf.TensorSpec((None,), tf.bool, "ended"),
        tf.TensorSpec((None, state.size), tf.float32, "state"),
    ]
    functions = {
        "serving_default": (serving_default, clips),
        "attend": (attend, clips),
        "initial_state": (
            initial_state,
            [tf.TensorSpec((None,), tf.int32, "streams")],
        ),
        "step": (step, frames),
        "classify": (classify, [tf.TensorSpec((None,), tf.string, "inputs")]),
    }
    return {
        name: tf.function(
            function, input_signature=specs, autograph=False
        ).get_concrete_function()
        for name, (function, specs) in functions.items()
    }


def _check_clips(skeleton, length, trained):
    model = trained.model
    shape = (None, None, model.bodies, model.joints, 3)
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
        number >= trained.least_bodies,
        f"`skeleton`: expected at least {trained.least_bodies} bodies that "
        "appear in the clip. Received:",
        number,
    )
    return skeleton, length


def _check_frames(frame, ended, state):
    frame = tf.ensure_shape(frame, frame.shape)
    state = tf.ensure_shape(state, state.shape)
    ended = _require_batch("ended", ended, frame)
    state = _require_batch("state", state, frame)
    frame = tf.where(ended[:, None, None, None], 0.0, frame)
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
    """The tensor, once the condition is known to hold: errors come in order."""
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
