"""Clips as comma-separated values: `.csv`, long or wide."""

import array
import codecs
import csv
import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow

from datasets.custom.missing import all_missing
from datasets.raw import RawDataError, shown
from stalstm.skeletons import Skeleton

_AXES = ("x", "y", "z")
_LONG = ("frame", "joint", *_AXES)

# What stands for a missing number. C prints some NaN with a sign.
_MISSING = ("", "nan", "NaN", "NAN", "-nan")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BODY = re.compile(r"\d{1,9}", re.ASCII)

# Larger floats do not tell neighbouring whole numbers apart.
_LARGEST_WHOLE = 2**53


def parse_csv(data: bytes, place: str, skeleton: Skeleton) -> np.ndarray:
    """Reads a table, long or wide: see `clip_files.parse`.

    A long table has the columns `frame`, `joint`, `x`, `y`, `z` and optionally
    `body`, and a line for each joint, in any order. A joint is its name, or its
    index from 0. Bodies are whole numbers; the smallest in the file becomes
    body 0, the next body 1.

    A wide table has a line for each frame. Its columns are `<joint>_x`,
    `<joint>_y` and `<joint>_z` in any order, or `<body>_<joint>_x` and so on;
    and optionally `frame`, which increases from line to line. Without names of
    columns, a line is x, y and z of each joint of each body, optionally after a
    frame number.

    A missing number is an empty field or NaN. Further columns are ignored.
    """
    text = data.removeprefix(codecs.BOM_UTF8)
    first_line = re.split(rb"[\r\n]", text, maxsplit=1)[0]
    names = [x.strip() for x in _fields(first_line, f"{place}, line 1")]
    if all(map(_is_number, names)):
        table = _Table(text, place, skipped=0, fields=len(names))
        return _wide(table, skeleton, *_by_position(table, skeleton))
    table = _Table(text, place, skipped=1, fields=len(names))
    if set(_LONG) <= {name.lower() for name in names}:
        return _long(table, skeleton, [name.lower() for name in names])
    return _wide(table, skeleton, *_by_name(table, skeleton, names))


@dataclasses.dataclass(frozen=True)
class _Table:
    """Lines of fields.

    Attributes:
        text: All lines.
        place: Name of the file in error messages.
        skipped: Number of lines before the first row.
        fields: Number of fields of every line.
    """

    text: bytes
    place: str
    skipped: int
    fields: int

    def read(
        self, numbers: Sequence[int], names: int | None = None
    ) -> tuple[np.ndarray, pa.Array]:
        """Some columns.

        Args:
            numbers: Indices of columns of numbers.
            names: Index of a column of text.

        Returns:
            `(rows, len(numbers))`, float64, NaN where a number is missing; and
            the text of each row, if asked for.

        Raises:
            RawDataError: A line has too few or too many fields, or a field is
                not a number or not finite.
        """
        types = {str(column): pa.float64() for column in numbers}
        if names is not None:
            types[str(names)] = pa.string()
        try:
            table = arrow.read_csv(
                pa.BufferReader(self.text),
                arrow.ReadOptions(
                    column_names=[str(x) for x in range(self.fields)],
                    skip_rows=self.skipped,
                    use_threads=False,
                    block_size=len(self.text) + 1,
                ),
                convert_options=arrow.ConvertOptions(
                    column_types=types,
                    include_columns=list(types),
                    null_values=_MISSING,
                ),
            )
        except pa.ArrowInvalid:
            return self._read_line_by_line(numbers, names)
        columns = table.columns[: len(numbers)]
        values = np.stack([x.to_numpy() for x in columns], axis=-1)
        missing = sum(column.null_count for column in columns)
        # Arrow understands infinity, and more spellings of NaN.
        if np.sum(~np.isfinite(values)) > missing:
            return self._read_line_by_line(numbers, names)
        if names is None:
            return values, pa.array([])
        return values, table.columns[-1].combine_chunks()

    def _read_line_by_line(
        self, numbers: Sequence[int], names: int | None
    ) -> tuple[np.ndarray, pa.Array]:
        """Does what `read` does, slowly, and names the line of an error."""
        values = array.array("d")
        texts = []
        for number, line in self._lines():
            where = f"{self.place}, line {number}"
            fields = _fields(line, where)
            if len(fields) != self.fields:
                raise RawDataError(
                    f"{where}: expected {self.fields} fields separated by "
                    f"commas, as in the first line. Received: {len(fields)}"
                )
            for column in numbers:
                values.append(_number(fields[column], where, column))
            if names is not None:
                texts.append(fields[names])
        rows = np.array(values).reshape(-1, len(numbers))
        return rows, pa.array(texts, pa.string())

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines of the rows, with their numbers, counted from 1."""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if number > self.skipped and line.strip():
                yield number, line

    def where(self, row: int) -> str:
        """The line of a row, for an error message."""
        number, _ = next(itertools.islice(self._lines(), row, None))
        return f"{self.place}, line {number}"

    def whole(self, values: np.ndarray, name: str) -> np.ndarray:
        """The numbers of a column as int64.

        Raises:
            RawDataError: One is missing or not whole.
        """
        good = (np.abs(values) <= _LARGEST_WHOLE) & (values == np.floor(values))
        if not good.all():
            row = int(np.argmin(good))
            raise RawDataError(
                f"{self.where(row)}: expected a whole number as {name}. "
                f"Received: {values[row]:g}"
            )
        return values.astype(np.int64)


def _fields(line: bytes, where: str) -> list[str]:
    try:
        return next(csv.reader([line.decode()], strict=True), [""])
    except (UnicodeDecodeError, csv.Error) as error:
        raise RawDataError(
            f"{where}: expected fields separated by commas, in UTF-8. "
            f"Received: {shown(line)}, {error}"
        ) from None


def _is_number(field: str) -> bool:
    return field in _MISSING or _NUMBER.fullmatch(field) is not None


def _number(field: str, where: str, column: int) -> float:
    field = field.strip()
    if field in _MISSING:
        return np.nan
    value = float(field) if _NUMBER.fullmatch(field) else np.inf
    if not np.isfinite(value):
        raise RawDataError(
            f"{where}, field {column + 1}: expected a finite number, or "
            f"nothing where it is missing. Received: {field[:60]!r}"
        )
    return value


def _long(
    table: _Table, skeleton: Skeleton, names: Sequence[str]
) -> np.ndarray:
    columns = _columns(
        names, lambda name: name if name in (*_LONG, "body") else None, table
    )
    joint = columns.pop("joint")
    numbers, texts = table.read(list(columns.values()), joint)
    if not len(numbers):
        return all_missing(0, 0, len(skeleton.joints), table.place)
    joints = _joints(table, texts, skeleton)
    number = dict(zip(columns, numbers.T, strict=True))
    frames = table.whole(number["frame"], "frame")
    frames -= frames.min()
    bodies = np.zeros_like(frames)
    if "body" in columns:
        bodies = table.whole(number["body"], "body")
    ids, bodies = np.unique(bodies, return_inverse=True)
    clip = all_missing(
        int(frames.max()) + 1, len(ids), len(skeleton.joints), table.place
    )
    index = np.ravel_multi_index((frames, bodies, joints), clip.shape[:3])
    _, once = np.unique(index, return_index=True)
    if len(once) < len(index):
        row = int(np.argmin(np.isin(np.arange(len(index)), once)))
        raise RawDataError(
            f"{table.where(row)}: expected each joint of a body once in a "
            f"frame. Received: {skeleton.joints[joints[row]]} again"
        )
    clip.reshape(-1, 3)[index] = np.stack([number[x] for x in _AXES], axis=-1)
    return clip


def _joints(table: _Table, texts: pa.Array, skeleton: Skeleton) -> np.ndarray:
    """The index of the joint of each row."""
    coded = texts.dictionary_encode()
    names = [text.strip() for text in coded.dictionary.to_pylist()]
    of_code = np.array([_joint(name, skeleton) for name in names])
    joints = of_code[coded.indices.to_numpy()]
    if np.any(joints < 0):
        row = int(np.argmin(joints))
        raise RawDataError(
            f"{table.where(row)}: expected a joint of the skeleton "
            f"{skeleton.name}, one of {', '.join(skeleton.joints)}, or its "
            f"index from 0. Received: {texts[row].as_py()[:60]!r}"
        )
    return joints


def _joint(name: str, skeleton: Skeleton) -> int:
    """The index of a joint by its name or index; -1 if there is none."""
    if name in skeleton.joints:
        return skeleton.index(name)
    indices = [str(index) for index in range(len(skeleton.joints))]
    return indices.index(name) if name in indices else -1


def _columns(
    names: Sequence[str], key: Callable[[str], Any], table: _Table
) -> dict[Any, int]:
    """Indices of columns by a key of their names; without those of no key.

    Raises:
        RawDataError: Two columns have the same key.
    """
    columns: dict[Any, int] = {}
    for index, name in enumerate(names):
        if key(name) in columns:
            raise RawDataError(
                f"{table.place}, line 1: expected each column once. "
                f"Received: {name} again"
            )
        if key(name) is not None:
            columns[key(name)] = index
    return columns


def _by_position(
    table: _Table, skeleton: Skeleton
) -> tuple[int | None, list[int]]:
    """The arguments `frame` and `coordinates` of `_wide`, without names."""
    body = 3 * len(skeleton.joints)
    if table.fields < body or table.fields % body > 1:
        raise RawDataError(
            f"{table.place}, line 1: expected {body} numbers for each body, x, "
            f"y and z of the {len(skeleton.joints)} joints of the skeleton "
            f"{skeleton.name}, optionally after a frame number; or names of "
            f"columns. Received: {table.fields} numbers"
        )
    frame = table.fields % body
    return 0 if frame else None, list(range(frame, table.fields))


def _by_name(
    table: _Table, skeleton: Skeleton, names: Sequence[str]
) -> tuple[int | None, list[int]]:
    """The arguments `frame` and `coordinates` of `_wide`, by their names."""
    columns = _columns(names, lambda x: _coordinate(x, skeleton), table)
    frame = columns.pop("frame", None)
    if not columns:
        raise RawDataError(
            f"{table.place}, line 1: expected numbers; or names of columns, "
            "either frame, joint, x, y, z and optionally body, or "
            f"{skeleton.joints[0]}_x and so on for each joint. "
            f"Received: {shown(','.join(names).encode())}"
        )
    expected = [
        (body, joint, axis)
        for body in sorted({body for body, _, _ in columns})
        for joint in skeleton.joints
        for axis in _AXES
    ]
    if lacking := [x for x in expected if x not in columns]:
        body, joint, axis = lacking[0]
        raise RawDataError(
            f"{table.place}, line 1: expected columns of x, y and z for each "
            f"joint of the skeleton {skeleton.name}. Received: {len(lacking)} "
            f"too few, the first that lacks is {joint}_{axis} of body {body}"
        )
    return frame, [columns[x] for x in expected]


def _coordinate(
    name: str, skeleton: Skeleton
) -> tuple[int, str, str] | str | None:
    """What a column contains: body, joint and axis; or "frame"."""
    if name.lower() == "frame":
        return "frame"
    joint, _, axis = name.rpartition("_")
    body = "0"
    if joint not in skeleton.joints:
        body, _, joint = joint.partition("_")
    axis = axis.lower()
    if (
        axis not in _AXES
        or joint not in skeleton.joints
        or not _BODY.fullmatch(body)
    ):
        return None
    return int(body), joint, axis


def _wide(
    table: _Table,
    skeleton: Skeleton,
    frame: int | None,
    coordinates: Sequence[int],
) -> np.ndarray:
    """The clip of a wide table.

    Args:
        table: The table.
        skeleton: Its skeleton.
        frame: Index of the column of frame numbers, if there is one.
        coordinates: Indices of the columns of body 0, joint 0, x, y, z, joint
            1, and so on.
    """
    joints = len(skeleton.joints)
    bodies = len(coordinates) // (3 * joints)
    if frame is None:
        numbers, _ = table.read(coordinates)
        frames = np.arange(len(numbers))
    else:
        numbers, _ = table.read([*coordinates, frame])
        frames = table.whole(numbers[:, -1], "frame")
        if np.any(late := np.diff(frames) <= 0):
            row = int(np.argmax(late)) + 1
            raise RawDataError(
                f"{table.where(row)}: expected frame numbers that increase. "
                f"Received: {frames[row]} after {frames[row - 1]}"
            )
        frames -= frames[:1].copy()
    length = int(frames[-1]) + 1 if len(frames) else 0
    clip = all_missing(length, bodies, joints, table.place)
    clip[frames] = numbers[:, : len(coordinates)].reshape(-1, *clip.shape[1:])
    return clip
