"""Finds and reads raw NTU RGB+D recordings: `.skeleton` files and zips of them.

A file is text. Line 1: the number of frames. Each frame: the number of bodies,
then for each body a line of 10 fields (id, 6 states, lean x and y, tracking
state), the line `25`, and 25 joint lines of 12 fields (x y z in metres, depth x
y, colour x y, orientation w x y z, tracking state). Described in `Matlab/
read_skeleton_file.m` of https://github.com/shahroudy/NTURGB-D.
"""

import collections
import dataclasses
import functools
import os
import pathlib
import re
import zipfile
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pyarrow import csv

from datasets.raw import UNREADABLE, RawDataError

JOINTS = 25
BODY_FIELDS = 10
JOINT_FIELDS = 12
LARGEST = 1e9  # Metres: far beyond what a sensor sees.

_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})\.skeleton")

# Only x y z become numbers: nothing else is kept.
_COLUMNS = [str(field) for field in range(JOINT_FIELDS)]
_PARSE = csv.ParseOptions(
    delimiter=" ", quote_char=False, ignore_empty_lines=False
)
_CONVERT = csv.ConvertOptions(
    column_types=dict.fromkeys(_COLUMNS[:3], pa.float32()),
    include_columns=_COLUMNS[:3],
    null_values=[],
)


@dataclasses.dataclass(frozen=True, eq=False)
class Body:
    """What the sensor tracked under one id.

    Attributes:
        frames: `(n,)`, int64, ascending: where it is, counted from 0.
        joints: `(n, 25, 3)`, float32, metres in camera space.
    """

    frames: np.ndarray
    joints: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class RawClip:
    """One recording, as recorded.

    Attributes:
        frames: How many frames, those without a body included.
        bodies: By id, in the order in which they appear. Ids have 17 digits:
            as floats they would run into each other.
    """

    frames: int
    bodies: dict[int, Body]


@dataclasses.dataclass(frozen=True)
class Recording:
    """Where one `.skeleton` file is.

    Attributes:
        clip_id: Its name without ending, such as `"S001C002P003R001A058"`.
        path: The file, or the zip that holds it.
        member: Its name inside the zip; `None` for a file.
        stamp: Size and time, or check sum: changes when the content does.
    """

    clip_id: str
    path: pathlib.Path
    member: str | None
    stamp: tuple[int, int]

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
        """Counted from 1, as in the name."""
        return int(self.clip_id[17:20])

    def read(self) -> RawClip:
        """Reads the recording.

        Raises:
            RawDataError: The recording or its zip is damaged.
        """
        place = str(self.path / self.member if self.member else self.path)
        try:
            if self.member is None:
                data = self.path.read_bytes()
            else:
                data = _open_zip(self.path).read(self.member)
        except UNREADABLE as error:
            raise RawDataError(
                f"{place}: expected a file that can be read. "
                f"Received: {error or type(error).__name__}"
            ) from None
        return read_recording(data, place)


@dataclasses.dataclass(frozen=True)
class Survey:
    """What a raw folder holds.

    Attributes:
        recordings: Sorted by `clip_id`, each of which is there once.
        ignored: How many files are not read, by (reason, file or zip).
    """

    recordings: list[Recording]
    ignored: collections.Counter[tuple[str, str]]


def survey(raw_dir: str | os.PathLike[str]) -> Survey:
    """Finds `.skeleton` files and zips that hold some, at any depth.

    Zips are listed, never extracted. A clip that is in a folder and in a zip is
    read from the folder.

    Raises:
        RawDataError: A zip is damaged.
    """
    files: list[pathlib.Path] = []
    zips: list[pathlib.Path] = []
    for folder, _, names in os.walk(os.path.abspath(raw_dir), followlinks=True):
        for name in names:
            path = pathlib.Path(folder, name)
            if path.suffix == ".skeleton":
                files.append(path)
            elif path.suffix.lower() == ".zip" and not name.startswith("."):
                zips.append(path)

    recordings: dict[str, Recording] = {}
    ignored: collections.Counter[tuple[str, str]] = collections.Counter()

    def add(
        path: pathlib.Path, member: str | None, stamp: tuple[int, int]
    ) -> None:
        name = pathlib.PurePosixPath(member or path.name).name
        if not _NAME.fullmatch(name):
            place = str(path / member if member else path)
            ignored["not named SsssCcccPpppRrrrAaaa.skeleton", place] += 1
        elif (clip_id := name.removesuffix(".skeleton")) in recordings:
            ignored[
                "copies of clips found in a folder or an earlier zip", str(path)
            ] += 1
        else:
            recordings[clip_id] = Recording(clip_id, path, member, stamp)

    for path in sorted(files):
        status = path.stat()
        add(path, None, (status.st_size, status.st_mtime_ns))
    for path in sorted(zips):
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, EOFError) as error:
            raise RawDataError(
                f"{path}: expected a whole zip file; delete it and fetch it "
                f"again. Received: {error or type(error).__name__}"
            ) from None
        members = [m for m in members if m.filename.endswith(".skeleton")]
        for member in members:
            # Copies made on a Mac carry `__MACOSX/._S001....skeleton`.
            if "__MACOSX" not in member.filename.split("/"):
                stamp = (member.file_size, member.CRC)
                add(path, member.filename, stamp)
        if not members:
            ignored["zip without a recording", str(path)] += 1
    return Survey([recordings[key] for key in sorted(recordings)], ignored)


@functools.lru_cache(maxsize=4)
def _open_zip(path: pathlib.Path) -> zipfile.ZipFile:
    """Stays open: listing its 57,000 members costs as much as reading 300."""
    return zipfile.ZipFile(path)


def read_recording(data: bytes, name: str) -> RawClip:
    """Reads one `.skeleton` file, with LF or CRLF line ends.

    Args:
        data: The whole file.
        name: What an error calls it.

    Raises:
        RawDataError: The file ends too early or too late, a line has not the
            fields that belong there, a body is in a frame twice, or x, y or z
            is no finite number.
    """
    lines = data.splitlines()
    starts: list[int] = []
    try:
        frames, tracked = _walk(lines, name, starts)
    except RawDataError:
        # A joint line too few or too many shows only later.
        _coordinates_line_by_line(lines, starts, name)
        raise
    joints = _coordinates(lines, starts, name)
    return RawClip(
        frames=frames,
        bodies={
            body_id: Body(np.array(list(blocks)), joints[list(blocks.values())])
            for body_id, blocks in tracked.items()
        },
    )


def _walk(
    lines: Sequence[bytes], name: str, starts: list[int]
) -> tuple[int, dict[int, dict[int, int]]]:
    """Goes from body to body, without a look at their joints.

    Args:
        lines: Of the file.
        name: What an error calls it.
        starts: Receives where each block of 25 joint lines begins.

    Returns:
        The number of frames, and for each body id its place in `starts` by
        frame.
    """

    def line(at: int, expected: str) -> bytes:
        if at >= len(lines):
            raise RawDataError(
                f"{name}, line {len(lines) + 1}: expected {expected}. "
                "Received: the end of the file"
            )
        return lines[at]

    def count(at: int, expected: str) -> int:
        text = line(at, expected).strip()
        if not text.isdigit():
            raise RawDataError(
                f"{name}, line {at + 1}: expected {expected}. "
                f"Received: {_shown(text)}"
            )
        return int(text)

    frames = count(0, "the number of frames")
    tracked: dict[int, dict[int, int]] = {}
    at = 1
    for frame in range(frames):
        bodies = count(at, f"the number of bodies of frame {frame + 1}")
        at += 1
        for _ in range(bodies):
            body = line(at, f"a body line of {BODY_FIELDS} fields").split()
            if len(body) != BODY_FIELDS or not body[0].isdigit():
                raise RawDataError(
                    f"{name}, line {at + 1}: expected a body line of "
                    f"{BODY_FIELDS} fields, the first its id. "
                    f"Received: {_shown(lines[at])}"
                )
            blocks = tracked.setdefault(int(body[0]), {})
            if frame in blocks:
                raise RawDataError(
                    f"{name}, line {at + 1}: expected each body once in frame "
                    f"{frame + 1}. Received: body {int(body[0])} again"
                )
            if count(at + 1, "the number of joints") != JOINTS:
                raise RawDataError(
                    f"{name}, line {at + 2}: expected {JOINTS} joints. "
                    f"Received: {_shown(lines[at + 1])}"
                )
            line(at + 1 + JOINTS, f"a joint line of {JOINT_FIELDS} fields")
            blocks[frame] = len(starts)
            starts.append(at + 2)
            at += 2 + JOINTS
    for number, rest in enumerate(lines[at:], start=at + 1):
        if rest.strip():
            raise RawDataError(
                f"{name}, line {number}: expected the end of the file after "
                f"{frames} frames. Received: {_shown(rest)}"
            )
    return frames, tracked


def _coordinates(
    lines: Sequence[bytes], starts: Sequence[int], name: str
) -> np.ndarray:
    """x y z of the blocks of joint lines: `(len(starts), 25, 3)`, float32."""
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
        return _coordinates_line_by_line(lines, starts, name)
    xyz = np.stack([column.to_numpy() for column in table.columns], axis=-1)
    if xyz.shape[0] != len(starts) * JOINTS or not np.all(abs(xyz) < LARGEST):
        return _coordinates_line_by_line(lines, starts, name)
    return xyz.reshape(-1, JOINTS, 3)


def _coordinates_line_by_line(
    lines: Sequence[bytes], starts: Sequence[int], name: str
) -> np.ndarray:
    """As `_coordinates`, slowly: it knows the line of what is wrong."""
    rows = []
    for start in starts:
        for at in range(start, start + JOINTS):
            fields = lines[at].split()
            if len(fields) != JOINT_FIELDS:
                raise RawDataError(
                    f"{name}, line {at + 1}: expected a joint line of "
                    f"{JOINT_FIELDS} fields. Received: {len(fields)} fields"
                )
            rows.append(
                [
                    _number(field, f"{name}, line {at + 1}, field {column}")
                    for column, field in enumerate(fields[:3], start=1)
                ]
            )
    return np.array(rows, np.float32).reshape(-1, JOINTS, 3)


def _number(field: bytes, place: str) -> float:
    try:
        number = float(field)
    except ValueError:
        number = float("nan")
    # Also false for "nan".
    if not abs(number) < LARGEST:
        raise RawDataError(
            f"{place}: expected a finite number. Received: {_shown(field)}"
        )
    return number


def _shown(text: bytes) -> str:
    return repr(text.decode("ascii", "backslashreplace")[:60])
