"""Stages of a training."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Stage:
    """One `model.fit`. A training is a tuple of stages, run in turn.

    Networks are named by the attributes of the model.

    Attributes:
        name: Name of the stage, and of the file of its result.
        iterations: Number of batches.
        fixed: Networks whose weights stay as they are.
        starts_from: For each network the stage whose result it starts from;
            the others keep their initial weights.
        starts_anew: Sub-layers of such a network that nevertheless keep their
            initial weights.
        arguments: Arguments of the model that differ from the recipe's.
    """

    name: str
    iterations: int
    fixed: tuple[str, ...] = ()
    starts_from: Mapping[str, str] = dataclasses.field(default_factory=dict)
    starts_anew: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict
    )
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
