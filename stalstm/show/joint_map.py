"""Draws the attention of every joint over time, as Figure 6 of the paper."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from stalstm.skeletons import Skeleton

WIDTH = 8.0  # inches
LINE = 0.17  # inches, of one joint
AROUND = 0.75  # inches, of titles and axes of a map
# From dark to light in a grey print, and for the colour-blind.
COLORS = "cividis"
ABSENT = "white"


def draw(
    joints: Skeleton, spatial_attention: np.ndarray, title: str = ""
) -> Figure:
    """Draws a map of joints and frames for each body that ever appears.

    Args:
        joints: The joints of each body.
        spatial_attention: alpha, `(frames, bodies * joints)`, the joints of
            the first body first. Zeros are no attention at all: a body that is
            absent.
        title: Title of the figure.
    """
    frames = len(spatial_attention)
    names = joints.joints
    alpha = spatial_attention.reshape(frames, -1, len(names))
    bodies = [n for n in range(alpha.shape[1]) if alpha[:, n].any()] or [0]
    height = len(bodies) * (LINE * len(names) + AROUND) + 0.3
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.suptitle(title, x=0.02, horizontalalignment="left")
    rows: Any = figure.subplots(len(bodies), 1, sharex=True, squeeze=False)
    shown = np.ma.masked_equal(alpha, 0.0)
    for axes, body in zip(rows[:, 0], bodies, strict=True):
        image = axes.imshow(
            shown[:, body].T,
            aspect="auto",
            interpolation="nearest",
            cmap=COLORS,
            vmin=0.0,
            vmax=float(alpha.max()) or 1.0,
            extent=(0.5, frames + 0.5, len(names) - 0.5, -0.5),
        )
        axes.set_facecolor(ABSENT)
        axes.set_title(f"body {body + 1}", fontsize="medium")
        axes.set_yticks(range(len(names)), names, fontsize="x-small")
        axes.set_ylabel("joint")
    rows[-1, 0].set_xlabel("frame t")
    figure.colorbar(image, ax=rows, label=r"attention $\alpha$", pad=0.01)
    return figure
