"""Writes the tables of README.md from the files in `benchmarks/results/`.

python -m benchmarks.tables
"""

import json
import pathlib
import re
from collections.abc import Callable
from typing import Any

ROOT = pathlib.Path(__file__).parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks/results"


def sbu_accuracy(result: dict[str, Any]) -> list[str]:
    lines = [
        "| seed | fold 1 | 2 | 3 | 4 | 5 | mean |",
        "|---|---|---|---|---|---|---|",
    ]
    for seed, folds in result["accuracy_by_seed_and_fold"].items():
        accuracies = [*folds.values(), result["mean_by_seed"][seed]]
        cells = " | ".join(f"{100 * x:.2f}" for x in accuracies)
        lines.append(f"| {seed} | {cells} |")
    lines.append(f"| **mean** | | | | | | **{100 * result['mean']:.2f} %** |")
    return lines


def serving(result: dict[str, Any]) -> list[str]:
    lines = [
        "| file | KiB | microseconds | largest difference of a probability | "
        "same class |",
        "|---|---|---|---|---|",
    ]
    names = {"clip": "saved_model clip", "step": "saved_model step"}
    for name, agreement in result["agreement"].items():
        if name == "clips_of":
            continue
        what = names.get(name, name)
        size = result["kibibytes"].get(f"{name}.tflite")
        size = size or result["kibibytes"]["saved_model"]
        lines.append(
            f"| {what} | {size:.0f} | {result['microseconds'][what]:.0f} | "
            f"{agreement['largest_difference']:.1g} | "
            f"{agreement['same_class']:.0%} |"
        )
    peer = result["peer_microseconds"]
    lines += [
        "",
        f"A clip has {result['clip_frames']} frames, a step is one frame; one "
        f"thread. In PyTorch, without preprocessing: {peer['clip']:.0f} and "
        f"{peer['stream_frame']:.0f} microseconds. Compared with the Keras "
        f"model on the clips of {result['agreement']['clips_of']}.",
    ]
    return lines


# A table's name is that of its file and of its place in README.md.
TABLES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "sbu_accuracy": sbu_accuracy,
    "serving": serving,
}


def with_tables(text: str) -> str:
    """The text with each `<!-- name -->` ... `<!-- end -->` filled anew."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        result = json.loads((RESULTS / f"{name}.json").read_text())
        made_by = f"(`{result['command']}`)"
        lines = [f"<!-- {name} -->", *TABLES[name](result), "", made_by]
        return "\n".join([*lines, "<!-- end -->"])

    return re.sub(r"<!-- (\w+) -->.*?<!-- end -->", fill, text, flags=re.S)


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
