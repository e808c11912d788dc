"""What every layer between camera space and the network has in common."""

import abc
import dataclasses
from typing import Any

import keras
from keras import ops

from stalstm.description import Description
from stalstm.fields import Fields


class FrameLayer(keras.layers.Layer):
    """A layer between camera space and the network.

    Frame layers are part of the model, so that training, evaluation and every
    export prepare recordings in the same way. The contract:

    - A skeleton has the axes `(batch, frames, bodies, joints, channels)`; the
      first three channels are coordinates. A layer may append channels.
    - Which bodies are present is found once, in the raw recording, and is
      passed from layer to layer. All channels of an absent body stay zero.
    - A layer may keep only some frames, one of every `stride`.
    - A layer may reorder the bodies if `restore` and `restore_step` undo it:
      attentions come in the order of the recording.
    - A frame's output never depends on frames beyond the clip's length, and on
      later frames only as far as `look_ahead` says.
    - `step`, fed one frame at a time, gives the frames that `call` gives for
      the whole clip. Zeros are the state before the first frame.

    Metres need float32: that is a frame layer's dtype, whatever precision the
    network computes in.

    Attributes:
        stride: Number of frames of which it keeps one, the first.
        look_ahead: Number of later frames that a frame's output depends on.
        least_bodies: Number of bodies that must appear in a clip.

    Call arguments:
        skeleton: `(batch, frames, bodies, joints, channels)`, zero beyond each
            clip's length.
        present: `(batch, frames, bodies)` bool, which bodies are there.
        length: `(batch,)`, number of frames of each clip.

    Returns:
        The new skeleton, and which of its bodies are present.
    """

    stride = 1
    look_ahead = 0
    least_bodies = 1

    def __init__(self, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)

    def build(self, skeleton_shape, present_shape=None, length_shape=None):
        self.built = True

    def initial_state(self, shape) -> dict[str, Any]:
        """State before the first frame: zeros.

        Args:
            shape: `(batch, bodies, joints, channels)` of the frames to come.
        """
        return {}

    @abc.abstractmethod
    def step(self, frame, present, valid, state):
        """Takes one frame of each of some streams.

        Args:
            frame: `(batch, bodies, joints, channels)`.
            present: `(batch, bodies)` bool.
            valid: `(batch,)` bool, which of the streams have a frame.
            state: State after the frame before, or `initial_state`.

        Returns:
            The frame that is ready now, its `present` and `valid`, and the new
            state.
        """

    def restore(self, attention, skeleton):
        """Puts the bodies back into the order that `call` was given.

        Args:
            attention: `(batch, frames, bodies, joints)`, of the frames that
                all layers keep.
            skeleton: What `call` was given.
        """
        return attention

    def restore_step(self, attention, state):
        """The same for one frame.

        Args:
            attention: `(batch, bodies, joints)`.
            state: The state that `step` has returned with this frame.
        """
        return attention

    def compute_output_shape(
        self, skeleton_shape, present_shape=None, length_shape=None
    ):
        return skeleton_shape, present_shape


@dataclasses.dataclass(frozen=True, kw_only=True)
class FrameLayerFields(Fields):
    """The recipe's fields for one frame layer."""

    @abc.abstractmethod
    def layer(self, data: Description) -> FrameLayer | None:
        """The layer, or `None` where the fields switch it off.

        Raises:
            ValueError: A field needs something that the data does not have.
        """


def expand(tensor, like):
    """Appends axes of size one, up to the rank of another tensor."""
    axes = len(like.shape) - len(tensor.shape)
    return ops.reshape(tensor, tuple(ops.shape(tensor)) + (1,) * axes)
