"""Draws one pose of each class."""

import math
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from stalstm import files
from stalstm.show.bodies import (
    LEFT_COLOR,
    RIGHT_COLOR,
    draw_bodies,
    set_view,
)
from stalstm.skeletons import Skeleton

COLUMNS = 8
SIZE = (1.7, 2.3)  # inches, of one pose
TITLE, TOP = 0.3, 0.3  # inches, for a name, and above all
LONGEST = 20  # characters of a name


def draw(poses: Sequence[tuple[str, np.ndarray]], skeleton: Skeleton) -> Figure:
    """Draws poses in a grid, left and right of the bodies in two colours.

    Args:
        poses: The name of each class and a pose, `(bodies, joints, 3)`, metres
            in camera space. An absent body is all zeros; one at least is not.
        skeleton: The joints of each body.
    """
    columns = min(COLUMNS, math.ceil(math.sqrt(2 * len(poses))), len(poses))
    rows = math.ceil(len(poses) / columns)
    width, height = columns * SIZE[0], rows * SIZE[1] + TOP
    figure = Figure(figsize=(width, height))
    for number, (name, pose) in enumerate(poses):
        row, column = divmod(number, columns)
        left, bottom = column * SIZE[0], (rows - 1 - row) * SIZE[1]
        axes: Any = figure.add_axes(
            (
                left / width,
                bottom / height,
                SIZE[0] / width,
                (SIZE[1] - TITLE) / height,
            )
        )
        axes.set_axis_off()
        draw_bodies(axes, pose, skeleton, sides=True)
        set_view(axes, pose)
        figure.text(
            (left + SIZE[0] / 2) / width,
            (bottom + SIZE[1] - 0.9 * TITLE) / height,
            name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…",
            horizontalalignment="center",
            verticalalignment="bottom",
            size=9,
            parse_math=False,  # Two $ in a name are no formula.
        )
    top = 1 - 0.5 * TOP / height
    for x, text, color, alignment in (
        (0.1, "right", RIGHT_COLOR, "left"),
        (width - 0.1, "left", LEFT_COLOR, "right"),
    ):
        figure.text(
            x / width,
            top,
            text,
            color=color,
            horizontalalignment=alignment,
            verticalalignment="center",
        )
    return figure


def write(
    path: pathlib.Path,
    poses: Sequence[tuple[str, np.ndarray]],
    skeleton: Skeleton,
) -> None:
    """Writes a picture, of the format that the suffix of `path` names.

    Raises:
        OSError: It cannot be written.
    """
    figure = draw(poses, skeleton)
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(path) as temporary, warnings.catch_warnings():
        # The font lacks letters of some names: boxes are drawn instead.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(temporary, dpi=100)
