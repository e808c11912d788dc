"""Draws loss and accuracy over the stages of a training."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

SIZE = (9.0, 5.0)  # inches
HELD_OUT = "#d55e00"  # Okabe and Ito's vermilion


def draw(
    metrics: Sequence[Mapping[str, Any]],
    curve: Sequence[Mapping[str, Any]] = (),
    title: str = "",
) -> Figure:
    """Draws the loss above the accuracy, one stage after another.

    Args:
        metrics: The records of `metrics.json`: `stage`, `iteration`, `loss`
            and `accuracy`, means since the record before.
        curve: Those of `curve.json`, `stage`, `iteration` and `accuracy` on
            clips that do not train.
        title: Title of the figure.
    """
    begins: dict[str, int] = {}
    total = 0
    for record in metrics:
        begins.setdefault(record["stage"], total)
        total = begins[record["stage"]] + record["iteration"]
    figure = Figure(figsize=SIZE, layout="constrained")
    figure.suptitle(title, x=0.02, horizontalalignment="left")
    loss, accuracy = figure.subplots(2, 1, sharex=True)

    def of_stage(records, stage, name):
        mine = [x for x in records if x["stage"] == stage]
        return (
            [begins[stage] + x["iteration"] for x in mine],
            [x[name] for x in mine],
        )

    style: dict[str, Any] = {"marker": ".", "markersize": 3}
    for number, stage in enumerate(begins):
        loss.plot(*of_stage(metrics, stage, "loss"), color="black", **style)
        (train,) = accuracy.plot(
            *of_stage(metrics, stage, "accuracy"), color="black", **style
        )
        (held_out,) = accuracy.plot(
            *of_stage(curve, stage, "accuracy"),
            color=HELD_OUT,
            linestyle="--",
            **style,
        )
        if number == 0:
            train.set_label("clips that train, with dropout")
            held_out.set_label("clips that do not train")
    for axes in (loss, accuracy):
        for begin in begins.values():
            axes.axvline(begin, color="0.8", linewidth=0.8, zorder=0)
        axes.set_xlim(0, total)
    for stage, begin in begins.items():
        loss.annotate(
            stage,
            (begin, 1.0),
            (3, -3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            verticalalignment="top",
            size="small",
        )
    loss.set_yscale("log")
    loss.set_ylabel("loss")
    accuracy.set_ylim(0.0, 1.02)
    accuracy.set_ylabel("accuracy")
    accuracy.set_xlabel("iteration")
    if curve:
        accuracy.legend(loc="lower right", fontsize="small")
    return figure
