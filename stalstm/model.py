"""The spatio-temporal attention LSTM."""

from typing import Any

import keras
from keras import ops

from stalstm.layers import (
    MainLSTM,
    SpatialAttention,
    TemporalAttention,
    sequences,
)
from stalstm.layers.recurrence import LSTM
from stalstm.preprocessing import is_present

L1_MATRICES = ("all", "inputs", "main")


@keras.saving.register_keras_serializable("stalstm")
class STALSTM(keras.Model):
    """The spatio-temporal attention LSTM (STA-LSTM).

    Song et al., "An End-to-End Spatio-Temporal Attention Model for Human
    Action Recognition from Skeleton Data", AAAI 2017: sections 4.1 to 4.3,
    Figures 3 and 4. The spatial attention alpha scales the joints of every
    frame, the main LSTM network scores the classes at every frame (z_t), and
    the temporal attention beta weighs those scores (equations 4 and 5):

        o = sum_t beta_t z_t            p = softmax(o)

    The loss of equation (7): compile with softmax cross-entropy on logits (its
    first term); the attention layers own the second and third, the kernels
    carry the fourth. Loss and metrics given to `compile` see the logits.

    The six configurations of Figure 7:

        LSTM                  spatial_attention=False, temporal_attention=False
        SA-LSTM (w/o reg.)    temporal_attention=False, lambda1=0
        SA-LSTM               temporal_attention=False
        TA-LSTM (w/o reg.)    spatial_attention=False, lambda2=0
        TA-LSTM               spatial_attention=False
        STA-LSTM              (both)

    Args:
        num_classes: C.
        bodies, joints: of the recordings; K is their product.
        preprocessing: layers between camera space and the network (see
            `stalstm.preprocessing`), applied in this order.
        spatial_attention, temporal_attention: whether the model has them.
            Without, the attention is "fixed as ones" (Algorithm 1).
        main_layers: number of LSTM layers of the main network.
        units: of every LSTM layer, and of the hidden layer of equation (2).
        dropout: rate, on the output of each LSTM layer of the main network.
        lambda1, lambda2, lambda3: of equation (7).
        l1_matrices: what W_uv of equation (7) covers: `"all"` connection
            matrices of the three networks, `"inputs"`, all but the recurrent
            ones, or `"main"`, those of the main LSTM network.
        alpha_scale: see `SpatialAttention`.
        beta_norm, beta_bias: see `TemporalAttention`.
        pooling: `"sum"` over time as in equation (4), or `"mean"`.
        kernel_stddev: standard deviation of the Gaussian that every matrix
            starts from (Algorithm 1, step 1).

    Call arguments:
        inputs: a dict with
            skeleton: `(batch, frames, bodies, joints, 3)`, metres in camera
                space; what stands beyond a clip's length does not matter. A
                body whose joints are all zero in a frame is absent there.
            length: `(batch,)`, number of frames of each clip.

    Returns:
        A dict with
            logits: `(batch, num_classes)`, o of equation (4).
            probabilities: `(batch, num_classes)`, equation (5).
            spatial_attention: alpha, `(batch, frames, K)`, joints of the
                first body first; zero beyond the clip and for an absent body,
                else one in a model without spatial attention.
            temporal_attention: beta, `(batch, frames)`; likewise.
    """

    def __init__(
        self,
        num_classes: int,
        bodies: int = 2,
        joints: int = 15,
        preprocessing=(),
        spatial_attention: bool = True,
        temporal_attention: bool = True,
        main_layers: int = 3,
        units: int = 100,
        dropout: float = 0.0,
        lambda1: float = 0.0,
        lambda2: float = 0.0,
        lambda3: float = 0.0,
        l1_matrices: str = "all",
        alpha_scale: str = "joints",
        beta_norm: str = "l2",
        beta_bias: float = 1.0,
        pooling: str = "sum",
        kernel_stddev: float = 0.1,
        **kwargs,
    ):
        if l1_matrices not in L1_MATRICES:
            raise ValueError(
                f"`l1_matrices` must be one of {L1_MATRICES}. "
                f"Received: l1_matrices={l1_matrices!r}"
            )
        if pooling not in ("sum", "mean"):
            raise ValueError(
                '`pooling` must be "sum" or "mean". '
                f"Received: pooling={pooling!r}"
            )
        # Metres and sums over time need float32; each layer casts for itself.
        super().__init__(autocast=False, **kwargs)
        self.num_classes = num_classes
        self.bodies = bodies
        self.joints = joints
        self.preprocessing = list(preprocessing)
        self.main_layers = main_layers
        self.units = units
        self.dropout = dropout
        self.lambda1 = lambda1
        self.lambda2 = lambda2
        self.lambda3 = lambda3
        self.l1_matrices = l1_matrices
        self.alpha_scale = alpha_scale
        self.beta_norm = beta_norm
        self.beta_bias = beta_bias
        self.pooling = pooling
        self.kernel_stddev = kernel_stddev

        self.spatial_attention = None
        if spatial_attention:
            self.spatial_attention = SpatialAttention(
                self._lstm("spatial_lstm"),
                joints=bodies * joints,
                units=units,
                scale=alpha_scale,
                weight=lambda1,
                kernel_initializer=self._gaussian(),
                kernel_regularizer=self._l1(),
                dtype=self.dtype_policy,
                name="spatial_attention",
            )
        self.temporal_attention = None
        if temporal_attention:
            self.temporal_attention = TemporalAttention(
                self._lstm("temporal_lstm"),
                norm=beta_norm,
                weight=lambda2,
                bias=beta_bias,
                kernel_initializer=self._gaussian(),
                kernel_regularizer=self._l1(),
                dtype=self.dtype_policy,
                name="temporal_attention",
            )
        self.main_lstm = MainLSTM(
            [
                self._lstm(f"lstm_{i}", main=True)
                for i in range(1, main_layers + 1)
            ],
            num_classes,
            dropout=dropout,
            kernel_initializer=self._gaussian(),
            kernel_regularizer=self._l1(main=True),
            dtype=self.dtype_policy,
            name="main_lstm",
        )

    def _lstm(self, name, main=False):
        return LSTM(
            self.units,
            return_sequences=True,
            kernel_initializer=self._gaussian(),
            recurrent_initializer=self._gaussian(),
            kernel_regularizer=self._l1(main),
            recurrent_regularizer=self._l1(main, recurrent=True),
            dtype=self.dtype_policy,
            name=name,
        )

    def _gaussian(self):
        return keras.initializers.RandomNormal(stddev=self.kernel_stddev)

    def _l1(self, main=False, recurrent=False):
        """The fourth term of equation (7), where `l1_matrices` wants it."""
        covered = {"all": True, "inputs": not recurrent, "main": main}
        if self.lambda3 and covered[self.l1_matrices]:
            return keras.regularizers.L1(self.lambda3)
        return None

    def build(self, input_shape=None):
        features = (None, None, 3 * self.bodies * self.joints)
        if self.spatial_attention is not None:
            self.spatial_attention.build(features)
        if self.temporal_attention is not None:
            self.temporal_attention.build(features)
        self.main_lstm.build(features)
        self.built = True

    def call(self, inputs, training=False):
        skeleton = ops.cast(inputs["skeleton"], "float32")
        length = inputs["length"]
        mask = sequences.mask(skeleton, length)
        # Not a product with zero: beyond the length there may be NaN.
        within = ops.cast(mask[..., None, None, None], "bool")
        skeleton = ops.where(within, skeleton, 0.0)
        for layer in self.preprocessing:
            skeleton = layer(skeleton, length)
        batch, frames = ops.shape(skeleton)[:2]
        joints = self.bodies * self.joints
        features = ops.reshape(skeleton, (batch, frames, 3 * joints))
        present = self._present(skeleton)

        alpha = ops.cast(present, "float32") * mask[..., None]
        attended = features
        if self.spatial_attention is not None:
            alpha = self.spatial_attention(features, length, present)
            attended = features * ops.repeat(alpha, 3, axis=-1)
        beta = mask
        if self.temporal_attention is not None:
            beta = self.temporal_attention(features, length)
        scores = self.main_lstm(attended, training=training)
        weighted = ops.cast(scores, "float32") * beta[..., None]
        if self.pooling == "mean":
            logits = sequences.masked_mean(weighted, mask[..., None])
        else:
            logits = ops.sum(weighted, axis=1)
        return {
            "logits": logits,
            "probabilities": ops.softmax(logits),
            "spatial_attention": alpha,
            "temporal_attention": beta,
        }

    def _present(self, skeleton):
        """Which joints `(..., K)` are those of a body that is there.

        No joint of a body is all zeros in camera space: that is the sensor's
        own place. The preprocessing leaves such bodies as they are.
        """
        bodies = is_present(skeleton)[..., 0, 0]
        return ops.repeat(bodies, self.joints, axis=-1)

    def initial_state(self, batch_size: int):
        """State of streams before their first frame, for `step`."""
        shape = (batch_size, self.bodies, self.joints, 3)
        state = {
            "preprocessing": [
                x.initial_state(shape) for x in self.preprocessing
            ],
            "main_lstm": self.main_lstm.initial_state(batch_size),
            "scores": ops.zeros((batch_size, self.num_classes), "float32"),
            "frames": ops.zeros((batch_size,), "float32"),
        }
        for name in ("spatial_attention", "temporal_attention"):
            layer = getattr(self, name)
            if layer is not None:
                state[name] = layer.initial_state(batch_size)
        return state

    def step(self, frame, state, ended=None):
        """Takes one frame of each of some streams, for live recognition.

        With smoothing, what it returns is about the frame before the one
        before. Two more calls after a stream's last frame, with `ended` true,
        bring its last two frames in; then logits and probabilities are those
        that `call` gives for the whole clip.

        Args:
            frame: `(batch, bodies, joints, 3)`, metres in camera space.
            state: of the frame before, or `initial_state`.
            ended: `(batch,)` bool, streams that have no more frame; none by
                default. Their `frame` does not matter.

        Returns:
            The outputs, and the new state. A dict with
                logits, probabilities: `(batch, num_classes)`, so far.
                spatial_attention: `(batch, K)`, of the frame that came in.
                temporal_attention: `(batch,)`, likewise.
                frames: `(batch,)`, how many frames came in so far.
            Both attentions are zero where no frame came in.
        """
        batch = ops.shape(frame)[0]
        valid = ops.ones((batch,), "bool")
        if ended is not None:
            valid = ops.logical_not(ended)
        frame = ops.cast(frame, "float32")
        frame = ops.where(valid[:, None, None, None], frame, 0.0)
        prepared = []
        for layer, old in zip(
            self.preprocessing, state["preprocessing"], strict=True
        ):
            frame, valid, old = layer.step(frame, valid, old)
            prepared.append(old)
        joints = self.bodies * self.joints
        features = ops.reshape(frame, (batch, 3 * joints))
        present = self._present(frame)

        new: dict[str, Any] = {}
        alpha = ops.cast(present, "float32")
        attended = features
        if self.spatial_attention is not None:
            alpha, new["spatial_attention"] = self.spatial_attention.step(
                features, state["spatial_attention"], present
            )
            attended = features * ops.repeat(alpha, 3, axis=-1)
        beta = ops.ones((batch,), "float32")
        if self.temporal_attention is not None:
            beta, new["temporal_attention"] = self.temporal_attention.step(
                features, state["temporal_attention"]
            )
        z, new["main_lstm"] = self.main_lstm.step(attended, state["main_lstm"])
        # A stream's memory is zero before its first frame comes in, and after
        # its last one it does not matter; the scores stay.
        valid = ops.cast(valid, "float32")
        new = keras.tree.map_structure(
            lambda x: x * ops.cast(valid[:, None], x.dtype), new
        )
        beta = beta * valid
        weighted = ops.cast(z, "float32") * beta[:, None]
        new["scores"] = state["scores"] + weighted
        new["frames"] = state["frames"] + valid
        new["preprocessing"] = prepared
        logits = new["scores"]
        if self.pooling == "mean":
            logits = logits / ops.maximum(new["frames"], 1.0)[:, None]
        outputs = {
            "logits": logits,
            "probabilities": ops.softmax(logits),
            "spatial_attention": alpha * valid[:, None],
            "temporal_attention": beta,
            "frames": new["frames"],
        }
        return outputs, new

    def in_float32(self) -> "STALSTM":
        """A copy that computes in float32, as weights are stored."""
        copy = STALSTM.from_config({**self.get_config(), "dtype": "float32"})
        copy.build()
        copy.set_weights(self.get_weights())
        return copy

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        logits = y_pred["logits"]
        return super().compute_loss(x, y, logits, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, y, y_pred["logits"], sample_weight)

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "bodies": self.bodies,
            "joints": self.joints,
            "preprocessing": [
                keras.saving.serialize_keras_object(x)
                for x in self.preprocessing
            ],
            "spatial_attention": self.spatial_attention is not None,
            "temporal_attention": self.temporal_attention is not None,
            "main_layers": self.main_layers,
            "units": self.units,
            "dropout": self.dropout,
            "lambda1": self.lambda1,
            "lambda2": self.lambda2,
            "lambda3": self.lambda3,
            "l1_matrices": self.l1_matrices,
            "alpha_scale": self.alpha_scale,
            "beta_norm": self.beta_norm,
            "beta_bias": self.beta_bias,
            "pooling": self.pooling,
            "kernel_stddev": self.kernel_stddev,
        }

    @classmethod
    def from_config(cls, config):
        preprocessing = [
            keras.saving.deserialize_keras_object(x)
            for x in config["preprocessing"]
        ]
        return cls(**{**config, "preprocessing": preprocessing})
