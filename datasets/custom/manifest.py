"""Reads `manifest.csv`: the clips of a folder of own recordings.

    file,label,subject,group,split,start,end
    monday/walk_1.csv,walking,anna,,train,,
    monday/long.csv,"sitting, reading",bert,,test,0,89

Only `file` and `label` are required. Further columns are metadata. Spaces
around a field and empty lines do not matter.
"""

import csv
import dataclasses
import os
import pathlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from datasets.raw import RawDataError

REQUIRED = ("file", "label")
OPTIONAL = ("subject", "group", "split", "start", "end")

# Programs that know no missing integers write 12.0.
_WHOLE = re.compile(r"(\d{1,15})(?:\.0*)?", re.ASCII)
_DRIVE = re.compile(r"[A-Za-z]:")
_INTEGER = re.compile(r"-?\d{1,15}", re.ASCII)


class Row(NamedTuple):
    """One clip, as the manifest lists it.

    A named tuple, because a manifest may have a million of them.

    Attributes:
        line: Line in the manifest, counted from 1.
        file: Path of the file relative to the manifest's folder, with `/`.
        label: Name of the class.
        subject, group, split: Text of the optional fields; `None` if empty.
        start, end: First and last frame of the clip in its file, counted from
            0; `None` for the first and the last of the file.
        metadata: The further columns by name.
    """

    line: int
    file: str
    label: str
    subject: str | None
    group: str | None
    split: str | None
    start: int | None
    end: int | None
    metadata: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a manifest says.

    Attributes:
        rows: The clips, in the order of the file.
        columns: Names of the further columns, kept as metadata.
    """

    rows: tuple[Row, ...]
    columns: tuple[str, ...]


def classes(labels: Iterable[str]) -> tuple[str, ...]:
    """The different labels, sorted; by number if all are whole numbers."""
    names = sorted(set(labels))
    if all(_INTEGER.fullmatch(name) for name in names):
        names.sort(key=int)
    return tuple(names)


def read_manifest(path: str | os.PathLike[str]) -> Manifest:
    """Reads a manifest: CSV in UTF-8, with or without a byte-order mark.

    Raises:
        RawDataError: The file is not such a CSV, lists no clip, or a field is
            wrong; the message names the line.
    """
    path = pathlib.Path(path)
    records = _records(path)
    line, columns = next(records, (1, []))
    if (
        not set(REQUIRED) <= set(columns)
        or len(set(columns)) < len(columns)
        or "" in columns
    ):
        raise RawDataError(
            f"{path}, line {line}: expected names of columns separated by "
            f"commas, each once: {', '.join(REQUIRED)}, and optionally "
            f"{', '.join(OPTIONAL)} and others. "
            f"Received: {_shown(','.join(columns))}"
        )
    further = tuple(x for x in columns if x not in REQUIRED + OPTIONAL)
    rows = []
    for line, fields in records:
        try:
            rows.append(_row(line, columns, fields, further))
        except ValueError as error:
            raise RawDataError(f"{path}, line {line}: {error}") from None
    if not rows:
        raise RawDataError(
            f"{path}: expected a line for each clip. "
            "Received: no line after that of the columns"
        )
    return Manifest(tuple(rows), further)


def _records(path: pathlib.Path) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV file that are not empty, with their first lines."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, skipinitialspace=True, strict=True)
            line = 1
            for fields in reader:
                fields = [field.strip() for field in fields]
                if any(fields):
                    yield line, fields
                line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise RawDataError(
            f"{path}, line {_undecodable_line(path)}: expected text in UTF-8. "
            f"Received: {error.object[error.start : error.end]!r}"
        ) from None
    except csv.Error as error:
        raise RawDataError(
            f"{path}, line {line}: expected fields separated by commas, those "
            f"with a comma in quotation marks. Received: {error}"
        ) from None
    except OSError as error:
        raise RawDataError(
            f"{path}: expected a file that can be read. Received: {error}"
        ) from None


def _undecodable_line(path: pathlib.Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    raise AssertionError("the file has changed")


def _row(
    line: int,
    columns: Sequence[str],
    fields: Sequence[str],
    further: Sequence[str],
) -> Row:
    if len(fields) != len(columns):
        raise ValueError(
            f"expected {len(columns)} fields, as in the first line. "
            f"Received: {len(fields)}: {_shown(','.join(fields))}"
        )
    values = dict(zip(columns, fields, strict=True))
    for name in REQUIRED:
        if not values[name].isprintable() or not values[name]:
            raise ValueError(
                f"expected a {name} of printable characters. "
                f"Received: {_shown(values[name])}"
            )
    start = _frame("start", values.get("start", ""))
    end = _frame("end", values.get("end", ""))
    if end is not None and (start or 0) > end:
        raise ValueError(
            "expected a start that is not after the end. "
            f"Received: start={start}, end={end}"
        )
    return Row(
        line=line,
        file=_inside(values["file"]),
        # Interned: a name that stands in many rows is kept once.
        label=sys.intern(values["label"]),
        subject=sys.intern(values.get("subject", "")) or None,
        group=sys.intern(values.get("group", "")) or None,
        split=sys.intern(values.get("split", "")) or None,
        start=start,
        end=end,
        metadata={name: sys.intern(values[name]) for name in further},
    )


def _frame(name: str, text: str) -> int | None:
    if not text:
        return None
    if not (match := _WHOLE.fullmatch(text)):
        raise ValueError(
            f"expected a frame number, counted from 0, as {name}. "
            f"Received: {_shown(text)}"
        )
    return int(match[1])


def _inside(file: str) -> str:
    """A path in the form in which equal files have equal paths.

    Raises:
        ValueError: The path might lead out of the folder.
    """
    # As written on Windows, too.
    parts = file.replace("\\", "/").split("/")
    if ".." in parts or not parts[0] or _DRIVE.match(file):
        raise ValueError(
            "expected a file inside the folder of the manifest, by its "
            f"relative path and without '..'. Received: {_shown(file)}"
        )
    return "/".join(part for part in parts if part not in ("", "."))


def _shown(text: str) -> str:
    return repr(text[:60])
