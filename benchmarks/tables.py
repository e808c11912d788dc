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


def mixed_precision(result: dict[str, Any]) -> list[str]:
    whole = json.loads((RESULTS / "sbu_accuracy.json").read_text())
    ((seed, mixed),) = result["accuracy_by_seed_and_fold"].items()
    float32 = whole["accuracy_by_seed_and_fold"][seed]
    lines = [
        f"| seed {seed} | {' | '.join(f'fold {x}' for x in mixed)} | mean |",
        f"|---|{'---|' * (len(mixed) + 1)}",
    ]
    for name, folds in {"mixed_bfloat16": mixed, "float32": float32}.items():
        accuracies = [folds[x] for x in mixed]
        accuracies.append(sum(accuracies) / len(accuracies))
        cells = " | ".join(f"{100 * x:.2f}" for x in accuracies)
        lines.append(f"| {name} | {cells} |")
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


def ntu_preparation(result: dict[str, Any]) -> list[str]:
    reader = result["reader_milliseconds_per_file"]["real"]
    lines = [
        "| 2,000 generated recordings, from one zip | seconds | peak MiB |",
        "|---|---|---|",
    ]
    for what, measured in result["prepare"].items():
        if what.startswith("2000"):
            lines.append(
                f"| prepared, processes: {what.split()[2]} | "
                f"{measured['seconds']:.1f} | {measured['peak_mebibytes']} |"
            )
    projected = result["projected_minutes_with_2_processes"]
    lines += [
        f"| plain reader, reading alone | {result['plain_reader_seconds']:.1f} "
        "| |",
        "",
        f"A real sample file takes {reader['from_file_to_performers']:.2f} ms, "
        f"by a plain line-by-line reader {reader['plain_reader']:.2f} ms. In "
        f"proportion, 56,880 files take {projected['ntu60']:.1f} minutes and "
        f"114,480 take {projected['ntu120']:.1f}.",
    ]
    return lines


def ntu_training(result: dict[str, Any]) -> list[str]:
    hours = result["projected_hours_of_a_whole_training"]
    return [
        f"{result['clips']} generated clips of {result['classes']} classes, "
        f"from zip to metrics: {result['seconds']:.0f} s, "
        f"{result['peak_memory_mib']:.0f} MiB, Cross-Subject accuracy "
        f'{result["accuracy"]:.1%} (it means nothing beyond "it learns"). A '
        "whole Cross-Subject training with the paper's values is projected to "
        f"take {hours:.1f} hours on two cores, at clip lengths like those "
        "generated."
    ]


def speed(result: dict[str, Any]) -> list[str]:
    lines = [
        "| ours over PyTorch's, lower is better | small | large |",
        "|---|---|---|",
    ]
    for name, what in {
        "train_step": "training step",
        "predict_batch": "prediction of the batch",
        "predict_one": "prediction of one clip",
        "stream_frame": "one frame of a stream",
    }.items():
        cells = []
        for shape in ("small", "large"):
            measured = result[shape]
            ratio = f"**{measured[f'{name}_ratio']:.2f}**"
            if result["rounds"] > 1:
                least, most = measured[f"{name}_ratio_spread"]
                ratio += f" ({least:.2f} to {most:.2f})"
            ours = measured[f"{name}_ours"]
            cells.append(f"{ratio}; ours {ours['median']:.3g} {ours['unit']}")
        lines.append(f"| {what} | {' | '.join(cells)} |")
    cells = [
        f"{result[x]['train_step_over_matmul']}" for x in ("small", "large")
    ]
    lines.append(
        f"| training step over its multiplications | {' | '.join(cells)} |"
    )
    fold = result["fold"]
    lines += [
        "",
        "Small: 8 clips of 40 frames, 30 joints; large: 256 of 100, 50 joints. "
        f"Rounds: {result['rounds']}, on {result['processor']}. One "
        f"fold of SBU, {fold['iterations']} iterations, takes "
        f"{fold['seconds']:.0f} s, of which {fold['importing_and_reading']:.0f}"
        f" import and read, {fold['tracing_and_compiling']:.0f} trace and "
        f"compile, {fold['stepping']:.0f} train; it takes "
        f"{fold['peak_memory_mib']} MiB.",
    ]
    return lines


# A table's name is that of its file and of its place in README.md.
TABLES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "sbu_accuracy": sbu_accuracy,
    "sbu_accuracy_mixed_bfloat16": mixed_precision,
    "ntu_preparation": ntu_preparation,
    "ntu_training": ntu_training,
    "serving": serving,
    "speed": speed,
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
