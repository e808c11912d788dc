"""Runs the exported LiteRT files, without TensorFlow.

Needs NumPy and `ai-edge-litert` only, and beside the files their `model.json`.

    from stalstm.serving import edge

    stream = edge.Stream("step_float32.tflite")
    for frame in camera:                # (bodies, joints, 3), metres
        print(stream.step(frame)["label"])
    print(stream.finish()["label"])     # the next frame begins a new stream

    print(edge.Clip("clip_int8.tflite").predict(skeleton)["label"])
"""

import json
import os
import pathlib
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from stalstm.serving import inputs, streams


class _File:
    """A LiteRT file and the `model.json` beside it."""

    def __init__(self, path: str | os.PathLike[str], threads: int):
        path = pathlib.Path(path)
        card = path.with_name("model.json")
        self.metadata: dict[str, Any] = json.loads(card.read_text())
        self._interpreter = Interpreter(str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        runner = self._interpreter.get_signature_runner()
        self.inputs = runner.get_input_details()
        self._outputs = runner.get_output_details()

    @property
    def shape(self) -> tuple[int, int]:
        return self.metadata["bodies"], len(self.metadata["joints"])

    def run(self, values: dict[str, np.ndarray]) -> dict[str, Any]:
        """The outputs by name, without the axis of clips."""
        for name, value in values.items():
            self._interpreter.set_tensor(self.inputs[name]["index"], value)
        self._interpreter.invoke()
        outputs = {
            name: self._interpreter.get_tensor(details["index"])[0]
            for name, details in self._outputs.items()
        }
        best = int(outputs["probabilities"].argmax())
        outputs["class_index"] = best
        outputs["label"] = self.metadata["labels"][best]
        return outputs


class Clip:
    """A model for whole clips.

    Args:
        path: of a `clip_*.tflite`.
        threads: that LiteRT may use.

    Attributes:
        metadata: labels, joints, units, the training.
        frames: that a clip may have at most.
    """

    def __init__(self, path: str | os.PathLike[str], threads: int = 1):
        self._file = _File(path, threads)
        self.metadata = self._file.metadata
        self.frames = int(self._file.inputs["skeleton"]["shape"][1])

    def predict(self, skeleton) -> dict[str, Any]:
        """Recognises a clip.

        Args:
            skeleton: `(frames, bodies, joints, 3)`, metres in camera space.

        Returns:
            `label`, `class_index`, `probabilities` and `logits` `(classes,)`,
            `spatial_attention` `(frames, bodies * joints)`,
            `temporal_attention` `(frames,)`.

        Raises:
            InputError: see `inputs.check_clip`; or more frames than fit.
        """
        skeleton = inputs.check_clip(
            skeleton, *self._file.shape, self.metadata["least_bodies"]
        )
        length = len(skeleton)
        if length > self.frames:
            raise inputs.InputError(
                f"`skeleton`: expected at most {self.frames} frames; a stream "
                f"takes any number. Received: {length}"
            )
        padded = np.zeros((1, self.frames, *skeleton.shape[1:]), np.float32)
        padded[0, :length] = skeleton
        outputs = self._file.run(
            {"skeleton": padded, "length": np.array([length], np.int32)}
        )
        for name in ("spatial_attention", "temporal_attention"):
            outputs[name] = outputs[name][:length]
        return outputs


class Stream(streams.Stream):
    """A model for a live stream, a frame at a time.

    Args:
        path: of a `step_*.tflite`.
        threads: that LiteRT may use.

    Attributes:
        metadata: labels, joints, units, the training; `latency_frames`, how
            many frames the answer is behind.
    """

    def __init__(self, path: str | os.PathLike[str], threads: int = 1):
        self._file = _File(path, threads)
        self.metadata = self._file.metadata
        size = int(self._file.inputs["state"]["shape"][1])
        super().__init__(*self._file.shape, size)

    def _call(self, values):
        return self._file.run(values)
