"""Medians and ranges over rounds, in which two sides take turns."""

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], digits: int) -> dict[str, float]:
    """The median of the rounds, the least and the most."""
    found = {
        "median": statistics.median(values),
        "least": min(values),
        "most": max(values),
    }
    return {name: round(x, digits) for name, x in found.items()}


def ratio(
    ours: Sequence[float], theirs: Sequence[float], digits: int
) -> dict[str, float]:
    """The ratio of the medians, and the range of the ratios of the rounds."""
    medians = statistics.median(ours) / statistics.median(theirs)
    ratios = [x / y for x, y in zip(ours, theirs, strict=True)]
    return {**spread(ratios, digits), "median": round(medians, digits)}
