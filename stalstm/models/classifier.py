"""What every model has in common."""

import abc
import contextlib
import dataclasses
import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import keras
import tensorflow as tf
from keras import ops

from stalstm import micro_batches
from stalstm.fields import Fields, ours
from stalstm.layers import LSTM, ModalityDropout, sequences
from stalstm.skeletons import Skeleton

# Of the two numbers that count a stream's frames, the lower one is smaller.
COUNTED = 2**20
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments(Fields):
    """Arguments that every model has; sub-classes add their own."""

    # Units of each LSTM layer.
    units: int = ours(100, at_least=1)
    # Dropout rate.
    dropout: float = ours(0.5, at_least=0, below=1)
    # Probability that a training step leaves out a kind of channels of a clip:
    # coordinates, velocities, distances.
    modality_dropout: float = ours(0.0, at_least=0, below=1)
    # Weight of the l1 norm of the connection matrices, in the loss.
    lambda3: float = ours(0.0, at_least=0)
    # What every matrix starts from: a Gaussian, or Glorot's uniform (recurrent
    # matrices: orthogonal).
    initializer: str = ours("gaussian", choices=("gaussian", "glorot"))
    # Standard deviation of the Gaussian.
    kernel_stddev: float = ours(0.1, at_least=0)


class Classifier(keras.Model):
    """A model that takes clips of skeletons and gives class probabilities.

    This class does what is the same for all models: it prepares the skeletons
    by frame layers, finds which bodies are present, leaves out the padding,
    keeps the state of a stream, and computes loss and metrics from the logits.
    A sub-class defines `Arguments` (a dataclass) and `classify`; if it streams,
    `network_state` and `classify_frame` too.

    Loss and metrics given to `compile` see the logits.

    Args:
        classes: Names of the classes, in the order of the labels.
        skeleton: The joints of each body, a `Skeleton` or its JSON values.
        bodies: Number of bodies of every frame, absent ones included.
        preprocessing: Frame layers, applied in this order; see
            `stalstm.preprocessing`.
        name, dtype: As those of every Keras layer. `dtype` is the precision of
            the network, `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`;
            weights and metres always stay float32.
        **arguments: Fields of the model's `Arguments`.

    Call arguments:
        inputs: What `prepare` returns, or a dict with
            skeleton: `(batch, frames, bodies, joints, 3)`, metres in camera
                space. Frames beyond `length` are ignored. A body whose joints
                are all zero in a frame is absent there.
            length: `(batch,)`, number of frames of each clip, at least one. A
                length beyond the frames is an error in eager use; in a graph
                it is not checked, and counts frames of zeros.

    Returns:
        A dict with
            logits, probabilities: `(batch, classes)`.
            spatial_attention: `(batch, frames, K)`, K = bodies x joints, the
                joints of the recording's first body first; zero beyond the
                clip, for an absent body, and in frames that a frame layer
                leaves out. Only if `attentions` names it.
            temporal_attention: `(batch, frames)`; likewise.

    Raises:
        ValueError: The inputs are not of this form.
    """

    Arguments: ClassVar[type[Fields]] = Arguments
    # Why the model cannot take a live stream; `None` if it can.
    cannot_stream: str | None = None

    def __init__(
        self,
        classes: Sequence[str],
        skeleton: Skeleton | Mapping[str, Any],
        bodies: int = 2,
        preprocessing=(),
        name: str | None = None,
        dtype=None,
        trainable: bool = True,
        **arguments,
    ):
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        if policy.name not in PRECISIONS:
            raise ValueError(
                f"`dtype` must be one of {', '.join(PRECISIONS)}: metres and "
                "weights are float32, and LiteRT and the streams need it. "
                f"Received: dtype={policy.name}"
            )
        # Metres and sums over time need float32; each layer casts for itself.
        super().__init__(
            autocast=False, name=name, dtype=policy, trainable=trainable
        )
        if not isinstance(skeleton, Skeleton):
            skeleton = Skeleton.from_json(skeleton)
        self.classes = tuple(classes)
        self.skeleton = skeleton
        self.bodies = bodies
        self.preprocessing = list(preprocessing)
        strides = [layer.stride > 1 for layer in self.preprocessing]
        if True in strides and any(
            layer.look_ahead
            for layer in self.preprocessing[strides.index(True) :]
        ):
            raise ValueError(
                "`preprocessing` must have layers that look ahead before those "
                "that leave out frames. Received: "
                f"{', '.join(x.name for x in self.preprocessing)}"
            )
        self.arguments: Any = self.Arguments(**arguments)

    @property
    def joints(self) -> int:
        """K, the number of joints of all bodies."""
        return self.bodies * len(self.skeleton.joints)

    @property
    def attentions(self) -> tuple[str, ...]:
        """Names of the attentions among the outputs."""
        return ()

    @property
    def look_ahead(self) -> int:
        """Number of frames that the answer of a stream lags behind."""
        return sum(layer.look_ahead for layer in self.preprocessing)

    @property
    def least_bodies(self) -> int:
        """Number of bodies that must appear in a clip."""
        return max((x.least_bodies for x in self.preprocessing), default=1)

    @abc.abstractmethod
    def classify(self, features, present, length, training) -> dict[str, Any]:
        """Classifies prepared clips.

        Args:
            features: `(batch, frames, K * channels)`, float32, the channels of
                each joint together; zero beyond each clip's length.
            present: `(batch, frames, K)` bool, which joints are there.
            length: `(batch,)`.
            training: Whether to apply dropout.

        Returns:
            `logits` `(batch, classes)`, float32, and the attentions.
        """

    def network_state(self, batch_size: int) -> dict[str, Any]:
        """State of `classify_frame` before the first frame: zeros."""
        raise NotImplementedError(self.cannot_stream)

    def classify_frame(
        self, features, present, valid, frames, state
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Takes one prepared frame of each of some streams.

        Args:
            features: `(batch, K * channels)`.
            present: `(batch, K)` bool.
            valid: `(batch,)` float32: 1 for the streams that have a frame now,
                0 for those that have none, before their first one or after
                their last.
            frames: `(batch,)` float32, number of frames so far, including this
                one, without those that the frame layers have left out.
            state: State after the frame before, or `network_state`.

        Returns:
            `logits` `(batch, classes)` so far and the attentions of this
            frame, zero where there is none; and the new state.
        """
        raise NotImplementedError(self.cannot_stream)

    def build(self, input_shape=None):
        shape = (None, None, self.bodies, len(self.skeleton.joints), 3)
        kinds = [0, 0, 0]  # of the channels of a joint: what a layer appends
        for layer in self.preprocessing:
            layer.build(shape, shape[:3], (None,))
            shape, _ = layer.compute_output_shape(shape)
            kinds += (shape[-1] - len(kinds)) * [kinds[-1] + 1]
        self.channels = shape[-1]
        self.modality_dropout = None
        if self.arguments.modality_dropout:
            self.modality_dropout = ModalityDropout(
                self.arguments.modality_dropout,
                self.joints * kinds,
                name="modality_dropout",
            )
        self.build_network((None, None, self.joints * self.channels))
        self.built = True

    @abc.abstractmethod
    def build_network(self, features_shape) -> None:
        """Builds the layers that take `(batch, frames, K * channels)`."""

    def call(self, inputs, training=False):
        prepared, restore = inputs, lambda outputs: outputs
        if not isinstance(inputs, Mapping) or "features" not in inputs:
            prepared, restore = self.preparation(inputs)
        features = prepared["features"]
        if self.modality_dropout is not None:
            features = self.modality_dropout(features, training=training)
        outputs = self.classify(
            features,
            ops.cast(prepared["present"], "bool"),
            prepared["length"],
            training,
        )
        return _with_probabilities(restore(outputs))

    def prepare(self, inputs) -> dict[str, Any]:
        """What the network takes: the clips, after the frame layers.

        Args:
            inputs: As of the call.

        Returns:
            `features`, `present` and `length`, see `classify`; `present` is
            int32, as a strategy cannot reduce bools. They can be given to the
            call in place of the clips; attentions are then those of the
            prepared bodies and frames.
        """
        prepared, _ = self.preparation(inputs)
        return {**prepared, "present": ops.cast(prepared["present"], "int32")}

    def preparation(self, inputs) -> tuple[dict[str, Any], Callable]:
        """The first part of the call, and the last.

        Args:
            inputs: As of the call.

        Returns:
            What `prepare` returns, with `present` as bool; and a function of
            the outputs for it, which takes the attentions back to the bodies
            and frames of the recording.
        """
        skeleton, length = self._checked(inputs)
        # Not a product with zero: beyond the length there may be NaN.
        within = sequences.mask(skeleton, length)[..., None, None, None] > 0
        skeleton = ops.where(within, skeleton, 0.0)
        present = self._present(skeleton)
        undo = []
        for layer in self.preprocessing:
            undo.append(functools.partial(layer.restore, skeleton=skeleton))
            skeleton, present = layer(skeleton, present, length)
            if layer.stride > 1:
                length = -(-length // layer.stride)
        features, present = self._flat(skeleton, present)

        def restore(outputs):
            outputs = self._as_recorded(outputs, undo)
            for name in self.attentions:
                outputs[name] = self._in_all_frames(outputs[name], within)
            return outputs

        prepared = {"features": features, "present": present, "length": length}
        return prepared, restore

    @property
    def stride(self) -> int:
        """Number of frames of which the network sees one, the first."""
        return math.prod(layer.stride for layer in self.preprocessing)

    def _as_recorded(self, outputs, undo: Sequence[Callable]):
        """Puts the bodies back into the order of the recording.

        Args:
            outputs: From the network.
            undo: For each frame layer a function that takes an attention
                `(batch, ..., bodies, joints)` back through it.
        """
        if "spatial_attention" not in outputs:
            return outputs
        alpha = outputs["spatial_attention"]
        flat = tuple(ops.shape(alpha))
        joints = len(self.skeleton.joints)
        alpha = ops.reshape(alpha, (*flat[:-1], self.bodies, joints))
        for function in reversed(undo):
            alpha = function(alpha)
        return {**outputs, "spatial_attention": ops.reshape(alpha, flat)}

    def _in_all_frames(self, attention, within):
        """Puts zeros where the frame layers have left out frames.

        Args:
            attention: `(batch, frames, ...)`, of the frames that were kept.
            within: `(batch, frames, ...)`, of all frames.
        """
        if self.stride == 1:
            return attention
        batch, kept, *rest = ops.shape(attention)
        around = [[0, 0], [0, 0], [0, self.stride - 1]] + [[0, 0]] * len(rest)
        spread = ops.pad(ops.expand_dims(attention, 2), around)
        spread = ops.reshape(spread, (batch, kept * self.stride, *rest))
        return spread[:, : ops.shape(within)[1]]

    def initial_state(self, batch_size: int) -> dict[str, Any]:
        """State of streams before their first frame, for `step`: zeros."""
        if self.cannot_stream:
            raise NotImplementedError(self.cannot_stream)
        shape = (batch_size, self.bodies, len(self.skeleton.joints), 3)
        state: dict[str, Any] = {"preprocessing": []}
        for layer in self.preprocessing:
            state["preprocessing"].append(layer.initial_state(shape))
            clips, _ = layer.compute_output_shape((shape[0], None, *shape[1:]))
            shape = (clips[0], *clips[2:])
        state["frames"] = {
            "low": ops.zeros((batch_size,), "int32"),
            "high": ops.zeros((batch_size,), "int32"),
        }
        state["appeared"] = ops.zeros((batch_size, self.bodies), "bool")
        state["network"] = self.network_state(batch_size)
        return state

    def step(self, frame, state, ended=None):
        """Takes one frame of each of some streams, for live recognition.

        The outputs lag the input by `look_ahead` frames. After a stream's last
        frame, as many calls with `ended` true bring the last frames in; logits
        and probabilities are then those that `call` gives for the whole clip.

        Args:
            frame: `(batch, bodies, joints, 3)`, metres in camera space.
            state: State after the frame before, or `initial_state`.
            ended: `(batch,)` bool, which streams have no more frames; none by
                default. Their `frame` is ignored.

        Returns:
            The outputs, and the new state. The outputs are a dict with
                logits, probabilities: `(batch, classes)`, so far.
                frames: `(batch,)`, int32, number of frames that came in so
                    far; beyond 2^31 it begins again at -2^31.
                bodies: `(batch,)`, int32, number of bodies that have appeared.
                    An answer about fewer than `least_bodies` means nothing.
                spatial_attention, temporal_attention: `(batch, K)` and
                    `(batch,)`, of the frame that came in, zero where none did;
                    those that `attentions` names.
        """
        valid = ops.ones((ops.shape(frame)[0],), "bool")
        if ended is not None:
            valid = ops.logical_not(ended)
        frame = ops.cast(frame, "float32")
        frame = ops.where(valid[:, None, None, None], frame, 0.0)
        present = self._present(frame)
        appeared = ops.logical_or(state["appeared"], present)
        prepared, undo = [], []
        came = valid
        for layer, old in zip(
            self.preprocessing, state["preprocessing"], strict=True
        ):
            frame, present, valid, new = layer.step(frame, present, valid, old)
            prepared.append(new)
            undo.append(functools.partial(layer.restore_step, state=new))
            if layer.look_ahead:
                came = valid
        features, present = self._flat(frame, present)
        count = _counted(state["frames"], came)
        low, high = count["low"], count["high"]
        # Rounded beyond 2^24, which a mean does not notice.
        frames = COUNTED * ops.cast(high, "float32") + ops.cast(low, "float32")
        outputs, network = self.classify_frame(
            features,
            present,
            ops.cast(valid, "float32"),
            -(-frames // self.stride) if self.stride > 1 else frames,
            state["network"],
        )
        outputs = self._as_recorded(outputs, undo)
        outputs = {
            **_with_probabilities(outputs),
            "frames": COUNTED * high + low,
            "bodies": ops.sum(ops.cast(appeared, "int32"), axis=-1),
        }
        new_state = {
            "preprocessing": prepared,
            "frames": count,
            "appeared": appeared,
            "network": network,
        }
        return outputs, new_state

    def _present(self, skeleton):
        """Which bodies are there: `(..., bodies, joints, 3)` to bool.

        No joint is all zeros in camera space: that is the sensor's own place.
        """
        return ops.any(skeleton != 0, axis=(-2, -1))

    def _flat(self, skeleton, present):
        """One vector a frame, and which of its joints are present."""
        lead = tuple(ops.shape(skeleton)[:-3])
        features = ops.reshape(skeleton, (*lead, self.joints * self.channels))
        joints = len(self.skeleton.joints)
        return features, ops.repeat(present, joints, axis=-1)

    def _checked(self, inputs):
        """`skeleton`, float32, and `length` of the inputs."""
        if not isinstance(inputs, Mapping) or not (
            {"skeleton", "length"} <= set(inputs)
        ):
            received = type(inputs).__name__
            if isinstance(inputs, Mapping):
                received = f"a dict with {', '.join(map(str, inputs))}"
            raise ValueError(
                "`inputs` must be a dict with skeleton and length. "
                f"Received: {received}"
            )
        skeleton = ops.cast(inputs["skeleton"], "float32")
        length = ops.convert_to_tensor(inputs["length"])
        expected = (self.bodies, len(self.skeleton.joints), 3)
        if len(skeleton.shape) != 5 or tuple(skeleton.shape[2:]) != expected:
            sizes = ", ".join(map(str, expected))
            raise ValueError(
                f"`skeleton` must have the shape (batch, frames, {sizes}): "
                f"bodies, joints of {self.skeleton.name}, x y z. "
                f"Received: {tuple(skeleton.shape)}"
            )
        if len(length.shape) != 1:
            raise ValueError(
                "`length` must have the shape (batch,). "
                f"Received: {tuple(length.shape)}"
            )
        if tf.is_tensor(length) and tf.executing_eagerly():
            frames = skeleton.shape[1]
            values = length.numpy()
            if len(values) != skeleton.shape[0] or not all(
                (values >= 1) & (values <= frames)
            ):
                raise ValueError(
                    f"`length` must be 1 to {frames}, the number of frames, "
                    f"for each of {skeleton.shape[0]} clips. "
                    f"Received: {values}"
                )
        return skeleton, length

    def lstm(self, name: str, l1=True, recurrent_l1=True, **kwargs) -> LSTM:
        """An LSTM layer that returns sequences, as the arguments ask for.

        Args:
            name: Name of the layer.
            l1, recurrent_l1: Whether the l1 norm covers its input matrix, and
                its recurrent matrix.
            **kwargs: Further arguments of the layer.
        """
        return LSTM(
            self.arguments.units,
            return_sequences=True,
            kernel_initializer=self.initializer(),
            recurrent_initializer=self.initializer(recurrent=True),
            kernel_regularizer=self.l1(l1),
            recurrent_regularizer=self.l1(recurrent_l1),
            dtype=self.dtype_policy,
            name=name,
            **kwargs,
        )

    def initializer(
        self, recurrent: bool = False
    ) -> keras.initializers.Initializer:
        """An initializer of its own for each matrix."""
        if self.arguments.initializer == "glorot":
            if recurrent:
                return keras.initializers.Orthogonal()
            return keras.initializers.GlorotUniform()
        return keras.initializers.RandomNormal(
            stddev=self.arguments.kernel_stddev
        )

    def l1(self, covered: bool = True) -> keras.regularizers.Regularizer | None:
        """An l1 regularizer, or `None` if the matrix is not covered."""
        if covered and self.arguments.lambda3:
            return keras.regularizers.L1(self.arguments.lambda3)
        return None

    def set_recurrence(self, recurrence: str) -> None:
        """Sets how all LSTM layers compute, see `stalstm.layers.LSTM`.

        Graphs that were traced before keep the recurrence of that time.
        """
        for layer in self._lstm_layers():
            layer.recurrence = recurrence

    @contextlib.contextmanager
    def recurrence(self, recurrence: str) -> Iterator[None]:
        """Within the block, all LSTM layers compute in another way."""
        before = {layer: layer.recurrence for layer in self._lstm_layers()}
        self.set_recurrence(recurrence)
        try:
            yield
        finally:
            for layer, previous in before.items():
                layer.recurrence = previous

    def _lstm_layers(self):
        for layer in self.layers:
            inner = getattr(layer, "layer", layer)
            for sub_layer in getattr(inner, "layers", [inner]):
                if isinstance(sub_layer, LSTM):
                    yield sub_layer

    def in_float32(self) -> "Classifier":
        """An uncompiled copy that computes in float32: what is saved."""
        copy = type(self).from_config({**self.get_config(), "dtype": "float32"})
        copy.build()
        copy.set_weights(self.get_weights())
        return copy

    def train_step(self, data):
        inputs, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        size = micro_batches.size(labels.shape[0])
        if size is None or weights is not None:
            return super().train_step(data)
        return micro_batches.train_step(self, inputs, labels, size)

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        logits = y_pred["logits"]
        return super().compute_loss(x, y, logits, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, y, y_pred["logits"], sample_weight)

    def summary(self, *args, expand_nested=True, **kwargs):
        """Like `keras.Model.summary`, with the LSTM layers of the networks."""
        super().summary(*args, expand_nested=expand_nested, **kwargs)

    def export(self, filepath, *args, input_signature=None, **kwargs):
        """Like `keras.Model.export`, by default for any number of frames."""
        shape = (None, None, self.bodies, len(self.skeleton.joints), 3)
        signature = {
            "skeleton": keras.InputSpec("float32", shape=shape),
            "length": keras.InputSpec("int32", shape=(None,)),
        }
        super().export(
            filepath,
            *args,
            input_signature=input_signature or [signature],
            **kwargs,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "classes": list(self.classes),
            "skeleton": self.skeleton.to_json(),
            "bodies": self.bodies,
            "preprocessing": [
                keras.saving.serialize_keras_object(x)
                for x in self.preprocessing
            ],
            **dataclasses.asdict(self.arguments),
        }

    @classmethod
    def from_config(cls, config):
        preprocessing = [
            keras.saving.deserialize_keras_object(x)
            for x in config["preprocessing"]
        ]
        return cls(**{**config, "preprocessing": preprocessing})


def updated(new, old, valid):
    """A network's memory: the new one where there is a frame, else the old one.

    Args:
        new, old: Nests of `(batch, ...)`.
        valid: `(batch,)`, 1 or 0.
    """
    there = valid[:, None] > 0
    return keras.tree.map_structure(
        lambda x, y: ops.where(there, x, y), new, old
    )


def _counted(count, came):
    """One more, where a frame came: in two numbers, for float32 to hold."""
    low = count["low"] + ops.cast(came, "int32")
    full = low >= COUNTED
    return {
        "low": ops.where(full, low - COUNTED, low),
        "high": count["high"] + ops.cast(full, "int32"),
    }


def _with_probabilities(outputs):
    logits = outputs["logits"]
    return {"logits": logits, "probabilities": ops.softmax(logits), **outputs}
