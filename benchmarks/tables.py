"""Writes the tables of the pages from the files in `benchmarks/results/`.

    python -m benchmarks.tables

A page, README.md or one in docs/, says where a table goes:

    <!-- sbu_strong -->
    <!-- end -->
"""

import json
import pathlib
import re
from collections.abc import Callable
from typing import Any

from benchmarks.reliability import summary as reliability
from stalstm.comparison import summary

ROOT = pathlib.Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results"


def with_range(measured: dict[str, Any], digits: int, unit: str = "") -> str:
    """The median of the rounds, and their range, as `rounds.spread` gives."""
    median, least, most = (
        f"{measured[x]:.{digits}f}" for x in ("median", "least", "most")
    )
    return f"{median}{unit} ({least} to {most})"


def serving(result: dict[str, Any]) -> list[str]:
    lines = [
        "| file | KiB | microseconds | over PyTorch's | largest difference of "
        "a probability | same class |",
        "|---|---|---|---|---|---|",
    ]
    over = result["over_peer"]
    for name, agreement in result["agreement"].items():
        if name == "clips_of":
            continue
        # LiteRT has a file for each; a SavedModel has signatures.
        size = result["kibibytes"].get(f"{name}.tflite")
        what = name if size else f"saved_model {name}"
        size = size or result["kibibytes"]["saved_model"]
        lines.append(
            f"| {what} | {size:.0f} | "
            f"{with_range(result['microseconds'][what], 0)} | "
            f"{with_range(over[what], 2) if what in over else ''} | "
            f"{agreement['largest_difference']:.1g} | "
            f"{agreement['same_class']:.0%} |"
        )
    peer = result["peer_microseconds"]
    lines += [
        "",
        f"For a clip of {result['clip_frames']} frames or for one frame, with "
        f"one thread on {result['processor']}; medians of {result['rounds']} "
        "rounds, and their range. The same network in PyTorch, without "
        f"preprocessing, takes {with_range(peer['clip'], 0)} microseconds for "
        f"the clip and {with_range(peer['stream_frame'], 0)} for a frame. The "
        "last two columns compare with the Keras model on the clips of "
        f"{result['agreement']['clips_of']}.",
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
                f"| prepared with processes: {what.split()[2]} | "
                f"{measured['seconds']:.1f} | {measured['peak_mebibytes']} |"
            )
    projected = result["projected_minutes_with_2_processes"]
    lines += [
        "| a plain line-by-line reader, reading alone | "
        f"{result['plain_reader_seconds']:.1f} | |",
        "",
        "Reading a real recording takes "
        f"{reader['from_file_to_performers']:.2f} ms; the plain reader takes "
        f"{reader['plain_reader']:.2f} ms. In proportion, preparing the 56,880 "
        f"recordings of NTU RGB+D takes {projected['ntu60']:.1f} minutes with "
        "two processes, and the 114,480 of NTU RGB+D 120 take "
        f"{projected['ntu120']:.1f} minutes.",
    ]
    return lines


def ntu_beam(result: dict[str, Any]) -> list[str]:
    return [
        f"Apache Beam {result['versions']['apache-beam']} makes the same of "
        f"{result['recordings']} generated recordings: all features of "
        f"{sum(result['splits'].values())} clips in {len(result['splits'])} "
        "splits are equal. Here its runner for a single machine did it, in "
        f"{result['seconds']:.0f} s; what it is for is a cluster."
    ]


def ntu_training(result: dict[str, Any]) -> list[str]:
    hours = result["projected_hours_of_a_whole_training"]
    return [
        f"Preparing {result['clips']} generated clips of {result['classes']} "
        "classes from a zip, a short training on them and its evaluation take "
        f"{result['seconds']:.0f} s and {result['peak_memory_mib']:.0f} MiB. "
        f"The Cross-Subject accuracy is {result['accuracy']:.1%}, which means "
        'nothing beyond "it learns". A whole Cross-Subject training with the '
        f"paper's values would take about {hours:.1f} hours on two cores, "
        "projected from clips as long as the generated ones."
    ]


# What the folders of `own_data` hold; these sets are not ours to give.
PUBLIC = {
    "utd_mhad": "UTD-MHAD (Chen, Jafari, Kehtarnavaz 2015): even subjects, "
    "trained on odd ones, and the other way round",
    "utkinect": "UTKinect-Action3D (Xia, Chen, Aggarwal 2012): half of the "
    "subjects, trained on the other half, and the other way round",
    "n_ucla": "Northwestern-UCLA (Wang et al. 2014): the third camera, trained "
    "on two others; without 95 clips that `check` found in both",
    "sbu_folder": "SBU Kinect Interaction (Yun et al. 2012), converted: the "
    "five official folds",
}


def own_data(result: dict[str, Any]) -> list[str]:
    lines = [
        "| set, and what is tested on | clips | classes | bodies x joints | "
        "accuracy (%) | minutes a training |",
        "|---|---|---|---|---|---|",
    ]
    for name, what in PUBLIC.items():
        if name not in result["folders"]:
            continue
        folder = result["folders"][name]
        by_protocol = [
            sum(x.values()) / len(x)
            for x in folder["accuracy_by_protocol_and_seed"].values()
        ]
        parts = ""
        if len(by_protocol) > 1:
            parts = f" ({', '.join(f'{100 * x:.1f}' for x in by_protocol)})"
        lines.append(
            f"| {what} | {folder['clips']} | {folder['classes']} | "
            f"{folder['bodies']} x {folder['joints']} | "
            f"**{100 * folder['mean']:.1f}**{parts} | "
            f"{folder['minutes_of_a_training']:.1f} |"
        )
    return lines


def speed(result: dict[str, Any]) -> list[str]:
    lines = [
        "| our time over PyTorch's (lower is better); our time | small | "
        "large |",
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
            ratio = with_range(measured[f"{name}_ratio"], 2)
            ours = measured[f"{name}_ours"]
            cells.append(f"{ratio}; ours {ours['median']:.3g} {ours['unit']}")
        lines.append(f"| {what} | {' | '.join(cells)} |")
    cells = [
        with_range(result[x]["train_step_over_matmul"], 2)
        for x in ("small", "large")
    ]
    lines.append(
        "| our training step over its matrix multiplications alone | "
        f"{' | '.join(cells)} |"
    )
    fold = result["fold"]
    lines += [
        "",
        "Small: 8 clips of 40 frames with 30 joints. Large: 256 clips of 100 "
        f"frames with 50 joints. Medians of {result['rounds']} rounds, and "
        f"their range, on {result['processor']}.",
        "",
        f"Training one fold of SBU, {fold['iterations']:.0f} iterations, takes "
        f"{with_range(fold['seconds'], 0, ' s')} and "
        f"{fold['peak_memory_mib']:.0f} MiB: "
        f"{fold['importing_and_reading']:.0f} s to import and to read, "
        f"{fold['tracing_and_compiling']:.0f} s to trace and to compile, and "
        f"{fold['stepping']:.0f} s of iterations. As many training steps of "
        "the small shape alone take PyTorch "
        f"{with_range(fold['peer_stepping'], 0, ' s')}: the whole fold takes "
        f"{with_range(fold['ratio'], 2)} of that.",
    ]
    return lines


def cost(result: dict[str, Any]) -> list[str]:
    base = result["base"]
    names = {
        "train_step_ms": "a training step",
        "predict_batch_ms": "prediction of the batch",
    }
    lines = [
        f"| time grows with ... as its power | {' | '.join(names.values())} |",
        "|---|---|---|",
    ]
    for what in base:
        powers = [with_range(result["exponents"][x][what], 2) for x in names]
        lines.append(f"| {what} | {' | '.join(powers)} |")
    shape = ", ".join(f"{x} {what}" for what, x in base.items())
    lines += [
        "",
        f"One size at a time; the others are {shape}. The power is the slope "
        "over the three largest sizes, from medians of "
        f"{len(result['rounds'])} rounds on {result['processor']}, with the "
        "range of the rounds.",
    ]
    return lines


def ntu_size(result: dict[str, Any]) -> list[str]:
    lines = [
        f"| {result['clips']:,} generated recordings | minutes | peak MiB | "
        "MiB by fifths of the time |",
        "|---|---|---|---|",
    ]
    for name, what in {
        "prepare": "preparation, from a zip",
        "cross_subject": "an epoch of Cross-Subject, and its evaluation",
        "cross_view": "an epoch of Cross-View, and its evaluation",
        "export": "export, and the comparison of its products",
        "feed": "an epoch of the input pipeline alone",
    }.items():
        measured = result[name]
        fifths = ", ".join(map(str, measured["mebibytes_by_fifths"]))
        lines.append(
            f"| {what} | {measured['seconds'] / 60:.1f} | "
            f"{measured['peak_mebibytes']} | {fifths} |"
        )
    prepared, epoch = result["prepare"], result["cross_subject"]
    step = epoch["clips_per_second"]
    feed = result["feed"]["clips_per_second"]
    lines += [
        "",
        f"The zip takes {prepared['raw_mebibytes'] / 1024:.1f} GiB, the "
        f"prepared set {prepared['prepared_mebibytes'] / 1024:.1f} GiB, a "
        f"workdir {epoch['workdir_mebibytes']:.1f} MiB, all exported files "
        f"{result['export']['exported_mebibytes']:.1f} MiB. The training takes "
        f"{step:,.0f} clips a second; the input pipeline alone gives "
        f"{feed:,.0f}, {feed / step:.0f} times as many. A whole training by "
        "Algorithm 1, with the paper's values, would take about "
        f"{result['projected']['hours']:.1f} hours on two cores, projected "
        "from some iterations of each stage.",
    ]
    return lines


# By the name of the result's file, which is also that of the table's place.
TABLES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "sbu_algorithm_1": summary.table,
    "sbu_figure_7": summary.table,
    "sbu_strong": summary.table,
    "sbu_table_1": summary.table,
    "sbu_table_2": summary.table,
    "own_data": own_data,
    "ntu_preparation": ntu_preparation,
    "ntu_beam": ntu_beam,
    "ntu_training": ntu_training,
    "serving": serving,
    "speed": speed,
    "cost": cost,
    "ntu_size": ntu_size,
    "kills": reliability.kills,
    "fuzz_mutation": reliability.fuzz,
    "fuzz_atheris": reliability.fuzz,
    "faults": reliability.faults,
    "soak": reliability.soak,
}


def pages() -> list[pathlib.Path]:
    """The pages that may have tables."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


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
    for page in pages():
        page.write_text(with_tables(page.read_text()))
