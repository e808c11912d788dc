"""What `check` finds, and how it says so."""

import dataclasses
import enum
import os
import pathlib
import textwrap
from collections.abc import Iterable, Sequence

# How many places a finding names.
NAMED = 5
_WIDTH = 80


class Severity(enum.IntEnum):
    """How bad a finding is; the worst one is the exit status of `check`."""

    NOTE = 0  # Good to know.
    ODD = 1  # Training works, but perhaps not as expected.
    WRONG = 2  # Training would fail or be worthless.


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something about a folder of own recordings.

    Attributes:
        severity: How bad it is.
        text: What it is, in whole sentences.
        places: Where it is: files, lines, joints or classes; the first `NAMED`
            of them.
        count: How many places there are.
    """

    severity: Severity
    text: str
    places: tuple[str, ...] = ()
    count: int = 0

    def __str__(self) -> str:
        """A paragraph: the text, and a line for each place."""
        lines = [wrapped(self.text, "  ", "  ")]
        lines += [wrapped(place, "  - ", "    ") for place in self.places]
        if self.count > len(self.places):
            lines.append(f"  - and {self.count - len(self.places)} more")
        return "\n".join(lines)


def note(text: str, places: Iterable[str] = ()) -> Finding:
    return _finding(Severity.NOTE, text, places)


def odd(text: str, places: Iterable[str] = ()) -> Finding:
    return _finding(Severity.ODD, text, places)


def wrong(text: str, places: Iterable[str] = ()) -> Finding:
    return _finding(Severity.WRONG, text, places)


def _finding(severity: Severity, text: str, places: Iterable[str]) -> Finding:
    places = tuple(places)
    return Finding(severity, text, places[:NAMED], len(places))


def counted(number: int, thing: str) -> str:
    """A number of things, such as `"1 clip"` and `"2 clips"`."""
    ending = "es" if thing.endswith("s") else "s"
    return f"{number:,} {thing}{'' if number == 1 else ending}"


def enumerated(names: Sequence[str]) -> str:
    """Names in a sentence; of many, the first ones and how many more."""
    if len(names) <= 2 * NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def relative(text: str, folder: pathlib.Path) -> str:
    """A message with the paths that files have in the folder."""
    return text.replace(f"{folder}{os.sep}", "")


def wrapped(text: str, first: str = "", others: str = "") -> str:
    """Lines of text, the first indented by `first`."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
