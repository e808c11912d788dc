"""The co-occurrence regularizer."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("stalstm")
class CoOccurrence(keras.regularizers.Regularizer):
    """Lets groups of neurons choose their inputs together.

    Zhu et al., "Co-occurrence feature learning for skeleton based action
    recognition using regularized deep LSTM networks", AAAI 2016. The neurons of
    a layer are cut into groups of equal size. For each input and each group
    there is one l2 norm, that of the connections between them; their sum makes
    a group drop inputs as a whole, and keep those that occur together:

        l1 sum |w_jn| + l21 sum_k sum_j sqrt(sum_{n in group k} w_jn^2)

    Args:
        l1: Weight of the l1 norm.
        l21: Weight of the l2,1 norms of the groups.
        groups: K, number of groups of columns of equal size. An LSTM's kernel
            is four matrices, one beside the other, so it has four times as
            many as the layer has groups.

    Call arguments:
        x: `(inputs, neurons)`, a connection matrix.

    Returns:
        A number.
    """

    def __init__(self, l1: float, l21: float, groups: int):
        self.l1 = l1
        self.l21 = l21
        self.groups = groups

    def __call__(self, x):
        groups = ops.reshape(x, (x.shape[0], self.groups, -1))
        squares = ops.sum(ops.square(groups), axis=-1)
        # A square root has no gradient at zero.
        norms = ops.sqrt(ops.maximum(squares, keras.config.epsilon() ** 2))
        return self.l1 * ops.sum(ops.abs(x)) + self.l21 * ops.sum(norms)

    def get_config(self):
        return {"l1": self.l1, "l21": self.l21, "groups": self.groups}
