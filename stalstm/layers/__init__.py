"""The layers of the networks."""

from stalstm.layers.bidirectional import Bidirectional
from stalstm.layers.bidirectional_rnns import BidirectionalRNNs
from stalstm.layers.co_occurrence import CoOccurrence
from stalstm.layers.dropout import Dropout
from stalstm.layers.in_depth_lstm import InDepthLSTM
from stalstm.layers.lstm import LSTM
from stalstm.layers.main_lstm import MainLSTM
from stalstm.layers.modality_dropout import ModalityDropout
from stalstm.layers.part_lstm import PartLSTM
from stalstm.layers.spatial_attention import SpatialAttention
from stalstm.layers.temporal_attention import TemporalAttention

__all__ = [
    "LSTM",
    "Bidirectional",
    "BidirectionalRNNs",
    "CoOccurrence",
    "Dropout",
    "InDepthLSTM",
    "MainLSTM",
    "ModalityDropout",
    "PartLSTM",
    "SpatialAttention",
    "TemporalAttention",
]
