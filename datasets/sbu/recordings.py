"""Reads raw SBU Kinect Interaction recordings: folders and zips to metres.

A raw folder holds `<set>/<action>/<take>/skeleton_pos.txt`, extracted, or the
zips of the public download, one a set. Kiwon Yun, Jean Honorio, Debaleena
Chattopadhyay, Tamara L. Berg, Dimitris Samaras, "Two-person interaction
detection using body-pose features and multiple instance learning", CVPR
Workshops 2012.
"""

import collections
import contextlib
import dataclasses
import os
import pathlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO

import numpy as np

from datasets.raw import UNREADABLE, RawDataError

# In the order of the folders 01 to 08.
ACTIONS: tuple[str, ...] = (
    "approaching",
    "departing",
    "kicking",
    "pushing",
    "shaking_hands",
    "hugging",
    "exchanging_objects",
    "punching",
)

# The official folds, 1-based: the sets to test on when trained on the others.
FOLDS: dict[int, tuple[str, ...]] = {
    1: ("s01s02", "s03s04", "s05s02", "s06s04"),
    2: ("s02s03", "s02s07", "s03s05", "s05s03"),
    3: ("s01s03", "s01s07", "s07s01", "s07s03"),
    4: ("s02s01", "s02s06", "s03s02", "s03s06"),
    5: ("s04s02", "s04s03", "s04s06", "s06s02", "s06s03"),
}

BODIES = 2
JOINTS = 15
FIELDS = 1 + BODIES * JOINTS * 3

# A recording stores x and y over the width and height of the 640 x 480 image
# and z over the sensor's range; metres = ORIGIN + SCALE * (x, y, z).
ORIGIN = np.array([1.280, 0.960, 0.0])
SCALE = np.array([-2.560, -1.920, 10.0 / 7.8125])

_SET = re.compile(r"s\d\ds\d\d")
_PLACE = re.compile(
    rf"(?:^|/)(?:({_SET.pattern})/)?(\d\d)/(\d\d\d)/skeleton_pos\.txt$"
)


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """One recording of one action.

    Attributes:
        frame_numbers: `(frames,)`, int64, as recorded: from anywhere, by one.
        skeleton: `(frames, 2, 15, 3)`, float32, metres in camera space. Joints:
            head, neck, torso, left shoulder, elbow, hand, right shoulder,
            elbow, hand, left hip, knee, foot, right hip, knee, foot.
        repeated_frames: Frames whose 90 coordinates are those of the frame
            before. They are part of `skeleton`.
    """

    frame_numbers: np.ndarray
    skeleton: np.ndarray
    repeated_frames: int


@dataclasses.dataclass(frozen=True)
class Recording:
    """Where one `skeleton_pos.txt` is.

    Attributes:
        set: Pair of performers, such as `"s01s02"`.
        action: Folder of the action, `"01"` to `"08"` in the public set.
        take: Folder of the take, such as `"001"`.
        path: The file, or the zip that holds it.
        member: Its name inside the zip; `None` for a file.
    """

    set: str
    action: str
    take: str
    path: pathlib.Path
    member: str | None = None

    @property
    def clip_id(self) -> str:
        return f"{self.set}/{self.action}/{self.take}"

    @property
    def fold(self) -> int | None:
        """The official fold that tests on this set; `None` without one."""
        return next((n for n, sets in FOLDS.items() if self.set in sets), None)

    @property
    def label(self) -> int | None:
        """Place in `ACTIONS`; `None` for another folder than 01 to 08."""
        label = int(self.action) - 1
        return label if 0 <= label < len(ACTIONS) else None

    def read(self) -> Clip:
        """Reads the clip.

        Raises:
            RawDataError: The recording or its zip is damaged.
        """
        if self.member is None:
            with self.path.open("rb") as file:
                return read_recording(file, str(self.path))
        with _open_zip(self.path) as archive, archive.open(self.member) as file:
            return read_recording(file, f"{self.path}/{self.member}")


@dataclasses.dataclass(frozen=True)
class Survey:
    """What a raw folder holds.

    Attributes:
        recordings: Sorted by `clip_id`, each of which is there once.
        ignored: How many things look like recordings and are not read, by
            (reason, file or zip).
    """

    recordings: list[Recording]
    ignored: collections.Counter[tuple[str, str]]


def find_recordings(raw_dir: str | os.PathLike[str]) -> list[Recording]:
    """The recordings of `survey`, sorted by `clip_id`."""
    return survey(raw_dir).recordings


def survey(
    raw_dir: str | os.PathLike[str] | None,
    zips: Mapping[str, pathlib.Path] | None = None,
) -> Survey:
    """Finds the recordings of extracted sets and of zips, at any depth.

    Zips are listed, never extracted. A member without a set folder belongs to
    the set in the zip's name. A clip that is in a folder and in a zip is read
    from the folder, so that half a set, extracted, takes the rest from its zip.

    Args:
        raw_dir: Folder of the raw recordings. One that does not exist holds
            nothing.
        zips: More zips, wherever they are and whatever their name, by set.

    Raises:
        RawDataError: A zip is damaged.
    """
    files: list[pathlib.Path] = []
    sets_of_zips: dict[pathlib.Path, str | None] = {}
    walk = (
        os.walk(os.path.abspath(raw_dir), followlinks=True) if raw_dir else ()
    )
    for folder, _, names in walk:
        for name in names:
            path = pathlib.Path(folder, name)
            if _is_like_a_recording(path.as_posix()):
                files.append(path)
            elif path.suffix.lower() == ".zip" and not name.startswith("."):
                in_name = _SET.search(path.stem)
                sets_of_zips[path] = in_name.group() if in_name else None
    sets_of_zips |= {path: name for name, path in (zips or {}).items()}

    recordings: dict[str, Recording] = {}
    ignored: collections.Counter[tuple[str, str]] = collections.Counter()

    def add(path: pathlib.Path, set_: str | None, member: str | None) -> None:
        recording = _locate(path, set_, member)
        if recording is None:
            name = str(path if member is None else path / member)
            ignored["not at <set>/<action>/<take>/skeleton_pos.txt", name] += 1
        elif recording.clip_id in recordings:
            ignored[
                "copies of clips found in a folder or an earlier zip", str(path)
            ] += 1
        else:
            recordings[recording.clip_id] = recording

    for path in sorted(files):
        add(path, None, None)
    for path, set_ in sorted(sets_of_zips.items()):
        with _open_zip(path) as archive:
            members = sorted(filter(_is_like_a_recording, archive.namelist()))
        for member in members:
            add(path, set_, member)
        if not members:
            ignored["zip without a recording", str(path)] += 1
    return Survey([recordings[key] for key in sorted(recordings)], ignored)


def read_recording(file: IO[bytes], name: str) -> Clip:
    """Reads one `skeleton_pos.txt`.

    A line is a frame: its number, which steps by one, then x, y, z of the 15
    joints of person A and of person B, normalised by the image; 91 fields
    between commas.

    Args:
        file: The recording, open in binary mode.
        name: What an error calls it.

    Raises:
        RawDataError: A line has not 91 fields, a field is no finite number, the
            frame numbers do not step by one, or there is no line.
    """
    lines = file.read().splitlines()
    if not lines:
        raise RawDataError(
            f"{name}, line 1: expected {FIELDS} fields. Received: an empty file"
        )
    rows = np.empty((len(lines), FIELDS))
    for number, line in enumerate(lines, start=1):
        place = f"{name}, line {number}"
        fields = line.split(b",")
        if len(fields) != FIELDS:
            raise RawDataError(
                f"{place}: expected {FIELDS} fields between commas. "
                f"Received: {len(fields)}"
            )
        row = rows[number - 1]
        row[:] = [
            _number(field, f"{place}, field {column}")
            for column, field in enumerate(fields, start=1)
        ]
        if not row[0].is_integer():
            raise RawDataError(
                f"{place}: expected a whole frame number. Received: {row[0]}"
            )
        if number > 1 and row[0] != rows[number - 2, 0] + 1:
            raise RawDataError(
                f"{place}: expected frame numbers that step by one. "
                f"Received: {row[0]:.0f} after {rows[number - 2, 0]:.0f}"
            )
    coordinates = rows[:, 1:].reshape(-1, BODIES, JOINTS, 3)
    repeated = np.all(rows[1:, 1:] == rows[:-1, 1:], axis=1)
    return Clip(
        frame_numbers=rows[:, 0].astype(np.int64),
        skeleton=(ORIGIN + SCALE * coordinates).astype(np.float32),
        repeated_frames=int(repeated.sum()),
    )


def _number(field: bytes, place: str) -> float:
    try:
        number = float(field)
    except ValueError:
        number = float("nan")
    # Also false for "nan", and far beyond what a sensor sees.
    if not abs(number) < 1e9:
        received = field.decode("ascii", "backslashreplace")
        raise RawDataError(
            f"{place}: expected a finite number. Received: {received!r}"
        )
    return number


def _is_like_a_recording(path: str) -> bool:
    """Not so `__MACOSX/.../._skeleton_pos.txt`, `.DS_Store` and images."""
    *folders, name = path.split("/")
    return name.lower().startswith("skeleton") and "__MACOSX" not in folders


def _locate(
    path: pathlib.Path, set_: str | None, member: str | None
) -> Recording | None:
    match = _PLACE.search(member or path.as_posix())
    if match is None or not (set_ := match[1] or set_):
        return None
    return Recording(set_, match[2], match[3], path, member)


@contextlib.contextmanager
def _open_zip(path: pathlib.Path) -> Iterator[zipfile.ZipFile]:
    """Opens a zip; damage that shows now or while reading names it."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except UNREADABLE as error:
        raise RawDataError(
            f"{path}: expected a whole zip file. Received: "
            f"{error or type(error).__name__}. If it is damaged, delete it "
            "and fetch it again"
        ) from None
