"""Spatial attention with joint-selection gates."""

import keras
from keras import ops

from stalstm.layers import sequences


@keras.saving.register_keras_serializable("stalstm")
class SpatialAttention(keras.layers.Wrapper):
    """Spatial attention with joint-selection gates.

    Song et al. (AAAI 2017), section 4.1. From all joints of a frame and from
    the hidden variables of a recurrent layer at the frame before it, a score
    for each of the K joints (equation 2), normalised over the joints
    (equation 3):

        s_t = U_s tanh(W_xs x_t + W_hs h_{t-1} + b_s) + b_us
        alpha_t = softmax(s_t)

    The layer owns the second term of the loss (equation 7), which draws each
    joint's attention, averaged over the clip's own T frames, towards one:

        lambda1 * sum_k (1 - sum_t alpha_{t,k} / T)^2

    A joint that is absent, as those of a second performer may be, takes no
    attention: it leaves the softmax of its frame, and its T counts the frames
    in which it is present.

    Args:
        layer: The wrapped recurrent layer, a `keras.layers.LSTM`, `GRU` or
            `SimpleRNN` that returns sequences.
        joints: K, number of joints that share the attention.
        units: Size of the hidden layer of equation (2).
        alpha_scale: `"joints"` multiplies the softmax by K, the number of
            joints that are present, so that the gates have mean one, which
            "attention weights being fixed as ones" (Algorithm 1) and "sum_t
            alpha_{t,k} close to T" (below equation 7) ask for. `"softmax"` is
            equation (3) to the letter.
        lambda1: Weight of that term; 0 adds no loss.
        kernel_initializer: Initializer of U_s, W_xs and W_hs.
        kernel_regularizer: Regularizer of U_s, W_xs and W_hs.

    Call arguments:
        inputs: `(batch, frames, features)`, the coordinates of all joints.
        length: `(batch,)`, number of frames of each clip; all by default.
        present: `(batch, frames, joints)` bool; all by default.

    Returns:
        alpha, `(batch, frames, joints)`, float32; zero beyond a clip's length
        and for joints that are absent.
    """

    def __init__(
        self,
        layer,
        joints: int,
        units: int = 100,
        alpha_scale: str = "joints",
        lambda1: float = 0.0,
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        sequences.check_recurrent(layer)
        if alpha_scale not in ("joints", "softmax"):
            raise ValueError(
                '`alpha_scale` must be "joints" or "softmax". '
                f"Received: alpha_scale={alpha_scale!r}"
            )
        super().__init__(layer, **kwargs)
        self.joints = joints
        self.units = units
        self.alpha_scale = alpha_scale
        self.lambda1 = lambda1
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.input_projection = self._dense(units, name="input_projection")
        self.hidden_projection = self._dense(
            units, use_bias=False, name="hidden_projection"
        )
        self.score = self._dense(joints, name="score")

    def _dense(self, units, **kwargs):
        return keras.layers.Dense(
            units,
            # Clone: a shared initializer would give kernels of equal shape
            # the same values.
            kernel_initializer=self.kernel_initializer.clone(),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            **kwargs,
        )

    def build(self, inputs_shape, length_shape=None, present_shape=None):
        features = inputs_shape[-1]
        self.layer.build((None, None, features))
        self.input_projection.build((None, None, features))
        self.hidden_projection.build((None, None, self.layer.units))
        self.score.build((None, None, self.units))
        self.built = True

    def call(self, inputs, length=None, present=None):
        hidden = sequences.previous(self.layer(inputs))
        alpha = self._gates(inputs, hidden, present)
        mask = sequences.mask(alpha, length)[..., None]
        if present is not None:
            mask = mask * ops.cast(present, mask.dtype)
        alpha = alpha * mask
        if self.lambda1:
            mean = sequences.masked_mean(alpha, mask)
            ever = ops.cast(ops.any(mask > 0, axis=1), mean.dtype)
            loss = ops.sum(ever * ops.square(1.0 - mean), axis=-1)
            self.add_loss(self.lambda1 * ops.mean(loss))
        return alpha

    def initial_state(self, batch_size: int):
        """State before the first frame."""
        return self.layer.cell.get_initial_state(batch_size)

    def step(self, inputs, state, present=None):
        """One frame.

        Args:
            inputs: `(batch, features)`.
            state: State after the frame before, or `initial_state`.
            present: `(batch, joints)` bool; all by default.

        Returns:
            alpha `(batch, joints)`, and the new state.
        """
        alpha = self._gates(inputs, state[0], present)
        _, state = self.layer.cell(inputs, state)
        return alpha, state

    def _gates(self, inputs, hidden, present):
        """Equations (2) and (3)."""
        score = self.score(
            ops.tanh(
                self.input_projection(inputs) + self.hidden_projection(hidden)
            )
        )
        score = ops.cast(score, "float32")
        number = self.joints
        if present is not None:
            score = ops.where(present, score, -1e9)
            present = ops.cast(present, "float32")
            number = ops.sum(present, axis=-1, keepdims=True)
        alpha = ops.softmax(score, axis=-1)
        if present is not None:
            alpha = alpha * present
        return alpha * number if self.alpha_scale == "joints" else alpha

    def compute_output_shape(
        self, inputs_shape, length_shape=None, present_shape=None
    ):
        return (*inputs_shape[:-1], self.joints)

    def get_config(self):
        return {
            **super().get_config(),
            "joints": self.joints,
            "units": self.units,
            "alpha_scale": self.alpha_scale,
            "lambda1": self.lambda1,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
            "kernel_regularizer": keras.regularizers.serialize(
                self.kernel_regularizer
            ),
        }
