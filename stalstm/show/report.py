"""Writes the report of a run, or of several: a document of one file."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from stalstm import files
from stalstm.comparison import summary
from stalstm.description import Description
from stalstm.show import (
    accuracies,
    class_looks,
    confusion,
    curves,
    document,
    poses,
)
from stalstm.show.looks import Clip, Looks

FILE = "report.html"


def of_run(workdir: pathlib.Path, looks: Looks, names: Sequence[str]) -> None:
    """Writes `report.html` into a finished workdir, its plots to TensorBoard.

    Args:
        workdir: The workdir, with all its JSON files.
        looks: What the evaluation has seen of the test clips.
        names: Names of these clips, in order.

    Raises:
        OSError: It cannot be written.
    """
    config = files.read_json(workdir / "config.json")
    evaluation = files.read_json(workdir / "evaluation.json")
    data = Description.from_json(config["data"])
    plots = _plots(workdir, evaluation, data, looks)
    parts = [
        document.paragraph(
            f"{config['dataset']}, {config['protocol']}: trained on "
            f"{config['training_split']}, tested on {config['test_split']}. "
            f"Accuracy {evaluation['accuracy']:.1%} of {evaluation['clips']} "
            "clips, with the weights of the last iteration."
        ),
        document.code(config.get("command", "")),  # older ones have none
        document.heading("How it learned"),
        document.picture(plots["curves"]),
        document.heading("What it takes for what"),
        document.picture(plots["confusion"]),
        _classes(evaluation),
        document.heading("Where it looks"),
        *(
            document.picture(plots[name], caption)
            for name, caption in (
                ("alpha", "Spatial attention of each joint, of either body."),
                ("beta", "Temporal attention over the time of a clip."),
            )
            if name in plots
        ),
        *_clips(looks, names, data),
        document.heading("Recipe"),
        _recipe(config["recipe"]),
        document.heading("Data"),
        document.table(
            (),
            [
                ("bodies", data.bodies),
                ("skeleton", data.skeleton.name),
                ("joints", ", ".join(data.skeleton.joints)),
                ("classes", ", ".join(data.classes)),
                ("longest test clip", f"{evaluation['longest_clip']} frames"),
            ],
        ),
        document.heading("Versions"),
        document.table(
            (),
            [
                *config["versions"].items(),
                ("commit", config["commit"]),
                ("processor", config["processor"]),
                ("seed", config["seed"]),
                ("strategy", config["strategy"]),
                ("recurrence", config["recurrence"]),
            ],
        ),
    ]
    document.write(workdir / FILE, f"Training of {workdir.name}", parts)
    _to_tensorboard(workdir / "logs" / "report", plots)


def of_folds(
    workdir: pathlib.Path, evaluations: Mapping[str, Mapping[str, Any]]
) -> None:
    """Writes `report.html` about all folds of a cross-validation.

    Args:
        workdir: The folder with a workdir for each fold.
        evaluations: Their `evaluation.json`, by name.
    """
    values = [x["accuracy"] for x in evaluations.values()]
    total = np.sum([x["confusion_matrix"] for x in evaluations.values()], 0)
    classes = tuple(next(iter(evaluations.values()))["classes"])
    document.write(
        workdir / FILE,
        f"Cross-validation of {workdir.name}",
        [
            document.paragraph(
                f"Mean accuracy {np.mean(values):.1%}, standard deviation "
                f"{np.std(values, ddof=1):.1%}, with the weights of the last "
                "iteration."
            ),
            document.table(
                ("fold", "accuracy", "clips"),
                [
                    (
                        document.link(f"{name}/{FILE}", name),
                        f"{x['accuracy']:.1%}",
                        x["clips"],
                    )
                    for name, x in evaluations.items()
                ],
            ),
            document.heading("What is taken for what, in all folds"),
            document.picture(confusion.draw(total, classes)),
        ],
    )


def of_comparison(path: pathlib.Path, result: Mapping[str, Any]) -> None:
    """Writes a report about all rows of a comparison.

    Args:
        path: The file to write.
        result: What `stalstm.comparison` writes as JSON.
    """
    header, _, *rows = (
        [cell.strip().replace("**", "") for cell in line.split("|")[1:-1]]
        for line in summary.table(result)
    )
    finished = [x for x in result["rows"] if x["runs"]]
    seeds = [
        summary.by_seed(x["runs"], result["protocols"], "accuracy")
        for x in finished
    ]
    complete = [n for n, values in enumerate(seeds) if values]
    parts = [document.code(result["command"]), document.table(header, rows)]
    if complete:
        figure = accuracies.draw(
            [finished[n]["name"] for n in complete],
            [seeds[n] for n in complete],
            title="Accuracy, mean and standard deviation over the seeds",
        )
        parts.append(document.picture(figure))
    document.write(path, f"Comparison on {result['dataset']}", parts)


def _plots(workdir, evaluation, data, looks) -> dict[str, bytes]:
    curve = workdir / "curve.json"
    plots: dict[str, Figure] = {
        "curves": curves.draw(
            files.read_json(workdir / "metrics.json"),
            files.read_json(curve) if curve.exists() else (),
        ),
        "confusion": confusion.draw(
            evaluation["confusion_matrix"], data.classes
        ),
    }
    joints = data.skeleton.joints
    if (alpha := looks.alpha()) is not None:
        plots["alpha"] = class_looks.draw(data.classes, alpha, joints)
    if (beta := looks.beta()) is not None:
        ends = ("first frame", "last frame")
        plots["beta"] = class_looks.draw(data.classes, beta, ends)
    return {name: document.png(figure) for name, figure in plots.items()}


def _classes(evaluation) -> str:
    return document.table(
        ("class", "clips", "recognised"),
        [
            (
                name,
                of_class["clips"],
                "" if not of_class["clips"] else f"{of_class['accuracy']:.1%}",
            )
            for name, of_class in evaluation["classes"].items()
        ],
    )


def _clips(looks: Looks, names: Sequence[str], data: Description) -> list[str]:
    parts = []
    for title, clips in (
        ("The most certain clips", looks.most_certain),
        ("The least certain clips", looks.least_certain),
    ):
        parts.append(document.heading(title))
        parts += [_clip(clip, names[clip.number], data) for clip in clips]
    return parts


def _clip(clip: Clip, name: str, data: Description) -> str:
    figure = poses.draw(clip.skeleton, data.skeleton, clip.alpha, clip.beta)
    answer = f"{data.classes[clip.predicted]} ({clip.probability:.1%})"
    verdict = "right"
    if clip.predicted != clip.label:
        verdict = f"wrong: it is {data.classes[clip.label]}"
    return document.picture(figure, f"{name}: {answer}, {verdict}")


def _recipe(recipe: Mapping[str, Any]) -> str:
    """All fields; what was set comes first, then ours, then the paper's."""
    rows: list[tuple[str, Any, str]] = []

    def add(part: Mapping[str, Any]) -> None:
        for name, field in part.items():
            if {"value", "source"} == set(field):
                rows.append((name, field["value"], field["source"]))
            else:
                add(field)

    add(recipe)
    order = ("set", "ours", "paper")
    rows.sort(key=lambda row: order.index(row[2]))
    return document.table(("field", "value", "source"), rows)


def _to_tensorboard(folder: pathlib.Path, plots: Mapping[str, bytes]) -> None:
    with tf.summary.create_file_writer(str(folder)).as_default(step=0):
        for name, figure in plots.items():
            image = tf.image.decode_png(figure, channels=3)
            tf.summary.image(name, image[None])
