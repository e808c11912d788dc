"""Temporal attention with a frame-selection gate."""

import keras
from keras import ops

from stalstm.layers import sequences


@keras.saving.register_keras_serializable("stalstm")
class TemporalAttention(keras.layers.Wrapper):
    """Temporal attention with a frame-selection gate.

    Song et al. (AAAI 2017), section 4.2. From all joints of a frame and from
    the hidden variables of a recurrent layer at the frame before it, the
    frame's importance (equation 6):

        beta_t = ReLU(w_x x_t + w_h h_{t-1} + b)

    The layer owns the third term of the loss (equation 7), which keeps beta
    under control, over the clip's own T frames:

        lambda2 / T * sum_t ||beta_t||

    Args:
        layer: The wrapped recurrent layer, a `keras.layers.LSTM`, `GRU` or
            `SimpleRNN` that returns sequences.
        beta_norm: `"l2"`, the l2 norm of equation (7), which for one number is
            its absolute value; `"square"`, its square, the usual l2 penalty.
        lambda2: Weight of that term; 0 adds no loss.
        beta_bias: Initial value of b. At 1, training begins near "temporal
            attention weights being fixed as ones"; at 0, with most frames
            ignored.
        kernel_initializer: Initializer of w_x and w_h.
        kernel_regularizer: Regularizer of w_x and w_h.

    Call arguments:
        inputs: `(batch, frames, features)`, the coordinates of all joints.
        length: `(batch,)`, number of frames of each clip; all by default.

    Returns:
        beta, `(batch, frames)`, float32; zero beyond a clip's length.
    """

    def __init__(
        self,
        layer,
        beta_norm: str = "l2",
        lambda2: float = 0.0,
        beta_bias: float = 1.0,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        sequences.check_recurrent(layer)
        if beta_norm not in ("l2", "square"):
            raise ValueError(
                '`beta_norm` must be "l2" or "square". '
                f"Received: beta_norm={beta_norm!r}"
            )
        super().__init__(layer, **kwargs)
        self.beta_norm = beta_norm
        self.lambda2 = lambda2
        self.beta_bias = beta_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.input_projection = self._dense(
            bias_initializer=keras.initializers.Constant(beta_bias),
            name="input_projection",
        )
        self.hidden_projection = self._dense(
            use_bias=False, name="hidden_projection"
        )

    def _dense(self, **kwargs):
        return keras.layers.Dense(
            1,
            # Clone: a shared initializer would give kernels of equal shape
            # the same values.
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
        if self.lambda2:
            # ReLU has made beta its own absolute value.
            norm = ops.square(beta) if self.beta_norm == "square" else beta
            loss = sequences.masked_mean(norm, mask)
            self.add_loss(self.lambda2 * ops.mean(loss))
        return beta

    def initial_state(self, batch_size: int):
        """State before the first frame."""
        return self.layer.cell.get_initial_state(batch_size)

    def step(self, inputs, state):
        """One frame.

        Args:
            inputs: `(batch, features)`.
            state: State after the frame before, or `initial_state`.

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
            "beta_norm": self.beta_norm,
            "lambda2": self.lambda2,
            "beta_bias": self.beta_bias,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }
