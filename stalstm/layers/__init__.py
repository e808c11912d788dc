"""The layers of the network."""

from stalstm.layers.lstm import LSTM
from stalstm.layers.main_lstm import MainLSTM
from stalstm.layers.spatial_attention import SpatialAttention
from stalstm.layers.temporal_attention import TemporalAttention

__all__ = ["LSTM", "MainLSTM", "SpatialAttention", "TemporalAttention"]
