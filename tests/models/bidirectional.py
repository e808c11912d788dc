"""A model that cannot stream: its layers read a clip from both ends."""

import keras

from stalstm.layers import sequences
from stalstm.models import classifier


@keras.saving.register_keras_serializable("tests")
class Bidirectional(classifier.Classifier):
    """One bidirectional layer; the mean of its scores over the frames."""

    cannot_stream = "its bidirectional layer needs the whole clip"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.both = keras.layers.Bidirectional(
            self.lstm("lstm"), name="both", dtype=self.dtype_policy
        )
        self.score = keras.layers.Dense(
            len(self.classes), name="score", dtype=self.dtype_policy
        )

    def build_network(self, features_shape):
        self.both.build(features_shape)
        units = 2 * self.arguments.units
        self.score.build((*features_shape[:-1], units))

    def classify(self, features, present, length, training):
        mask = sequences.mask(features, length)
        hidden = self.both(features, mask=mask > 0)
        scores = keras.ops.cast(self.score(hidden), "float32")
        mask = mask[..., None]
        return {"logits": sequences.masked_mean(scores * mask, mask)}
