"""The co-occurrence LSTM, a baseline of the paper's Table 1."""

import dataclasses

import keras

from stalstm.fields import ours, paper
from stalstm.layers import LSTM, Bidirectional, CoOccurrence, InDepthLSTM
from stalstm.layers.pooling import pool
from stalstm.models import classifier


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments(classifier.Arguments):
    """Arguments of `CoOccurrenceLSTM`.

    `units` are those of each direction of each LSTM layer and of the layers
    between them. `dropout` is the in-depth dropout of the last LSTM layer, and
    `lambda3` the weight of the l1 norm in the co-occurrence regularization.
    """

    # Weight of the l2,1 norms of the groups in the loss.
    lambda_groups: float = ours(0.0001, at_least=0)
    # K, the number of groups of neurons of each layer.
    groups: int = ours(10, at_least=1)
    # Over time, of the class scores.
    pooling: str = paper("sum", choices=("sum", "mean"))


@keras.saving.register_keras_serializable("stalstm")
class CoOccurrenceLSTM(classifier.Classifier):
    """The deep LSTM with co-occurrence regularization and in-depth dropout.

    Zhu et al., "Co-occurrence feature learning for skeleton based action
    recognition using regularized deep LSTM networks", AAAI 2016. Three
    bidirectional LSTM layers, with a fully connected layer of tanh units after
    the first and after the second, which fuses both directions. The class
    scores of the last one at every frame are summed over the frames.

    The input connections of the first three layers, which are
    `bidirectional_1`, `fusion_1` and `bidirectional_2`, carry the co-occurrence
    regularization, see `stalstm.layers.CoOccurrence`. The last LSTM layer has
    in-depth dropout, see `stalstm.layers.InDepthLSTM`. The LSTMs have no
    peephole connections.

    Arguments, call arguments and outputs are those of `Classifier`; its own
    are the fields of `Arguments`.

    Raises:
        ValueError: The units do not divide by the groups.
    """

    Arguments = Arguments
    cannot_stream = "its bidirectional layers need the whole clip"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        arguments = self.arguments
        if arguments.units % arguments.groups:
            raise ValueError(
                f"`units` must be a multiple of `groups`, {arguments.groups}. "
                f"Received: units={arguments.units}"
            )
        self.bidirectional_1 = self._bidirectional(
            "bidirectional_1",
            LSTM,
            kernel_regularizer=self._co_occurrence(matrices=4),
        )
        self.fusion_1 = self._fusion("fusion_1", self._co_occurrence())
        self.bidirectional_2 = self._bidirectional(
            "bidirectional_2",
            LSTM,
            kernel_regularizer=self._co_occurrence(matrices=4),
        )
        self.fusion_2 = self._fusion("fusion_2")
        self.bidirectional_3 = self._bidirectional(
            "bidirectional_3",
            InDepthLSTM,
            in_depth_dropout=arguments.dropout,
        )
        self.score = keras.layers.Dense(
            len(self.classes),
            kernel_initializer=self.initializer(),
            dtype=self.dtype_policy,
            name="score",
        )

    def _bidirectional(self, name, kind, **changes):
        layers = (
            self.lstm(x, l1=False, recurrent_l1=False)
            for x in ("forward", "backward")
        )
        forward, backward = (
            kind(**{**x.get_config(), **changes}) for x in layers
        )
        return Bidirectional(
            forward, backward, dtype=self.dtype_policy, name=name
        )

    def _fusion(self, name, regularizer=None):
        return keras.layers.Dense(
            self.arguments.units,
            activation="tanh",
            kernel_initializer=self.initializer(),
            kernel_regularizer=regularizer,
            dtype=self.dtype_policy,
            name=name,
        )

    def _co_occurrence(self, matrices=1):
        return CoOccurrence(
            self.arguments.lambda3,
            self.arguments.lambda_groups,
            matrices * self.arguments.groups,
        )

    def build_network(self, features_shape):
        units = self.arguments.units
        fused, both = (None, None, units), (None, None, 2 * units)
        self.bidirectional_1.build(features_shape)
        self.fusion_1.build(both)
        self.bidirectional_2.build(fused)
        self.fusion_2.build(both)
        self.bidirectional_3.build(fused)
        self.score.build(both)

    def classify(self, features, present, length, training):
        hidden = self.bidirectional_1(features, length, training=training)
        hidden = self.fusion_1(hidden)
        hidden = self.bidirectional_2(hidden, length, training=training)
        hidden = self.fusion_2(hidden)
        hidden = self.bidirectional_3(hidden, length, training=training)
        scores = self.score(hidden)
        return {"logits": pool(scores, length, self.arguments.pooling)}


MODEL = CoOccurrenceLSTM
