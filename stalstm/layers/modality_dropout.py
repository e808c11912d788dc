"""Dropout of all channels of a kind."""

from collections.abc import Sequence

import keras
from keras import ops

from stalstm.layers.dropout import Dropout


@keras.saving.register_keras_serializable("stalstm")
class ModalityDropout(keras.layers.Layer):
    """Leaves out whole kinds of channels, such as all velocities of a clip.

    After Neverova, Wolf, Taylor and Nebout, "ModDrop: adaptive multi-modal
    gesture recognition", TPAMI 2016: a network learns to do without each kind,
    instead of relying on the one that tells most of the training clips apart.

    Args:
        rate: Probability that a kind is left out, of each clip and in all of
            its frames; the others grow accordingly, so that the mean stays.
        kinds: The kind of each feature, counted from zero.

    Call arguments:
        features: `(batch, frames, features)`.
        training: Whether to leave out anything.

    Returns:
        As the features.
    """

    def __init__(self, rate: float, kinds: Sequence[int], **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.kinds = list(kinds)
        self.drop = Dropout(rate, dtype=self.dtype_policy, name="drop")
        self.built = True

    def call(self, features, training=False):
        if not training:
            return features
        each = ops.ones((ops.shape(features)[0], max(self.kinds) + 1))
        kept = ops.take(self.drop(each, training=True), self.kinds, axis=1)
        return features * ops.cast(kept, features.dtype)[:, None]

    def compute_output_shape(self, features_shape):
        return features_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "kinds": self.kinds}
