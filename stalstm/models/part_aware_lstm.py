"""The part-aware LSTM, a baseline of the paper's Table 2."""

import dataclasses

import keras

from stalstm.fields import paper
from stalstm.layers import PartLSTM
from stalstm.models import deep_lstm


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments(deep_lstm.Arguments):
    """Arguments of `PartAwareLSTM`."""

    main_layers: int = paper(2, at_least=1)


@keras.saving.register_keras_serializable("stalstm")
class PartAwareLSTM(deep_lstm.DeepLSTM):
    """Stacked part-aware LSTM layers (P-LSTM).

    Shahroudy, Liu, Ng and Wang, "NTU RGB+D: A large scale dataset for 3D human
    activity analysis", CVPR 2016, section 4. The deep LSTM of that section with
    another LSTM layer: see `stalstm.layers.PartLSTM`.

    Each part of each body has a memory of its own, in every layer; above the
    first one, the input of a part is what its memory has put out below.

    Arguments, call arguments and outputs are those of `Classifier`; its own
    are the fields of `Arguments`.

    Raises:
        ValueError: The skeleton has joints in none of its parts, or in two; or
            the units do not divide by the parts of all bodies.
    """

    Arguments = Arguments

    def lstm(self, name, *args, **kwargs):
        layer = super().lstm(name, *args, **kwargs)
        # The first layer reads joints; the others read parts, in their order.
        parts = self._part_of_joints()
        if name != "lstm_1":
            parts = sorted(set(parts))
        return PartLSTM(**{**layer.get_config(), "parts": parts})

    def _part_of_joints(self):
        """The part of each joint of all bodies, numbered from zero."""
        parts = self.skeleton.split(self.skeleton.parts)
        one_body = [
            next(n for n, joints in enumerate(parts) if joint in joints)
            for joint in range(len(self.skeleton.joints))
        ]
        return [
            body * len(parts) + part
            for body in range(self.bodies)
            for part in one_body
        ]


MODEL = PartAwareLSTM
