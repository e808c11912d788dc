"""A live stream of frames, wherever the model is."""

import abc
from typing import Any

import numpy as np

from stalstm.serving import inputs


class Stream(abc.ABC):
    """Frame after frame into a model, its memory handed on.

    Args:
        bodies, joints: of the model.
        state_size: of its state, which zeros begin.
    """

    def __init__(self, bodies: int, joints: int, state_size: int):
        self._shape = (bodies, joints)
        self._state_size = state_size
        self._begin()

    @abc.abstractmethod
    def _call(self, values: dict[str, np.ndarray]) -> dict[str, Any]:
        """Runs the signature `step` for one stream.

        Args:
            values: `frame` `(1, bodies, joints, 3)`, `ended` `(1,)`, `state`
                `(1, state_size)`.

        Returns:
            What the signature returns, without the axis of streams.
        """

    def step(self, frame) -> dict[str, Any]:
        """Takes the next frame.

        Args:
            frame: `(bodies, joints, 3)`, metres in camera space. A body that
                is absent is all zeros.

        Returns:
            The answer so far: `label`, `class_index`, `probabilities` and
            `logits` `(classes,)`; `frames`, how many came in; and of the frame
            that came in, `spatial_attention` `(bodies * joints,)` and
            `temporal_attention`. Smoothing looks two frames ahead: with it the
            first two frames have no answer yet, `frames` is 0.

        Raises:
            InputError: see `inputs.check_frame`. The stream is as before.
        """
        frame = inputs.check_frame(frame, *self._shape)
        outputs = self._take(frame, ended=False)
        self._sent += 1
        return outputs

    def finish(self) -> dict[str, Any]:
        """Brings the last frames in; then a new stream begins.

        Returns:
            The answer for the whole clip, as `step`, but with the attentions
            at all frames that came in only now: `spatial_attention`
            `(0 to 2, bodies * joints)`, `temporal_attention` `(0 to 2,)`.

        Raises:
            InputError: no frame came.
        """
        if not self._sent:
            raise inputs.InputError("expected a frame first. Received: none")
        came = []
        nothing = np.zeros((*self._shape, 3), np.float32)
        while (before := self._last["frames"]) < self._sent:
            if self._take(nothing, ended=True)["frames"] > before:
                came.append(self._last)
        answer = dict(self._last)
        for name in ("spatial_attention", "temporal_attention"):
            shape = (len(came), *np.shape(answer[name]))
            answer[name] = np.reshape([x[name] for x in came], shape)
        self._begin()
        return answer

    def _begin(self):
        self._state = np.zeros((1, self._state_size), np.float32)
        self._sent = 0

    def _take(self, frame, ended):
        outputs = self._call(
            {
                "frame": frame[None],
                "ended": np.array([ended]),
                "state": self._state,
            }
        )
        self._state = outputs.pop("state")[None]
        self._last = outputs
        return outputs
