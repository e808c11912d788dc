"""Temporal attention with a frame-selection gate."""

import keras
from keras import ops

from stalstm.layers import sequences


@keras.saving.register_keras_serializable("stalstm")
class TemporalAttention(keras.layers.Layer):
    """Temporal attention with a frame-selection gate.

    Song et al. (AAAI 2017), section 4.2. From all joints of a frame and from
    the hidden variables of a recurrent layer at the frame before it, the
    frame's importance (equation 6):

        beta_t = ReLU(w_x x_t + w_h h_{t-1} + b)

    The layer owns the third term of the loss (equation 7), which keeps beta
    under control, over the clip's own T frames:

        weight / T * sum_t ||beta_t||

    Args:
        layer: the recurrent layer: a `keras.layers.LSTM` that returns
            sequences.
        norm: `"l2"`, the l2 norm of equation (7), which for one number is its
            absolute value; `"square"`, its square, the usual l2 penalty.
        weight: lambda_2 of equation (7); 0 adds no loss.
        bias: where b starts. At 1, training begins near "temporal attention
            weights being fixed as ones"; at 0, near no frame being heard.
        kernel_initializer: of w_x and w_h.
        kernel_regularizer: of w_x and w_h.

    Call arguments:
        inputs: `(batch, frames, features)`, the coordinates of all joints.
        length: `(batch,)`, number of frames of each clip; all by default.

    Returns:
        beta, `(batch, frames)`, float32; zero beyond a clip's length.
    """

    def __init__(
        self,
        layer,
        norm: str = "l2",
        weight: float = 0.0,
        bias: float = 1.0,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        sequences.check_returns_sequences(layer)
        if norm not in ("l2", "square"):
            raise ValueError(
                f'`norm` must be "l2" or "square". Received: norm={norm!r}'
            )
        super().__init__(**kwargs)
        self.layer = layer
        self.norm = norm
        self.weight = weight
        self.bias = bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.input_projection = self._dense(
            bias_initializer=keras.initializers.Constant(bias),
            name="input_projection",
        )
        self.hidden_projection = self._dense(
            use_bias=False, name="hidden_projection"
        )

    def _dense(self, **kwargs):
        return keras.layers.Dense(
            1,
            # A clone draws its own numbers, where a shared one repeats them.
            kernel_initializer=self.kernel_initializer.clone(),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            **kwargs,
        )

    def build(self, inputs_shape, length_shape=None):
        features = inputs_shape[-1]
        self.layer.build((None, None, features))
        self.input_projection.build((None, None, features))
        self.hidden_projection.build((None, None, self.layer.units))
        self.built = True

    def call(self, inputs, length=None):
        hidden = sequences.previous(self.layer(inputs))
        beta = self._gate(inputs, hidden)
        mask = sequences.mask(beta, length)
        beta = beta * mask
        if self.weight:
            # ReLU has made beta its own absolute value.
            norm = ops.square(beta) if self.norm == "square" else beta
            loss = sequences.masked_mean(norm, mask)
            self.add_loss(self.weight * ops.mean(loss))
        return beta

    def initial_state(self, batch_size: int):
        """State before the first frame."""
        return self.layer.cell.get_initial_state(batch_size)

    def step(self, inputs, state):
        """One frame.

        Args:
            inputs: `(batch, features)`.
            state: of the frame before, or `initial_state`.

        Returns:
            beta `(batch,)`, and the new state.
        """
        beta = self._gate(inputs, state[0])
        _, state = self.layer.cell(inputs, state)
        return beta, state

    def _gate(self, inputs, hidden):
        """Equation (6)."""
        score = self.input_projection(inputs) + self.hidden_projection(hidden)
        return ops.relu(ops.cast(ops.squeeze(score, axis=-1), "float32"))

    def compute_output_shape(self, inputs_shape, length_shape=None):
        return inputs_shape[:-1]

    def get_config(self):
        return {
            **super().get_config(),
            "layer": keras.saving.serialize_keras_object(self.layer),
            "norm": self.norm,
            "weight": self.weight,
            "bias": self.bias,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }

    @classmethod
    def from_config(cls, config):
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})
