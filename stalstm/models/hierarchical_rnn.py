"""The hierarchical RNN, a baseline of the paper's Table 1."""

import dataclasses

import keras
from keras import ops

from stalstm.fields import ours, paper
from stalstm.layers import Bidirectional, BidirectionalRNNs, Dropout
from stalstm.layers.pooling import pool
from stalstm.models import classifier

LIMBS = ("left_arm", "right_arm", "left_leg", "right_leg")
PARTS = ("trunk", *LIMBS)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments(classifier.Arguments):
    """Arguments of `HierarchicalRNN`.

    `units` are those of each direction of the LSTM layer, `dropout` acts on its
    output, and `lambda3` covers all matrices.
    """

    # Units of each direction of each of the eleven layers below the LSTM.
    part_units: int = ours(30, at_least=1)
    # Over time, of the class scores.
    pooling: str = paper("sum", choices=("sum", "mean"))


@keras.saving.register_keras_serializable("stalstm")
class HierarchicalRNN(classifier.Classifier):
    """The hierarchical bidirectional RNN (HBRNN-L).

    Du, Wang and Wang, "Hierarchical recurrent neural network for skeleton based
    action recognition", CVPR 2015, section 3.2. Bidirectional layers of tanh
    units read the five parts of a body; what they give is merged and read
    again, and again:

        parts   trunk, left arm, right arm, left leg, right leg
        limbs   each arm and each leg, with the trunk
        halves  upper body: both arms; lower body: both legs
        body    both halves, by a bidirectional LSTM layer

    A fully connected layer scores the classes at every frame; the sum of the
    scores over the frames goes into the softmax.

    The paper has one body. Here every body goes through the same layers, with
    the same weights, up to its halves; the LSTM layer reads those of all
    bodies together. The LSTM has no peephole connections.

    Arguments, call arguments and outputs are those of `Classifier`; its own
    are the fields of `Arguments`.

    Raises:
        ValueError: The skeleton does not have the five parts, or has joints in
            none of them.
    """

    Arguments = Arguments
    cannot_stream = "its bidirectional layers need the whole clip"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.part_joints = self.skeleton.split(PARTS)
        self.parts = self._level("parts", PARTS)
        self.limbs = self._level("limbs", LIMBS)
        self.halves = self._level("halves", ("upper", "lower"))
        self.body = Bidirectional(
            self.lstm("forward"),
            self.lstm("backward"),
            dtype=self.dtype_policy,
            name="body",
        )
        self.dropout = Dropout(
            self.arguments.dropout, dtype=self.dtype_policy, name="dropout"
        )
        self.score = keras.layers.Dense(
            len(self.classes),
            kernel_initializer=self.initializer(),
            kernel_regularizer=self.l1(),
            dtype=self.dtype_policy,
            name="score",
        )

    def _level(self, name, names):
        return BidirectionalRNNs(
            self.arguments.part_units,
            names,
            kernel_initializer=self.initializer(),
            recurrent_initializer=self.initializer(recurrent=True),
            kernel_regularizer=self.l1(),
            recurrent_regularizer=self.l1(),
            dtype=self.dtype_policy,
            name=name,
        )

    def build_network(self, features_shape):
        part_units = 2 * self.arguments.part_units
        shape = (None, None)
        self.parts.build(
            [(*shape, len(x) * self.channels) for x in self.part_joints]
        )
        self.limbs.build([(*shape, 2 * part_units)] * 4)
        self.halves.build([(*shape, 2 * part_units)] * 2)
        self.body.build((*shape, self.bodies * 2 * part_units))
        self.score.build((*shape, 2 * self.arguments.units))

    def classify(self, features, present, length, training):
        batch, frames, _ = ops.shape(features)
        joints = len(self.skeleton.joints)
        # The bodies become clips of their own, then parts of one clip again.
        bodies = ops.reshape(
            features, (batch, frames, self.bodies, joints, self.channels)
        )
        bodies = ops.transpose(bodies, (0, 2, 1, 3, 4))
        bodies = ops.reshape(
            bodies, (batch * self.bodies, frames, joints, self.channels)
        )
        lengths = ops.repeat(length, self.bodies)

        parts = []
        for indices in self.part_joints:
            part = ops.take(bodies, indices, axis=2)
            size = len(indices) * self.channels
            parts.append(ops.reshape(part, (batch * self.bodies, frames, size)))
        trunk, *limbs = self.parts(parts, lengths)
        left_arm, right_arm, left_leg, right_leg = self.limbs(
            [ops.concatenate([x, trunk], axis=-1) for x in limbs], lengths
        )
        halves = self.halves(
            [
                ops.concatenate([left_arm, right_arm], axis=-1),
                ops.concatenate([left_leg, right_leg], axis=-1),
            ],
            lengths,
        )

        body = ops.concatenate(halves, axis=-1)
        size = body.shape[-1]
        body = ops.reshape(body, (batch, self.bodies, frames, size))
        body = ops.transpose(body, (0, 2, 1, 3))
        body = ops.reshape(body, (batch, frames, self.bodies * size))
        hidden = self.body(body, length, training=training)
        scores = self.score(self.dropout(hidden, training=training))
        return {"logits": pool(scores, length, self.arguments.pooling)}


MODEL = HierarchicalRNN
