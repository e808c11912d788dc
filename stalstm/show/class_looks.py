"""Draws where a model looks in the clips of each class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

WIDTH = 9.0  # inches
LINE = 0.22  # inches, of one class
AROUND = 1.6  # inches, of names and axes
COLORS = "cividis"


def draw(
    classes: Sequence[str],
    looks: np.ndarray,
    columns: Sequence[str],
    title: str = "",
) -> Figure:
    """Draws a map with a row for each class.

    Args:
        classes: Names of the classes.
        looks: `(classes, columns)`, attention; 1 is the mean of a clip. NaN is
            drawn as nothing.
        columns: Names of the columns, or of the first and the last one.
        title: Title of the figure.
    """
    height = LINE * len(classes) + AROUND
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.suptitle(title, x=0.02, horizontalalignment="left")
    axes: Any = figure.subplots()
    image = axes.imshow(
        looks,
        aspect="auto",
        interpolation="nearest",
        cmap=COLORS,
        vmin=0.0,
        vmax=max(2.0, float(np.nanmax(looks, initial=0.0))),
    )
    size = "small" if len(classes) <= 20 else "xx-small"
    axes.set_yticks(range(len(classes)), classes, size=size, parse_math=False)
    last = looks.shape[1] - 1
    places = range(last + 1) if len(columns) > 2 else (0, last)
    axes.set_xticks(
        places,
        columns,
        size="small",
        rotation=40 if len(columns) > 2 else 0,
        rotation_mode="anchor",
        horizontalalignment="right" if len(columns) > 2 else "center",
        parse_math=False,
    )
    figure.colorbar(image, label="attention, 1 is the mean", pad=0.01)
    return figure
