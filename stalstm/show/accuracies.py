"""Draws the accuracies of several methods, as Figure 7 of the paper."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

SIZE = (8.0, 0.55)  # inches: the width, and the height of one method


def draw(
    names: Sequence[str],
    accuracies: Sequence[Sequence[float]],
    published: Sequence[float | None] | None = None,
    title: str = "",
) -> Figure:
    """Draws a bar for each method, and where its source has it.

    Args:
        names: Names of the methods.
        accuracies: Those of each method by seed, 0 to 1. The bar is their mean,
            the whisker their standard deviation.
        published: What was published of each method, 0 to 1.
        title: Title of the figure.
    """
    figure = Figure(
        figsize=(SIZE[0], SIZE[1] * len(names) + 1.2), layout="constrained"
    )
    figure.suptitle(title, x=0.02, horizontalalignment="left")
    axes: Any = figure.subplots()
    means = np.array([100 * np.mean(x) for x in accuracies])
    spreads = [
        100 * np.std(x, ddof=1) if len(x) > 1 else np.nan for x in accuracies
    ]
    places = np.arange(len(names))
    axes.barh(places, means, xerr=spreads, color="0.7", capsize=3, label="ours")
    for place, mean in zip(places, means, strict=True):
        axes.annotate(
            f"{mean:.1f}",
            (0, place),
            (4, 0),
            textcoords="offset points",
            verticalalignment="center",
        )
    known = [
        (100 * x, place)
        for place, x in enumerate(published or [])
        if x is not None
    ]
    if known:
        axes.scatter(
            *zip(*known, strict=True),
            marker="D",
            color="#0072b2",
            zorder=3,
            label="published",
        )
        figure.legend(loc="outside lower center", ncols=2)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xlabel("accuracy (%)")
    axes.set_xlim(0, 100)
    return figure
