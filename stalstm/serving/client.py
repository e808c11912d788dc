"""Asks a TensorFlow Serving, by gRPC or REST.

from stalstm.serving.client import Client

client = Client("localhost:8500", "sbu")            # gRPC
client = Client("http://localhost:8501", "sbu")     # REST
for answer in client.recognise(clips):              # (frames, 2, 15, 3)
    print(answer["label"])

stream = client.stream()
for frame in camera:                                # (2, 15, 3)
    print(stream.step(frame)["label"])
print(stream.finish()["label"])
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from stalstm.serving import inputs, streams
from stalstm.serving.errors import ServingError

# Shapes of the inputs of each signature; None where any size goes.
Shapes = dict[str, dict[str, tuple[int | None, ...]]]


class Transport(Protocol):
    """A way to call one model of a server."""

    def shapes(self) -> Shapes: ...

    def predict(
        self, signature: str, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]: ...


class Client:
    """Asks one model of a server.

    Args:
        server: `host:port` for gRPC, `http://host:port` for REST.
        model: its name there.
        timeout: seconds that an answer may take, each time it is tried.
        retries: how often to try again where the server is not reachable, too
            busy or too slow; after 0.1, 0.2, 0.4, ... seconds.
        batch_size: clips a request at most.

    Raises:
        ServingError: no answer, or one that says what is wrong. Each method.
    """

    def __init__(
        self,
        server: str,
        model: str,
        timeout: float = 10.0,
        retries: int = 3,
        batch_size: int = 32,
    ):
        self._transport: Transport
        # REST does without TensorFlow, which gRPC's messages import.
        if server.startswith(("http://", "https://")):
            from stalstm.serving.rest import Rest

            self._transport = Rest(server, model, timeout, retries)
        else:
            from stalstm.serving.grpc import Grpc

            self._transport = Grpc(server, model, timeout, retries)
        self._batch_size = batch_size
        self._shapes: Shapes | None = None

    def recognise(
        self, clips: Sequence[Any], attention: bool = False
    ) -> list[dict[str, Any]]:
        """Recognises clips, in batches.

        Args:
            clips: skeletons `(frames, bodies, joints, 3)`, metres in camera
                space, each with frames of its own number.
            attention: whether to ask for what the model looked at, too.

        Returns:
            For each clip `label`, `class_index` and `probabilities`
            `(classes,)`; with attention `logits`, `spatial_attention`
            `(frames, bodies * joints)` and `temporal_attention` `(frames,)`.

        Raises:
            InputError: a clip that no model can take; nothing was asked.
        """
        signature = "attend" if attention else "serving_default"
        bodies, joints, _ = self._shape(signature, "skeleton")[-3:]
        checked = []
        for number, clip in enumerate(clips):
            try:
                checked.append(inputs.check_clip(clip, bodies, joints, 1))
            except inputs.InputError as error:
                raise inputs.InputError(f"clip {number}: {error}") from None
        answers = []
        for first in range(0, len(checked), self._batch_size):
            batch = checked[first : first + self._batch_size]
            outputs = self._transport.predict(signature, _padded(batch))
            for number, clip in enumerate(batch):
                answer = {name: x[number] for name, x in outputs.items()}
                for name in ("spatial_attention", "temporal_attention"):
                    if name in answer:
                        answer[name] = answer[name][: len(clip)]
                answers.append(_readable(answer))
        return answers

    def stream(self) -> streams.Stream:
        """A live stream: the server answers after every frame."""
        bodies, joints, _ = self._shape("step", "frame")[-3:]
        size = self._shape("step", "state")[-1]
        return _ServedStream(self._transport, bodies, joints, size)

    def _shape(self, signature, name):
        if self._shapes is None:
            self._shapes = self._transport.shapes()
        try:
            return self._shapes[signature][name]
        except KeyError:
            have = ", ".join(sorted(self._shapes))
            raise ServingError(
                f"expected a model with the signature {signature} and its "
                f"input {name}; was it exported by export.py? Received: {have}"
            ) from None


class _ServedStream(streams.Stream):
    def __init__(self, transport, bodies, joints, state_size):
        super().__init__(bodies, joints, state_size)
        self._transport = transport

    def _call(self, values):
        outputs = self._transport.predict("step", values)
        return _readable({name: x[0] for name, x in outputs.items()})


def _padded(clips):
    length = np.array([len(x) for x in clips], np.int32)
    shape = (len(clips), length.max(), *clips[0].shape[1:])
    skeleton = np.zeros(shape, np.float32)
    for number, clip in enumerate(clips):
        skeleton[number, : len(clip)] = clip
    return {"skeleton": skeleton, "length": length}


def _readable(answer):
    label = answer["label"]
    answer["label"] = label.decode() if isinstance(label, bytes) else str(label)
    answer["class_index"] = int(answer["class_index"])
    return answer
