"""Finds and reads raw NTU RGB+D recordings: `.skeleton` files and zips of them.

A file is text. Line 1 is the number of frames. A frame is the number of bodies
and, for each body, a line of 10 fields (id, 6 states, lean x and y, tracking
state), the line `25`, and 25 joint lines of 12 fields (x y z in metres, depth x
y, colour x y, orientation w x y z, tracking state). Described in `Matlab/
read_skeleton_file.m` of https://github.com/shahroudy/NTURGB-D.
"""

import dataclasses
import os
import pathlib
import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pyarrow import csv

from datasets import raw
from datasets.raw import RawDataError, check_shape, shown
from stalstm.runtime.litert import FARTHEST
from stalstm.skeletons import KINECT2

JOINTS = len(KINECT2.joints)
BODY_FIELDS = 10
JOINT_FIELDS = 12

_NAME = re.compile(r"S\d{3}C\d{3}P\d{3}R\d{3}A\d{3}\.skeleton")

_COLUMNS = [str(field) for field in range(JOINT_FIELDS)]
# Of a field: only x, y and z of the joints are kept, but all are numbers. Some
# are not finite, in the spelling of more than one library of C.
_NUMBER = (
    r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"
    r"|nan|inf(?:inity)?|1\.#(?:ind|inf|[qs]nan)0*)"
)
_A_NUMBER = re.compile(_NUMBER.encode(), re.IGNORECASE)
# An id has 17 digits.
_BODY_LINE = re.compile(
    rf"[ \t]*(\d{{1,20}})(?:[ \t]+{_NUMBER}){{{BODY_FIELDS - 1}}}"
    r"[ \t]*".encode(),
    re.IGNORECASE,
)
_COUNT = re.compile(rb"[ \t]*(\d{1,9})[ \t]*")
_FIELD = re.compile(rb"[^ \t]+")
_PARSE = csv.ParseOptions(
    delimiter=" ", quote_char=False, ignore_empty_lines=False
)
_CONVERT = csv.ConvertOptions(
    column_types=dict.fromkeys(_COLUMNS, pa.float32()),
    null_values=[],
)


@dataclasses.dataclass(frozen=True, eq=False)
class Body:
    """What the sensor tracked under one id.

    Attributes:
        frames: Indices of the frames that contain it, `(n,)`, int64, ascending.
        joints: Joints in the order of `KINECT2`, `(n, 25, 3)`, float32, metres
            in camera space.
    """

    frames: np.ndarray
    joints: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class RawClip:
    """One recording, as recorded.

    Attributes:
        frames: Number of frames, including those without a body.
        bodies: Bodies by id, in the order in which they appear. Ids are ints:
            they have 17 digits, and as floats some would be equal.
    """

    frames: int
    bodies: dict[int, Body]


@dataclasses.dataclass(frozen=True)
class Recording(raw.Recording):
    """Where one `.skeleton` file is.

    Its `clip_id` is the name of the file, such as `"S001C002P003R001A058"`. The
    numbers in it start at 1.
    """

    @property
    def setup(self) -> int:
        return int(self.clip_id[1:4])

    @property
    def camera(self) -> int:
        return int(self.clip_id[5:8])

    @property
    def performer(self) -> int:
        return int(self.clip_id[9:12])

    @property
    def replication(self) -> int:
        return int(self.clip_id[13:16])

    @property
    def action(self) -> int:
        return int(self.clip_id[17:20])

    def read(self) -> RawClip:
        """Reads the recording.

        Raises:
            RawDataError: The recording or its zip is damaged.
        """
        return read_recording(self.read_bytes(), self.place)


def survey(path: str | os.PathLike[str]) -> raw.Survey[Recording]:
    """Finds the recordings in a folder or a zip: see `raw.survey`.

    Raises:
        RawDataError: A zip is damaged.
    """

    def clip_id(path: pathlib.Path, member: str | None) -> str | None:
        name = member.rpartition("/")[2] if member else path.name
        return name.removesuffix(".skeleton") if _NAME.fullmatch(name) else None

    return raw.survey(
        [path],
        recording=Recording,
        looks_like=lambda name: name.endswith(".skeleton"),
        clip_id=clip_id,
        rule="named SsssCcccPpppRrrrAaaa.skeleton",
    )


def read_recording(data: bytes, place: str) -> RawClip:
    """Reads one `.skeleton` file, with LF or CRLF line ends.

    Args:
        data: Content of the file.
        place: Name of the file in error messages.

    Raises:
        RawDataError: The file is too short or too long, a line does not have
            the expected fields, a field is no number, a frame contains a body
            twice, there are more joints than a clip may have, or x, y or z is
            not finite or farther than `FARTHEST`.
    """
    lines = data.splitlines()
    starts: list[int] = []
    try:
        frames, tracked = _walk(lines, place, starts)
    except RawDataError:
        # A joint line too many or too few is noticed only further on.
        _coordinates_line_by_line(lines, starts, place)
        raise
    joints = _coordinates(lines, starts, place)
    return RawClip(
        frames=frames,
        bodies={
            body_id: Body(np.array(list(blocks)), joints[list(blocks.values())])
            for body_id, blocks in tracked.items()
        },
    )


def _walk(
    lines: Sequence[bytes], place: str, starts: list[int]
) -> tuple[int, dict[int, dict[int, int]]]:
    """Goes from body to body, without parsing their joints.

    Args:
        lines: Lines of the file.
        place: Name of the file in error messages.
        starts: List to append to: the index of the first line of each block of
            25 joint lines.

    Returns:
        The number of frames; and by body id and frame, the index in `starts`
        of the block of joint lines.
    """

    def line(at: int, expected: str) -> bytes:
        if at >= len(lines):
            raise RawDataError(
                f"{place}, line {len(lines) + 1}: expected {expected}. "
                "Received: the end of the file"
            )
        return lines[at]

    def count(at: int, expected: str) -> int:
        text = line(at, expected)
        match = _COUNT.fullmatch(text)
        if match is None:
            raise RawDataError(
                f"{place}, line {at + 1}: expected {expected}. "
                f"Received: {shown(text)}"
            )
        return int(match[1])

    frames = count(0, "the number of frames")
    # As the clip of one body would have; a frame of nobody is two bytes.
    check_shape(frames, 1, JOINTS, place)
    tracked: dict[int, dict[int, int]] = {}
    at = 1
    for frame in range(frames):
        bodies = count(at, f"the number of bodies of frame {frame + 1}")
        at += 1
        for _ in range(bodies):
            body = _BODY_LINE.fullmatch(
                line(at, f"a body line of {BODY_FIELDS} fields")
            )
            if body is None:
                raise RawDataError(
                    f"{place}, line {at + 1}: expected a body line of "
                    f"{BODY_FIELDS} fields, numbers, the first its id. "
                    f"Received: {shown(lines[at])}"
                )
            body_id = int(body[1])
            blocks = tracked.setdefault(body_id, {})
            if frame in blocks:
                raise RawDataError(
                    f"{place}, line {at + 1}: expected each body once in frame "
                    f"{frame + 1}. Received: body {body_id} again"
                )
            if count(at + 1, "the number of joints") != JOINTS:
                raise RawDataError(
                    f"{place}, line {at + 2}: expected {JOINTS} joints. "
                    f"Received: {shown(lines[at + 1])}"
                )
            line(at + 1 + JOINTS, f"a joint line of {JOINT_FIELDS} fields")
            blocks[frame] = len(starts)
            starts.append(at + 2)
            at += 2 + JOINTS
    for number, rest in enumerate(lines[at:], start=at + 1):
        if rest.strip(b" \t"):
            raise RawDataError(
                f"{place}, line {number}: expected the end of the file after "
                f"{frames} frames. Received: {shown(rest)}"
            )
    return frames, tracked


def _coordinates(
    lines: Sequence[bytes], starts: Sequence[int], place: str
) -> np.ndarray:
    """Parses blocks of joint lines into `(len(starts), 25, 3)`, float32."""
    if not starts:
        return np.empty((0, JOINTS, 3), np.float32)
    text = b"\n".join(
        [row for start in starts for row in lines[start : start + JOINTS]]
    )
    try:
        table = csv.read_csv(
            pa.BufferReader(text),
            csv.ReadOptions(
                column_names=_COLUMNS,
                use_threads=False,
                block_size=len(text) + 1,
            ),
            _PARSE,
            _CONVERT,
        )
    except pa.ArrowInvalid:
        return _coordinates_line_by_line(lines, starts, place)
    xyz = np.stack([x.to_numpy() for x in table.columns[:3]], axis=-1)
    if xyz.shape[0] != len(starts) * JOINTS or not np.all(abs(xyz) < FARTHEST):
        return _coordinates_line_by_line(lines, starts, place)
    return xyz.reshape(-1, JOINTS, 3)


def _coordinates_line_by_line(
    lines: Sequence[bytes], starts: Sequence[int], place: str
) -> np.ndarray:
    """Does what `_coordinates` does, slowly, and names the line of an error."""
    rows = []
    for start in starts:
        for at in range(start, start + JOINTS):
            fields = _FIELD.findall(lines[at])
            if len(fields) != JOINT_FIELDS:
                raise RawDataError(
                    f"{place}, line {at + 1}: expected a joint line of "
                    f"{JOINT_FIELDS} fields. Received: {len(fields)} fields"
                )
            where = f"{place}, line {at + 1}, field"
            rows.append(
                [
                    _coordinate(field, f"{where} {column}")
                    for column, field in enumerate(fields[:3], start=1)
                ]
            )
            for column, field in enumerate(fields[3:], start=4):
                if not _A_NUMBER.fullmatch(field):
                    raise RawDataError(
                        f"{where} {column}: expected a number. "
                        f"Received: {shown(field)}"
                    )
    return np.array(rows, np.float32).reshape(-1, JOINTS, 3)


def _coordinate(field: bytes, place: str) -> float:
    value = raw.number(field, place)
    if abs(value) > FARTHEST:
        raise RawDataError(
            f"{place}: expected metres, none beyond {FARTHEST:g}. "
            f"Received: {shown(field)}"
        )
    return value
