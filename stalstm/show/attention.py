"""Draws where a model looks in a clip, as Figures 5 and 6 of the paper do.

    python -m stalstm.show.attention --workdir=workdirs/demo \
        --action=punching --number=3 --out=attention.png

draws poses and the temporal attention, as Figure 5; with --kind=joints, the
spatial attention of all joints in all frames, as Figure 6.

Song et al. (AAAI 2017), section 5.2. The clip comes from the test split of the
training, so the prepared data must still be where it was.
"""

import os
import pathlib
from typing import Any

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow_datasets as tfds
from absl import app, flags, logging

from stalstm import input_pipeline, predictors, workdir
from stalstm.paths import DEFINE_path
from stalstm.show import joint_map
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
) -> Any:
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

    Returns:
        A `matplotlib.figure.Figure`.
    """
    from matplotlib.figure import Figure

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
    from matplotlib.ticker import MaxNLocator

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


def draw_test_clip(
    folder: pathlib.Path,
    action: str | None = None,
    number: int = 1,
    kind: str = "poses",
) -> Any:
    """Draws a clip of the test split, with the answer of the trained model.

    Args:
        folder: Workdir of a finished training.
        action: Class of the clip; `None` for any.
        number: Which of the clips of this class, from 1.
        kind: `"poses"`, see `draw`, or `"joints"`, see `joint_map.draw`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: The model has no such attention, the prepared data is gone,
            or there is no such clip.
        stalstm.workdir.WorkdirError: The folder holds no finished training.
    """
    trained = workdir.load(folder)
    attentions = trained.model.attentions
    if not {"spatial_attention", "temporal_attention"} <= set(attentions):
        raise ValueError(
            "expected a model with spatial and temporal attention. Received: "
            f"{trained.recipe.model} with {', '.join(attentions) or 'neither'}"
        )
    data_dir = pathlib.Path(trained.records["config"]["data_dir"])
    if not (data_dir / "dataset_info.json").exists():
        raise ValueError(
            "expected the prepared data where it was during the training. "
            f"Received: nothing in {data_dir}"
        )
    builder = tfds.builder_from_directory(data_dir)
    split = trained.records["config"]["test_split"]
    classes = trained.data.classes
    clips = [
        inputs["skeleton"]
        for inputs, label in input_pipeline.load_clips(
            builder, split
        ).as_numpy_iterator()
        if action in (None, classes[label])
    ]
    if not 1 <= number <= len(clips):
        raise ValueError(
            f"expected --action={' or '.join(classes)}, and --number=1 to the "
            f"number of its clips in {split}. Received: --action={action} with "
            f"{len(clips)} clips, --number={number}"
        )
    clip = clips[number - 1]
    answer: Any = predictors.KerasModel(trained.model).predict(clip)
    joints, alpha = trained.data.skeleton, answer["spatial_attention"]
    title = f"predicted: {answer['label']} ({max(answer['probabilities']):.0%})"
    if kind == "joints":
        return joint_map.draw(joints, alpha, title)
    return draw(clip, joints, alpha, answer["temporal_attention"], title)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    logging.set_verbosity(logging.ERROR)  # TFDS warns of itself
    try:
        figure = draw_test_clip(
            WORKDIR.value, ACTION.value, NUMBER.value, KIND.value
        )
        figure.savefig(OUT.value, dpi=100)
    except (OSError, ValueError, workdir.WorkdirError) as error:
        raise SystemExit(f"attention.py: {error}") from None
    print(f"The picture is in {OUT.value}.")


if __name__ == "__main__":
    WORKDIR = DEFINE_path(
        "workdir", None, "Workdir of a finished training.", required=True
    )
    ACTION = flags.DEFINE_string(
        "action", None, "Class of the clip. Default: any class."
    )
    NUMBER = flags.DEFINE_integer(
        "number", 1, "Which of the clips of this class.", lower_bound=1
    )
    KIND = flags.DEFINE_enum(
        "kind",
        "poses",
        ["poses", "joints"],
        "Poses and the temporal attention, or a map of all joints.",
    )
    OUT = DEFINE_path("out", None, "Picture to write.", required=True)
    app.run(main)
