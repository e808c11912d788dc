"""The table of a comparison, from its results file."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def table(result: Mapping[str, Any]) -> list[str]:
    """Lines of Markdown, from the JSON values of `stalstm.comparison`."""
    protocols = result["protocols"]
    parts = [x.removeprefix("fold_") for x in protocols]
    if protocols[0].startswith("fold_"):
        parts[0] = f"fold {parts[0]}"
    heading = [
        "method",
        f"{'validation ' if result['validate'] else ''}accuracy after the last "
        "iteration (%)",
        *parts,
        "published",
        f"best epoch on the {'held-out' if result['validate'] else 'test'} "
        "split (%)",
        "parameters",
        "seconds",
    ]
    lines = [_line(heading), "|---" * len(heading) + "|"]
    for row in result["rows"]:
        published = _published(row, result["dataset"].partition("/")[0])
        lines.append(_line(_cells(row, protocols, published)))
    return lines


def by_seed(
    runs: Sequence[Mapping[str, Any]], protocols: Sequence[str], value: str
) -> list[float]:
    """The mean over the protocols, for each seed that ran all of them."""
    means = []
    for seed in sorted({x["seed"] for x in runs}):
        values = [
            x[value] for x in runs if x["seed"] == seed and x[value] is not None
        ]
        if len(values) == len(protocols):
            means.append(float(np.mean(values)))
    return means


def _published(row, dataset):
    """What the method's source reports for this data set."""
    found = []
    for what, accuracy in row["published"].items():
        name, _, protocol = what.partition(" ")
        if name == dataset:
            found.append(f"{protocol} {accuracy}".strip())
    return ", ".join(found)


def _cells(row, protocols, published):
    if row["missing"]:
        nothing = [""] * len(protocols)
        return [row["name"], row["missing"], *nothing, published, "", "", ""]
    runs = row["runs"]
    if not runs:
        nothing = [""] * (len(protocols) + 1)
        return [row["name"], *nothing, published, "", "", ""]

    def mean(values):
        return f"{100 * np.mean(values):.1f}" if values else ""

    seeds = by_seed(runs, protocols, "accuracy")
    accuracy = f"**{mean(seeds)}**" if seeds else ""
    if len(seeds) > 1:
        spread = 100 * np.std(seeds, ddof=1)
        accuracy += f" ± {spread:.1f} ({len(seeds)} seeds)"
    return [
        row["name"],
        accuracy,
        *(
            mean([x["accuracy"] for x in runs if x["protocol"] == protocol])
            for protocol in protocols
        ),
        published,
        mean(by_seed(runs, protocols, "best_epoch")),
        f"{runs[0]['parameters']:,}" if runs[0]["parameters"] else "",
        f"{np.median([x['seconds'] for x in runs]):.0f}",
    ]


def _line(cells):
    return f"| {' | '.join(cells)} |"
