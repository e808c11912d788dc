"""How the cost of a training step grows with clips, frames, joints and units.

    python -m benchmarks.cost

Times the training step of the last stage of Algorithm 1, and the prediction of
the same batch, while one of the four sizes changes and the others stay. Every
size is two processes of its own. Takes half an hour to an hour; a run that was
stopped goes on with the next round.
Writes `benchmarks/results/cost.json` and `docs/cost.png`.
"""

import json
import os
import statistics
import sys
from typing import Any

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from absl import app, flags
from matplotlib.figure import Figure

from benchmarks import programs
from stalstm import files, machine

RESULTS = programs.RESULTS / "cost.json"
PICTURE = programs.ROOT / "docs/cost.png"
BASE = {"clips": 64, "frames": 48, "joints": 25, "units": 100}
SIZES = {
    "clips": (8, 16, 32, 64, 128, 256),
    "frames": (12, 24, 48, 96, 192, 384),
    "joints": (5, 12, 25, 50, 100),
    "units": (25, 50, 100, 200, 400),
}
MEASURED = ("train_step_ms", "predict_batch_ms")
# Of Okabe and Ito.
LINES = {
    "clips": ("black", "o"),
    "frames": ("#d55e00", "s"),
    "joints": ("#0072b2", "^"),
    "units": ("#009e73", "D"),
}


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    if ONE.value:
        print(json.dumps(measure(WHAT.value, **json.loads(ONE.value))))
        return
    about = {
        "command": "python -m benchmarks.cost",
        "processor": machine.processor(),
        "base": BASE,
    }
    rounds = programs.recorded(RESULTS, about).get("rounds", [])
    while len(rounds) < ROUNDS.value:
        rounds.append(one_round())
        files.write_json(RESULTS, {**about, "rounds": rounds})
        print(f"round {len(rounds)}: {rounds[-1]}", flush=True)
    result = {**about, "rounds": rounds, "exponents": exponents(rounds)}
    files.write_json(RESULTS, result)
    with files.replacing(PICTURE) as temporary:
        draw(rounds).savefig(temporary, dpi=100)


def one_round() -> dict[str, list[dict[str, float]]]:
    """The measures of all sizes, by what changes."""
    found: dict[str, list[dict[str, float]]] = {}
    for what, sizes in SIZES.items():
        for size in sizes:
            shape = json.dumps({**BASE, what: size})
            command = [sys.executable, "-m", "benchmarks.cost"]
            times = {}
            for program in ("train", "predict"):
                run = programs.run(
                    [*command, f"--one={shape}", f"--what={program}"]
                )
                times.update(run.json())
            found.setdefault(what, []).append(times)
    return found


def measure(
    program: str, clips: int, frames: int, joints: int, units: int
) -> dict[str, float]:
    """Milliseconds by name; the medians of three times."""
    from benchmarks import speed_of_ours

    cores = os.cpu_count() or 1
    speed_of_ours.set_threads(cores, clips if program == "train" else None)
    model = speed_of_ours.make_model(joints, classes=60, units=units)
    batch, labels = speed_of_ours.make_batch(clips, frames, joints, 60)
    if program == "train":
        return speed_of_ours.measure_training(model, batch, labels)
    return {"predict_batch_ms": speed_of_ours.prediction_ms(model, batch)}


def median(rounds: list[dict], what: str, name: str) -> list[float]:
    """The medians of the rounds, for each size."""
    return [
        statistics.median(x[what][n][name] for x in rounds)
        for n in range(len(SIZES[what]))
    ]


def exponents(rounds: list[dict]) -> dict[str, dict[str, dict[str, float]]]:
    """By measure and size: that of the medians, and the range of the rounds."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name in MEASURED:
        for what in SIZES:
            alone = [exponent([x], what, name) for x in rounds]
            found.setdefault(name, {})[what] = {
                "median": exponent(rounds, what, name),
                "least": min(alone),
                "most": max(alone),
            }
    return found


def exponent(rounds: list[dict], what: str, name: str) -> float:
    """The slope of the medians of the last three sizes, log-log."""
    sizes, times = SIZES[what][-3:], median(rounds, what, name)[-3:]
    return round(np.polyfit(np.log(sizes), np.log(times), 1)[0], 2)


def draw(rounds: list[dict[str, Any]]) -> Figure:
    figure = Figure(figsize=(9, 4), layout="constrained")
    titles = ("a training step", "prediction of the batch")
    for axes, name, title in zip(
        figure.subplots(1, 2, sharex=True), MEASURED, titles, strict=True
    ):
        for what, sizes in SIZES.items():
            color, marker = LINES[what]
            axes.plot(
                [x / BASE[what] for x in sizes],
                median(rounds, what, name),
                color=color,
                marker=marker,
                label=f"{what}, {BASE[what]} at 1",
            )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xlabel("times as many")
        axes.set_ylabel("milliseconds")
        axes.set_title(title)
        axes.grid(color="0.9", which="both")
        axes.legend(fontsize="small")
    return figure


if __name__ == "__main__":
    ONE = flags.DEFINE_string("one", None, "JSON of the sizes to measure.")
    WHAT = flags.DEFINE_enum(
        "what", "train", ["train", "predict"], "What --one measures."
    )
    ROUNDS = flags.DEFINE_integer("rounds", 5, "Number of rounds.")
    app.run(main)
