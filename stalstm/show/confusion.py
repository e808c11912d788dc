"""Draws a confusion matrix."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

# With more classes than this, the numbers of clips are not written.
WRITTEN = 20
CELL = 0.42, 0.14  # inches, of one class with and without its number
COLORS = "Greys"


def draw(
    confusion: np.ndarray, classes: Sequence[str], title: str = ""
) -> Figure:
    """Draws how many clips of each class were taken for which.

    The shade of a cell is the share of its class's clips.

    Args:
        confusion: `(classes, classes)`, clips; rows are true classes, columns
            predictions.
        classes: Names of the classes, in the order of the labels.
        title: Title of the figure.
    """
    confusion = np.asarray(confusion)
    written = len(classes) <= WRITTEN
    side = CELL[0 if written else 1] * len(classes) + 2.2
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    figure.suptitle(title, x=0.02, horizontalalignment="left")
    axes: Any = figure.subplots()
    clips = confusion.sum(axis=1, keepdims=True)
    share = 100 * confusion / np.maximum(clips, 1)
    image = axes.imshow(share, cmap=COLORS, vmin=0, vmax=100)
    size = "small" if written else "xx-small"
    places = range(len(classes))
    axes.set_xticks(
        places,
        classes,
        size=size,
        rotation=40 if written else 90,
        rotation_mode="anchor",
        horizontalalignment="right",
        verticalalignment="center",
        parse_math=False,
    )
    axes.set_yticks(places, classes, size=size, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if written:
        for row, column in np.argwhere(confusion):
            axes.text(
                column,
                row,
                confusion[row, column],
                color="white" if share[row, column] > 50 else "black",
                horizontalalignment="center",
                verticalalignment="center",
            )
    figure.colorbar(image, label="share of the class's clips (%)", shrink=0.8)
    return figure
