"""Layers between camera space and the network; see `FrameLayer`.

A new one is a file with a layer and its recipe fields, and a name in `FIELDS`.
"""

from stalstm.preprocessing.body_axes import BodyAxes, BodyAxesFields
from stalstm.preprocessing.body_order import BodyOrder, BodyOrderFields
from stalstm.preprocessing.body_relative import (
    BodyRelative,
    BodyRelativeFields,
)
from stalstm.preprocessing.body_scale import BodyScale, BodyScaleFields
from stalstm.preprocessing.distances import Distances, DistancesFields
from stalstm.preprocessing.frame_layer import FrameLayer, FrameLayerFields
from stalstm.preprocessing.heading import Heading, HeadingFields
from stalstm.preprocessing.origin import Origin, OriginFields
from stalstm.preprocessing.smoothing import Smoothing, SmoothingFields
from stalstm.preprocessing.stride import Stride, StrideFields
from stalstm.preprocessing.velocity import Velocity, VelocityFields

# In the order in which a model applies the layers.
FIELDS: tuple[type[FrameLayerFields], ...] = (
    SmoothingFields,
    StrideFields,
    BodyOrderFields,
    OriginFields,
    HeadingFields,
    BodyAxesFields,
    BodyScaleFields,
    VelocityFields,
    DistancesFields,
    BodyRelativeFields,
)

__all__ = [
    "FIELDS",
    "BodyAxes",
    "BodyOrder",
    "BodyRelative",
    "BodyScale",
    "Distances",
    "FrameLayer",
    "FrameLayerFields",
    "Heading",
    "Origin",
    "Smoothing",
    "Stride",
    "Velocity",
]
