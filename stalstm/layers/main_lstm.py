"""The main LSTM network."""

import keras

from stalstm.layers import sequences
from stalstm.layers.replica_seed import ReplicaSeed, SavedSeed


@keras.saving.register_keras_serializable("stalstm")
class MainLSTM(SavedSeed):
    """The main LSTM network: stacked LSTM layers and a score for each class.

    Song et al. (AAAI 2017), Figures 3 and 4: gives z_t of equation (4).
    Dropout acts on the output of every LSTM layer and never on its recurrent
    connections (Zaremba, Sutskever and Vinyals 2014).

    Args:
        layers: The recurrent layers, the first one first: `keras.layers.LSTM`
            or similar layers that return sequences.
        num_classes: C, number of classes.
        dropout: Dropout rate.
        kernel_initializer: Initializer of the class scores.
        kernel_regularizer: Regularizer of the class scores.

    Call arguments:
        inputs: `(batch, frames, features)`.

    Returns:
        z, `(batch, frames, num_classes)`.
    """

    def __init__(
        self,
        layers,
        num_classes: int,
        dropout: float = 0.0,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        for layer in layers:
            sequences.check_recurrent(layer)
        super().__init__(**kwargs)
        self.layers = list(layers)
        self.num_classes = num_classes
        self.dropout = dropout
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.score = keras.layers.Dense(
            num_classes,
            kernel_initializer=self.kernel_initializer,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="score",
        )
        self.dropout_seed = ReplicaSeed()

    def build(self, inputs_shape):
        features = inputs_shape[-1]
        for layer in self.layers:
            layer.build((None, None, features))
            features = layer.units
        self.score.build((None, None, features))
        self.built = True

    def call(self, inputs, training=False):
        hidden = inputs
        for layer in self.layers:
            hidden = layer(hidden)
            if training and self.dropout:
                hidden = keras.random.dropout(
                    hidden, self.dropout, seed=self.dropout_seed
                )
        return self.score(hidden)

    def initial_state(self, batch_size: int):
        """State before the first frame."""
        return [x.cell.get_initial_state(batch_size) for x in self.layers]

    def step(self, inputs, state):
        """One frame.

        Args:
            inputs: `(batch, features)`.
            state: State after the frame before, or `initial_state`.

        Returns:
            z `(batch, num_classes)`, and the new state.
        """
        hidden, new_state = inputs, []
        for layer, layer_state in zip(self.layers, state, strict=True):
            hidden, layer_state = layer.cell(hidden, layer_state)
            new_state.append(layer_state)
        return self.score(hidden), new_state

    def compute_output_shape(self, inputs_shape):
        return (*inputs_shape[:-1], self.num_classes)

    def get_config(self):
        return {
            **super().get_config(),
            "layers": [
                keras.saving.serialize_keras_object(x) for x in self.layers
            ],
            "num_classes": self.num_classes,
            "dropout": self.dropout,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }

    @classmethod
    def from_config(cls, config):
        layers = [
            keras.saving.deserialize_keras_object(x) for x in config["layers"]
        ]
        return cls(**{**config, "layers": layers})
