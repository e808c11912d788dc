"""Every n-th frame."""

import dataclasses

import keras
from keras import ops

from stalstm.description import Description
from stalstm.fields import ours
from stalstm.preprocessing.frame_layer import FrameLayer, FrameLayerFields


@keras.saving.register_keras_serializable("stalstm")
class Stride(FrameLayer):
    """Keeps the first of every `stride` frames.

    Long clips become short enough for an LSTM, and a clip, a stream and an
    export skip the same frames: recordings must come at the frame rate of the
    training.

    Args:
        stride: Number of frames of which one is kept.
    """

    def __init__(self, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.stride = stride

    def call(self, skeleton, present, length=None):
        return skeleton[:, :: self.stride], present[:, :: self.stride]

    def initial_state(self, shape):
        return {"frames": ops.zeros(shape[:1], "int32")}

    def step(self, frame, present, valid, state):
        # Frames since the last one that was kept, so that no stream is too
        # long to count.
        since = state["frames"]
        kept = ops.logical_and(valid, since == 0)
        since = ops.where(valid, (since + 1) % self.stride, since)
        return frame, present, kept, {"frames": since}

    def compute_output_shape(
        self, skeleton_shape, present_shape=None, length_shape=None
    ):
        def kept(shape):
            batch, frames, *rest = shape
            frames = frames and -(-frames // self.stride)
            return (batch, frames, *rest)

        return kept(skeleton_shape), present_shape and kept(present_shape)

    def get_config(self):
        return {**super().get_config(), "stride": self.stride}


@dataclasses.dataclass(frozen=True, kw_only=True)
class StrideFields(FrameLayerFields):
    # One of so many frames is kept.
    stride: int = ours(1, at_least=1)

    def layer(self, data: Description) -> Stride | None:
        return Stride(self.stride) if self.stride > 1 else None
