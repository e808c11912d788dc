"""The spatio-temporal attention LSTM."""

import dataclasses

import keras
from keras import ops

from stalstm.fields import ours, paper
from stalstm.layers import LSTM, MainLSTM, SpatialAttention, TemporalAttention
from stalstm.layers.pooling import pool
from stalstm.models import classifier


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arguments(classifier.Arguments):
    """Arguments of `STALSTM`: sections 4.1 to 4.3 and 5.1 of the paper."""

    # With both attentions, the STA-LSTM; the other configurations of Figure 7
    # have one or none.
    spatial_attention: bool = paper(True)
    temporal_attention: bool = paper(True)
    main_layers: int = paper(3, at_least=1)
    # Of every LSTM layer, and of the hidden layer of equation (2).
    units: int = paper(100, at_least=1)
    # Part of the connections of each recurrent matrix that a training step
    # leaves out.
    weight_drop: float = ours(0.0, at_least=0, below=1)
    # "joints" makes alpha's mean one; "softmax" is equation (3) as written.
    alpha_scale: str = ours("joints", choices=("joints", "softmax"))
    # What beta starts from.
    beta_bias: float = ours(1.0)
    # Over time: the sum of equation (4), or the mean.
    pooling: str = paper("sum", choices=("sum", "mean"))
    # What the pooled scores are multiplied by: a mean is smaller than a sum.
    pooling_scale: float = ours(1.0, at_least=0)

    # The loss, equation (7).
    lambda1: float = paper(0.0, at_least=0, per_data_set=True)
    lambda2: float = paper(0.0, at_least=0, per_data_set=True)
    lambda3: float = paper(0.0, at_least=0, per_data_set=True)
    beta_norm: str = paper("l2", choices=("l2", "square"))
    # What W_uv covers: all connection matrices of the three networks, all but
    # the recurrent ones, or those of the main LSTM network.
    l1_matrices: str = ours("all", choices=("all", "inputs", "main"))


@keras.saving.register_keras_serializable("stalstm")
class STALSTM(classifier.Classifier):
    """The spatio-temporal attention LSTM (STA-LSTM).

    Song et al., "An End-to-End Spatio-Temporal Attention Model for Human
    Action Recognition from Skeleton Data", AAAI 2017: sections 4.1 to 4.3,
    Figures 3 and 4. The spatial attention alpha scales the joints of every
    frame, the main LSTM network scores the classes at every frame (z_t), and
    the temporal attention beta weighs those scores (equations 4 and 5):

        o = sum_t beta_t z_t            p = softmax(o)

    The loss of equation (7): compile with softmax cross-entropy on logits (its
    first term); the attention layers own the second and third, the kernels
    carry the fourth.

    The six configurations of Figure 7:

        LSTM                  spatial_attention=False, temporal_attention=False
        SA-LSTM (w/o reg.)    temporal_attention=False, lambda1=0
        SA-LSTM               temporal_attention=False
        TA-LSTM (w/o reg.)    spatial_attention=False, lambda2=0
        TA-LSTM               spatial_attention=False
        STA-LSTM              (both)

    An attention that is absent is "fixed as ones" (Algorithm 1).

    Arguments, call arguments and outputs are those of `Classifier`; its own
    are the fields of `Arguments`. `logits` are o of equation (4),
    `spatial_attention` is alpha, `temporal_attention` beta.
    """

    Arguments = Arguments

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        arguments = self.arguments
        main = arguments.l1_matrices == "main"

        self.spatial_attention = None
        if arguments.spatial_attention:
            self.spatial_attention = SpatialAttention(
                self.own_lstm("spatial_lstm", not main),
                joints=self.joints,
                units=arguments.units,
                alpha_scale=arguments.alpha_scale,
                lambda1=arguments.lambda1,
                kernel_initializer=self.initializer(),
                kernel_regularizer=self.l1(not main),
                dtype=self.dtype_policy,
                name="spatial_attention",
            )
        self.temporal_attention = None
        if arguments.temporal_attention:
            self.temporal_attention = TemporalAttention(
                self.own_lstm("temporal_lstm", not main),
                beta_norm=arguments.beta_norm,
                beta_bias=arguments.beta_bias,
                lambda2=arguments.lambda2,
                kernel_initializer=self.initializer(),
                kernel_regularizer=self.l1(not main),
                dtype=self.dtype_policy,
                name="temporal_attention",
            )
        self.main_lstm = MainLSTM(
            [
                self.own_lstm(f"lstm_{i}")
                for i in range(1, arguments.main_layers + 1)
            ],
            len(self.classes),
            dropout=arguments.dropout,
            kernel_initializer=self.initializer(),
            kernel_regularizer=self.l1(),
            dtype=self.dtype_policy,
            name="main_lstm",
        )

    def own_lstm(self, name: str, l1: bool = True) -> LSTM:
        """An LSTM layer as the arguments ask for.

        Args:
            name: Name of the layer.
            l1: Whether the l1 norm covers the network that it belongs to.
        """
        return self.lstm(
            name,
            l1,
            recurrent_l1=l1 and self.arguments.l1_matrices != "inputs",
            weight_drop=self.arguments.weight_drop,
        )

    @property
    def attentions(self):
        names = ("spatial_attention", "temporal_attention")
        return tuple(x for x in names if getattr(self, x) is not None)

    def build_network(self, features_shape):
        for name in (*self.attentions, "main_lstm"):
            getattr(self, name).build(features_shape)

    def classify(self, features, present, length, training):
        outputs = {}
        attended = features
        if self.spatial_attention is not None:
            alpha = self.spatial_attention(features, length, present)
            attended = features * ops.repeat(alpha, self.channels, axis=-1)
            outputs["spatial_attention"] = alpha
        scores = self.main_lstm(attended, training=training)
        scores = ops.cast(scores, "float32")
        if self.temporal_attention is not None:
            beta = self.temporal_attention(features, length)
            outputs["temporal_attention"] = beta
            scores = scores * beta[..., None]
        logits = pool(scores, length, self.arguments.pooling)
        logits = self.arguments.pooling_scale * logits
        return {"logits": logits, **outputs}

    def network_state(self, batch_size):
        networks = (*self.attentions, "main_lstm")
        scores = ops.zeros((batch_size, len(self.classes)), "float32")
        return {
            "memory": {
                x: getattr(self, x).initial_state(batch_size) for x in networks
            },
            "scores": scores,
            "lost": scores,
        }

    def classify_frame(self, features, present, valid, frames, state):
        memory, new, outputs = state["memory"], {}, {}
        attended, weight = features, valid
        if self.spatial_attention is not None:
            alpha, new["spatial_attention"] = self.spatial_attention.step(
                features, memory["spatial_attention"], present
            )
            attended = features * ops.repeat(alpha, self.channels, axis=-1)
            outputs["spatial_attention"] = alpha * valid[:, None]
        if self.temporal_attention is not None:
            beta, new["temporal_attention"] = self.temporal_attention.step(
                features, memory["temporal_attention"]
            )
            weight = beta * valid
            outputs["temporal_attention"] = weight
        z, new["main_lstm"] = self.main_lstm.step(attended, memory["main_lstm"])
        weighted = ops.cast(z, "float32") * weight[:, None]
        # Kahan's sum: what rounding has lost comes back with the next frame,
        # so that a stream can go on for years.
        weighted = weighted - state["lost"]
        scores = state["scores"] + weighted
        lost = (scores - state["scores"]) - weighted
        logits = scores
        if self.arguments.pooling == "mean":
            logits = logits / ops.maximum(frames, 1.0)[:, None]
        logits = self.arguments.pooling_scale * logits
        memory = classifier.updated(new, memory, valid)
        state = {"memory": memory, "scores": scores, "lost": lost}
        return {"logits": logits, **outputs}, state


MODEL = STALSTM
