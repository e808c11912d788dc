"""The deep LSTM, a baseline of the paper's Table 2."""

import dataclasses

import keras
from keras import ops

from stalstm.fields import ours
from stalstm.layers import MainLSTM
from stalstm.models import classifier


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments(classifier.Arguments):
    """Arguments of `DeepLSTM`."""

    main_layers: int = ours(3, at_least=1)


@keras.saving.register_keras_serializable("stalstm")
class DeepLSTM(classifier.Classifier):
    """Stacked LSTM layers; the last frame's output scores the classes.

    Shahroudy, Liu, Ng and Wang, "NTU RGB+D: A large scale dataset for 3D human
    activity analysis", CVPR 2016, section 4.

    Arguments, call arguments and outputs are those of `Classifier`; its own
    are the fields of `Arguments`.
    """

    Arguments = Arguments

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.main_lstm = MainLSTM(
            [
                self.lstm(f"lstm_{i}")
                for i in range(1, self.arguments.main_layers + 1)
            ],
            len(self.classes),
            dropout=self.arguments.dropout,
            kernel_initializer=self.initializer(),
            kernel_regularizer=self.l1(),
            dtype=self.dtype_policy,
            name="main_lstm",
        )

    def build_network(self, features_shape):
        self.main_lstm.build(features_shape)

    def classify(self, features, present, length, training):
        scores = self.main_lstm(features, training=training)
        # One where the last frame is, zero elsewhere.
        last = ops.one_hot(
            ops.cast(length, "int32") - 1, ops.shape(scores)[1], dtype="float32"
        )
        scores = ops.cast(scores, "float32")
        return {"logits": ops.sum(scores * last[..., None], axis=1)}

    def network_state(self, batch_size):
        logits = ops.zeros((batch_size, len(self.classes)), "float32")
        memory = self.main_lstm.initial_state(batch_size)
        return {"memory": memory, "logits": logits}

    def classify_frame(self, features, present, valid, frames, state):
        scores, memory = self.main_lstm.step(features, state["memory"])
        scores = ops.cast(scores, "float32")
        logits = ops.where(valid[:, None] > 0, scores, state["logits"])
        memory = classifier.updated(memory, state["memory"], valid)
        state = {"memory": memory, "logits": logits}
        return {"logits": logits}, state


MODEL = DeepLSTM
