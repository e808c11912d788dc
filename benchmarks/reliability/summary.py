"""Tables of the recorded attacks, for `benchmarks/tables.py`."""

from typing import Any


def kills(result: dict[str, Any]) -> list[str]:
    lines = [
        "| program | seconds undisturbed | kills | ends, all equal | files "
        "opened meanwhile |",
        "|---|---|---|---|---|",
    ]
    total = 0
    for name, x in result["programs"].items():
        total += x["kills"]
        lines.append(
            f"| {name} | {x['seconds_whole']:.0f} | {x['kills']} | "
            f"{x['ends']} | {x['opened']:,} |"
        )
    return [*lines, "", f"{total} kills in all; none left a finding."]


def fuzz(result: dict[str, Any]) -> list[str]:
    lines = ["| what reads | inputs | refused | taken |", "|---|---|---|---|"]
    total = 0
    for name, x in result["targets"].items():
        total += x["inputs"]
        taken = x["outcomes"].get("taken", 0)
        lines.append(
            f"| {name} | {x['inputs']:,} | {x['inputs'] - taken:,} | "
            f"{taken:,} |"
        )
    return [
        *lines,
        "",
        f"{total:,} inputs, {result['seconds_each']:.0f} seconds for each "
        "reader.",
    ]


def faults(result: dict[str, Any]) -> list[str]:
    lines = [
        "| damaged files of | damages named | told of another file | not "
        "noticed |",
        "|---|---|---|---|",
    ]
    for name, x in result["damage"].items():
        files = ", ".join(f"{k} {v}" for k, v in x["unnoticed"].items())
        lines.append(
            f"| {name} | {x['named']} | {x.get('as_another', 0)} | "
            f"{files or 'none'} |"
        )
    failures = sum(x["failures"] for x in result["disks"].values())
    programs = ", ".join(result["disks"])
    servers = result["servers"]
    return [
        *lines,
        "",
        f"{failures} runs of {len(result['disks'])} programs ({programs}) on "
        "disks that were full or read-only, or with a bound on the size of "
        "files: each said so and named a path, and ended as undisturbed when "
        "it could write.",
        "",
        f"{servers['calls']:,} calls of hostile servers: "
        f"{servers['outcomes'].get('ServingError', 0):,} were a "
        f"`ServingError`, the others were answered; the slowest took "
        f"{servers['slowest_seconds']:.1f} s with a timeout of 1 s.",
    ]


def soak(result: dict[str, Any]) -> list[str]:
    stream = result["stream"]
    lines = [
        f"- A stream of {stream['frames']:,} frames: "
        f"{stream['more_memory_mib']:.1f} MiB more memory at its end, a "
        f"relative drift of {stream['relative_drift']:.0e}.",
    ]
    for name, x in result["client"].items():
        lines.append(
            f"- {x['requests']:,} requests by {name}: "
            f"{x['more_memory_mib']:.1f} MiB more memory, the last answer "
            f"{'' if x['the_last_equals_the_first'] else 'not '}equal to the "
            "first."
        )
    return lines
