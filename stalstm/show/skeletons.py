"""Draws the skeletons that ship, with the indices of their joints.

    python -m stalstm.show.skeletons --out=docs/skeletons

They face the camera: a person's left is on the right of the image.
"""

import io
import pathlib
from typing import Any

import numpy as np
from absl import app
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL import Image

from stalstm import files
from stalstm.paths import DEFINE_path
from stalstm.show.bodies import (
    LEFT_COLOR,
    RIGHT_COLOR,
    draw_bodies,
    set_view,
    side_color,
)
from stalstm.skeletons import SHIPPED, Skeleton, standing

SIZE = (3.0, 5.3)  # inches
TEXT = 9  # points
COLORS = 32
# Distances of indices, in metres: from the body at its sides, from a joint in
# the middle, from the head above it, and from one index to the next.
ASIDE, BESIDE, ABOVE, LINE = 0.13, 0.06, 0.12, 0.06


def draw(skeleton: Skeleton) -> Figure:
    """Draws a person who stands, with the index of every joint.

    Args:
        skeleton: One that `stalstm.skeletons.standing` takes.
    """
    body = standing(skeleton)
    figure = Figure(figsize=SIZE)
    axes: Any = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    draw_bodies(axes, body[None], skeleton, sides=True)
    colors = [side_color(skeleton, [joint]) for joint in skeleton.joints]
    axes.scatter(body[:, 0], body[:, 1], s=14, c=colors, zorder=3)
    for number, place in enumerate(_places_of_indices(body)):
        axes.annotate(
            str(number),
            body[number, :2],
            place,
            size=TEXT,
            horizontalalignment="center",
            verticalalignment="center",
            arrowprops={
                "arrowstyle": "-",
                "color": "0.6",
                "linewidth": 0.5,
                "shrinkA": 0.0,
                "shrinkB": 2.0,
            },
            path_effects=[withStroke(linewidth=2.0, foreground="white")],
            zorder=4,
        )
    set_view(axes, body)
    figure.text(0.04, 0.96, "right", color=RIGHT_COLOR, size=TEXT)
    figure.text(
        0.96,
        0.96,
        "left",
        color=LEFT_COLOR,
        size=TEXT,
        horizontalalignment="right",
    )
    return figure


def _places_of_indices(body):
    """Where the index of each joint is written, `(joints, 2)`.

    In columns at both sides, beside the joints in the middle, and above the
    head.
    """
    x, y = body[:, 0], body[:, 1]
    places = body[:, :2].copy()
    for side in (-1, 1):
        joints = np.flatnonzero(side * x > 0)
        joints = joints[np.argsort(-y[joints], kind="stable")]
        places[joints, 0] = side * (np.abs(x).max() + ASIDE)
        places[joints, 1] = _spread(y[joints])
    middle = np.flatnonzero(x == 0)
    places[middle, 0] -= BESIDE
    head = middle[np.argmax(y[middle])]
    places[head] = x[head], y[head] + ABOVE
    return places


def _spread(heights):
    """Falling heights, moved as little as leaves a line between any two."""
    # Without the lines between them, heights that would be out of order share
    # their mean.
    lines = LINE * np.arange(len(heights))
    groups: list[list[float]] = []
    for height in heights + lines:
        groups.append([height])
        while len(groups) > 1 and np.mean(groups[-2]) < np.mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    return np.concatenate([np.full(len(x), np.mean(x)) for x in groups]) - lines


def write(folder: pathlib.Path) -> None:
    """Writes `<name>.png` for every skeleton that ships."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, skeleton in SHIPPED.items():
        full = io.BytesIO()
        draw(skeleton).savefig(full, dpi=200)
        # A third of the size, and they look the same.
        small = Image.open(full).convert("RGB").quantize(COLORS)
        with files.replacing(folder / f"{name}.png") as temporary:
            small.save(temporary, optimize=True)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    write(OUT.value)
    print(f"The pictures of {', '.join(SHIPPED)} are in {OUT.value}.")


if __name__ == "__main__":
    OUT = DEFINE_path("out", None, "Folder for the pictures.", required=True)
    app.run(main)
