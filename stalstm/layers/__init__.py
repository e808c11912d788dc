"""The layers of the network."""

from stalstm.layers.main_lstm import MainLSTM
from stalstm.layers.spatial_attention import SpatialAttention
from stalstm.layers.temporal_attention import TemporalAttention

__all__ = ["MainLSTM", "SpatialAttention", "TemporalAttention"]
