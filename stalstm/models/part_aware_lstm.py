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

    A part, such as the left arm, is that of all bodies: the gates of its memory
    see how the bodies lie to each other there. Above the first layer, the input
    of a part is what its memory has put out below.

    Arguments, call arguments and outputs are those of `Classifier`; its own
    are the fields of `Arguments`.

    Raises:
        ValueError: The skeleton has joints in none of its parts, or in two; or
            the units do not divide by the parts.
    """

    Arguments = Arguments

    def lstm(self, name, *args, **kwargs):
        layer = super().lstm(name, *args, **kwargs)
        parts = self.skeleton.split(self.skeleton.parts)
        groups = list(range(len(parts)))
        if name == "lstm_1":  # it reads joints, the others parts
            part_of = {x: part for part in groups for x in parts[part]}
            groups = [part_of[x] for x in sorted(part_of)] * self.bodies
        return PartLSTM(**{**layer.get_config(), "parts": groups})


MODEL = PartAwareLSTM
