"""Asks a model that TensorFlow Serving serves, by gRPC or REST.

from stalstm.runtime.client import connect

model = connect("localhost:8500", "sbu")            # gRPC
model = connect("http://localhost:8501", "sbu")     # REST
for answer in model.predict(clips):                 # (frames, 2, 15, 3) each
    print(answer["label"])

stream = model.stream()
for frame in camera:                                # (2, 15, 3)
    print(stream.step(frame)["label"])
print(stream.finish()["label"])
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from stalstm.runtime.errors import ServingError
from stalstm.runtime.litert import ATTENTIONS, Stream, check_clip, check_each

# Shapes of the inputs of each signature; None where any size is taken.
Shapes = dict[str, dict[str, tuple[int | None, ...]]]


# Numbers of axes of what the signatures `attend` and `frame` give.
_OF_BOTH = {"label": 1, "class_index": 1, "probabilities": 2, "logits": 2}
OF_CLIPS = {**_OF_BOTH, "spatial_attention": 3, "temporal_attention": 2}
OF_FRAMES = {
    **_OF_BOTH,
    "frames": 1,
    "bodies": 1,
    "state": 2,
    "spatial_attention": 2,
    "temporal_attention": 1,
}
# What NumPy calls their types, where it is not that of numbers.
KINDS = {"label": "OSU", "class_index": "iu", "frames": "iu", "bodies": "iu"}


class Transport(Protocol):
    """Calls the signatures of one model."""

    def shapes(self) -> Shapes: ...

    def predict(
        self, signature: str, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]: ...


def connect(
    server: str,
    model: str,
    timeout: float = 10.0,
    retries: int = 3,
    batch_size: int = 32,
) -> "ServedModel":
    """Returns a served model. Its server is first asked when it is used.

    Args:
        server: `host:port` for gRPC, `http://host:port` for REST.
        model: Name of the model on the server.
        timeout: Seconds to wait for an answer, with all attempts.
        retries: Number of further attempts if the server cannot be reached,
            is too busy or its answer breaks off; after 0.1, 0.2, 0.4, ...
            seconds.
        batch_size: Maximum number of clips in a request.

    Raises:
        ServingError: A package that the connection needs is not installed.
        ValueError: `timeout` is not positive, `retries` is negative, or
            `batch_size` is less than one.
    """
    for name, good, value, expected in (
        ("timeout", timeout > 0, timeout, "more than 0 seconds"),
        ("retries", retries >= 0, retries, "0 or more"),
        ("batch_size", batch_size >= 1, batch_size, "1 or more"),
    ):
        if not good:
            raise ValueError(
                f"`{name}` must be {expected}. Received: {name}={value}"
            )
    transport: Transport
    try:
        if server.startswith(("http://", "https://")):
            from stalstm.runtime.rest import Rest

            transport = Rest(server, model, timeout, retries)
        else:
            from stalstm.runtime.grpc import Grpc

            transport = Grpc(server, model, timeout, retries)
    except ModuleNotFoundError as error:
        raise ServingError(
            f"{server}: expected grpcio and protobuf for gRPC, requests for "
            "REST. Install them with\n  pip install grpcio protobuf requests\n"
            f"Received: {error}"
        ) from None
    return ServedModel(transport, batch_size)


class ServedModel:
    """A model behind the signatures that `export.py` writes.

    Every method raises `ServingError` if the model does not answer or refuses.

    Args:
        transport: Calls the signatures.
        batch_size: Maximum number of clips in a call.
        metadata: The content of `model.json`; a server does not give it.
    """

    def __init__(
        self,
        transport: Transport,
        batch_size: int = 32,
        metadata: dict[str, Any] | None = None,
    ):
        self.metadata = metadata or {}
        self._transport = transport
        self._batch_size = batch_size
        self._shapes: Shapes | None = None

    def predict(self, clips) -> Any:
        """Predicts the action of one clip, or of several in batches.

        Args:
            clips: A clip `(frames, bodies, joints, 3)`, array or nested list,
                metres in camera space; or a list of clips.

        Returns:
            For a clip a dict, for several a list of them: `label`;
            `class_index`; `probabilities` and `logits` `(classes,)`; and where
            the model has them, `spatial_attention` `(frames, bodies * joints)`
            and `temporal_attention` `(frames,)`.

        Raises:
            InputError: No model can take one of the clips; none was sent.
        """
        bodies, joints, _ = self._sizes("attend", "skeleton", 3)
        checked, several = check_each(
            clips, lambda clip: check_clip(clip, bodies, joints, 1)
        )
        answers = []
        for first in range(0, len(checked), self._batch_size):
            batch = checked[first : first + self._batch_size]
            outputs = self._transport.predict("attend", padded(batch))
            _check(outputs, len(batch), OF_CLIPS)
            for number, clip in enumerate(batch):
                answer = {name: x[number] for name, x in outputs.items()}
                for name in answer.keys() & ATTENTIONS:
                    answer[name] = answer[name][: len(clip)]
                answers.append(_readable(answer))
        return answers if several else answers[0]

    def stream(self) -> Stream:
        """A live stream: the model answers after every frame."""
        bodies, joints, _ = self._sizes("frame", "frame", 3)
        return _ServedStream(
            self._transport,
            bodies,
            joints,
            *self._sizes("frame", "state", 1),
            self.metadata.get("least_bodies", 0),
        )

    def _sizes(self, signature, name, axes):
        """The sizes of an input's last axes."""
        if self._shapes is None:
            self._shapes = self._transport.shapes()
        try:
            shape = self._shapes[signature][name]
        except KeyError:
            have = ", ".join(sorted(self._shapes))
            why = "was it exported by export.py?"
            if "attend" in self._shapes and signature == "frame":
                why = "only a model that streams has it."
            raise ServingError(
                f"expected a model with the signature {signature} and its "
                f"input {name}; {why} Received: {have}"
            ) from None
        if len(shape) < axes or None in shape[-axes:]:
            raise ServingError(
                f"expected that the sizes of {name} are known. Received: the "
                f"shape {shape} in the signature {signature}"
            )
        return shape[-axes:]


class _ServedStream(Stream):
    def __init__(self, transport, *sizes):
        super().__init__(*sizes)
        self._transport = transport

    def _call(self, values):
        outputs = self._transport.predict("frame", values)
        _check(outputs, 1, OF_FRAMES)
        return _readable({name: x[0] for name, x in outputs.items()})


def padded(clips: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """`skeleton` and `length` of a batch of clips, padded with zeros."""
    length = np.array([len(x) for x in clips], np.int32)
    shape = (len(clips), length.max(), *clips[0].shape[1:])
    skeleton = np.zeros(shape, np.float32)
    for number, clip in enumerate(clips):
        skeleton[number, : len(clip)] = clip
    return {"skeleton": skeleton, "length": length}


def _check(outputs, number: int, axes: Mapping[str, int]) -> None:
    """Checks that a server has answered about as many clips as were sent.

    Args:
        outputs: What it answered.
        number: Number of clips that were sent.
        axes: Outputs that an answer may have, with their numbers of axes; all
            but the attentions must be there.
    """
    arrays = {name: np.asarray(x) for name, x in outputs.items()}
    good = all(x.shape[:1] == (number,) for x in arrays.values()) and all(
        arrays[name].ndim == axes[name]
        and arrays[name].dtype.kind in KINDS.get(name, "fiu")
        for name in axes.keys() & arrays.keys()
    )
    if not good or axes.keys() - ATTENTIONS - arrays.keys():
        received = (f"{k} {x.dtype}{x.shape}" for k, x in arrays.items())
        raise ServingError(
            f"expected {', '.join(axes)} about {number} clips. "
            f"Received: {', '.join(received)}"
        )


def _readable(answer):
    label = answer["label"]
    answer["label"] = label.decode() if isinstance(label, bytes) else str(label)
    answer["class_index"] = int(answer["class_index"])
    return answer
