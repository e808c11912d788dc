"""Writes the report of a run, or of several: a document of one file."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from stalstm import evaluation, files, manifest
from stalstm import looks as looks_lib
from stalstm.comparison import summary
from stalstm.description import Description
from stalstm.looks import Clip, Looks
from stalstm.show import (
    accuracies,
    class_looks,
    confusion,
    curves,
    document,
    poses,
)

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
    result = files.read_json(workdir / "evaluation.json")
    data = Description.from_json(config["data"])
    curve = workdir / "curve.json"
    figure = curves.draw(
        files.read_json(workdir / "metrics.json"),
        files.read_json(curve) if curve.exists() else (),
    )
    plots = {
        "curves": document.png(figure),
        **_plots(result["confusion_matrix"], result.get("attention", {}), data),
    }
    parts = [
        document.paragraph(
            f"{config['dataset']}, {config['protocol']}: trained on "
            f"{config['training_split']}, tested on {config['test_split']}. "
            f"Accuracy {result['accuracy']:.1%} of {result['clips']} clips, "
            f"the longest of {result['longest_clip']} frames, with the weights "
            "of the last iteration."
        ),
        document.code(config.get("command", "")),  # older ones have none
        document.heading("How it learned"),
        document.picture(plots["curves"]),
        document.heading("What it takes for what"),
        document.picture(plots["confusion"]),
        _classes(result, looks.mistakes, names),
        *_where(plots),
        *_clips(looks, names, data),
        *_conditions(config, data),
    ]
    text = document.page(f"Training of {workdir.name}", parts)
    manifest.write_text(workdir, FILE, text)
    _to_tensorboard(workdir / "logs" / "report", plots)


def of_folds(
    workdir: pathlib.Path, evaluations: Mapping[str, Mapping[str, Any]]
) -> None:
    """Writes `report.html` about all folds of a cross-validation.

    Args:
        workdir: The folder with a workdir for each fold.
        evaluations: Their `evaluation.json`, by name.

    Raises:
        OSError: It cannot be written.
    """
    runs = list(evaluations.values())
    values = [x["accuracy"] for x in runs]
    config = files.read_json(workdir / next(iter(evaluations)) / "config.json")
    data = Description.from_json(config["data"])
    total = _total(runs)
    plots = _plots(total, looks_lib.mean(runs), data)
    text = document.page(
        f"Cross-validation of {workdir.name}",
        [
            document.paragraph(
                f"{config['dataset']}: mean accuracy {np.mean(values):.1%}, "
                f"standard deviation {np.std(values, ddof=1):.1%}, with the "
                "weights of the last iteration."
            ),
            document.code(config.get("command", "")),  # older ones have none
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
            document.heading("What it takes for what, in all folds"),
            document.picture(plots["confusion"]),
            _classes(evaluation.of_matrix(total, data.classes)),
            *_where(plots),
            *_conditions(config, data),
        ],
    )
    files.write_text(workdir / FILE, text)


def of_comparison(
    path: pathlib.Path, result: Mapping[str, Any], data: Description
) -> None:
    """Writes a report about all rows of a comparison.

    Args:
        path: The file to write.
        result: What `stalstm.comparison` writes as JSON.
        data: What the data set says of itself.

    Raises:
        OSError: It cannot be written.
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
    for row in finished:
        plots = _plots(_total(row["runs"]), row["attention"], data)
        parts += [
            document.heading(row["name"]),
            document.paragraph(
                f"{len(row['runs'])} trainings. What it takes for what, in all "
                "of them:"
            ),
            document.picture(plots["confusion"]),
            *_where(plots),
        ]
    title = f"Comparison on {result['dataset']}"
    files.write_text(path, document.page(title, parts))


def _plots(
    matrix: Any, attention: Mapping[str, Any], data: Description
) -> dict[str, bytes]:
    """Pictures of test clips.

    Args:
        matrix: Their confusion matrix, `(classes, classes)`, nested lists or an
            array.
        attention: See `Looks.attention`.
        data: What the data set says of itself.
    """
    plots: dict[str, Figure] = {
        "confusion": confusion.draw(np.asarray(matrix), data.classes)
    }
    columns = {
        "alpha": data.skeleton.joints,
        "beta": ("first frame", "last frame"),
    }
    for name, rows in attention.items():
        size = max(len(row or ()) for row in rows)
        means = np.array([row or [np.nan] * size for row in rows])
        plots[name] = class_looks.draw(data.classes, means, columns[name])
    return {name: document.png(figure) for name, figure in plots.items()}


def _total(runs: Sequence[Mapping[str, Any]]) -> np.ndarray:
    return np.sum([x["confusion_matrix"] for x in runs], axis=0)


def _where(plots: Mapping[str, bytes]) -> list[str]:
    """Where the model looks, if it has attention."""
    pictures = [
        document.picture(plots[name], caption)
        for name, caption in (
            ("alpha", "Spatial attention of each joint, of either body."),
            ("beta", "Temporal attention over the time of a clip."),
        )
        if name in plots
    ]
    return [document.heading("Where it looks"), *pictures] if pictures else []


def _classes(
    result: Mapping[str, Any],
    mistakes: Sequence[Sequence[tuple[int, int]]] = (),
    names: Sequence[str] = (),
) -> str:
    """A table of the classes.

    Args:
        result: See `stalstm.evaluation.report`.
        mistakes: See `Looks`, for a column with the names of these clips.
        names: Names of the clips.
    """
    classes = list(result["classes"])
    header = ["class", "clips", "recognised"]
    rows: list[list[Any]] = [
        [
            name,
            x["clips"],
            f"{x['accuracy']:.1%}" if x["clips"] else "",
        ]
        for name, x in result["classes"].items()
    ]
    if mistakes:
        header.append("clips that are taken for another class")
        right = np.diagonal(result["confusion_matrix"])
        for row, found, n in zip(rows, mistakes, right, strict=True):
            texts = [f"{names[x]} ({classes[y]})" for x, y in found]
            if (left := row[1] - n - len(found)) > 0:
                texts.append(f"and {left} more")
            row.append(", ".join(texts))
    return document.table(header, rows)


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


def _conditions(config: Mapping[str, Any], data: Description) -> list[str]:
    """Recipe, data and versions of a training."""
    return [
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
