"""Draws poses with attention, as Figure 5 of the paper.

Song et al. (AAAI 2017), section 5.2.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from stalstm.show.bodies import draw_bodies, set_view
from stalstm.skeletons import Skeleton

SIZE = (10.0, 5.4)  # inches
POSES_ONLY = (10.0, 3.0)  # inches, without temporal attention
# Area of the largest circle, in square points.
LARGEST = 220.0
CIRCLE = {"facecolor": "#c4000040", "edgecolor": "#c40000", "zorder": 3}


def draw(
    skeleton: np.ndarray,
    joints: Skeleton,
    spatial_attention: np.ndarray | None,
    temporal_attention: np.ndarray | None,
    title: str = "",
    poses: int = 5,
    marked: int = 8,
) -> Figure:
    """Draws poses with their spatial attention above the temporal attention.

    Args:
        skeleton: `(frames, bodies, joints, 3)`, metres in camera space. An
            absent body is all zeros.
        joints: The joints of each body, and the bones between them.
        spatial_attention: alpha, `(frames, bodies * joints)`; `None` of a model
            without it.
        temporal_attention: beta, `(frames,)`, or `None`.
        title: Title of the figure.
        poses: Number of frames to draw, evenly spaced.
        marked: Number of joints to mark in each frame, those with the largest
            attention.
    """
    frames = len(skeleton)
    poses = min(poses, frames)
    # Each pose is drawn above its frame on the time axis.
    times = ((np.arange(poses) + 0.5) * frames / poses - 0.5).round()
    times = times.astype(int)
    size = POSES_ONLY if temporal_attention is None else SIZE
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, x=0.02, horizontalalignment="left")
    heights = [2.4] if temporal_attention is None else [2.4, 1, 1]
    rows = figure.add_gridspec(len(heights), poses, height_ratios=heights)
    largest = 0.0
    if spatial_attention is not None:
        largest = float(spatial_attention.max())

    for column, time in enumerate(times):
        axes = figure.add_subplot(rows[0, column])
        draw_bodies(axes, skeleton[time], joints)
        if spatial_attention is not None:
            _mark_joints(
                axes, skeleton[time], spatial_attention[time], marked, largest
            )
        set_view(axes, skeleton)
        axes.set_title(f"frame {time + 1}", fontsize="medium")
        axes.set_xlabel("x (m)")
        axes.tick_params(labelleft=column == 0)
    figure.axes[0].set_ylabel("y (m)")
    if largest:
        _explain_sizes(figure, largest)
    if temporal_attention is not None:
        _draw_beta(figure, rows, temporal_attention, times)
    return figure


def _draw_beta(figure, rows, temporal_attention, times):
    """Beta and its change, with a line at each pose."""
    frames = len(temporal_attention)
    number = np.arange(1, frames + 1)
    beta = figure.add_subplot(rows[1, :])
    beta.plot(number, temporal_attention, color="black", marker=".")
    beta.set_ylabel(r"attention $\beta_t$")
    beta.tick_params(labelbottom=False)
    change = figure.add_subplot(rows[2, :], sharex=beta)
    change.bar(number[1:], np.diff(temporal_attention), color="0.4", width=0.6)
    change.axhline(0.0, color="black", linewidth=0.8)
    change.set_ylabel(r"$\beta_t - \beta_{t-1}$")
    change.set_xlabel("frame t")
    change.set_xlim(0.5, frames + 0.5)
    change.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (beta, change):
        for time in times:
            axes.axvline(time + 1, color="0.75", linestyle=":", zorder=0)


def _mark_joints(axes, pose, attention, marked, largest):
    """Circles whose areas are in proportion to the attention."""
    best = np.argsort(attention)[::-1][:marked]
    best = best[attention[best] > 0]
    points = pose.reshape(-1, 3)[best]
    sizes = LARGEST * attention[best] / largest
    axes.scatter(points[:, 0], points[:, 1], s=sizes, **CIRCLE)


def _explain_sizes(figure, largest):
    axes, parts = figure.axes[0], (1.0, 0.25)
    handles = [axes.scatter([], [], s=LARGEST * x, **CIRCLE) for x in parts]
    labels = [rf"$\alpha$ = {x * largest:.2g}" for x in parts]
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
