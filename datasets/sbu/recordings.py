"""Reads raw SBU Kinect Interaction recordings: folders and zips to metres.

A raw folder contains `<set>/<action>/<take>/skeleton_pos.txt`, extracted or in
the zips of the public download, one zip for each set. Described in Kiwon Yun,
Jean Honorio, Debaleena Chattopadhyay, Tamara L. Berg, Dimitris Samaras,
"Two-person interaction detection using body-pose features and multiple instance
learning", CVPR Workshops 2012.
"""

import dataclasses
import os
import pathlib
import re
from collections.abc import Mapping

import numpy as np

from datasets import raw
from datasets.raw import RawDataError
from stalstm.runtime.litert import FARTHEST
from stalstm.skeletons import NITE

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

# The official folds: the sets to test on when all others train.
FOLDS: dict[int, tuple[str, ...]] = {
    1: ("s01s02", "s03s04", "s05s02", "s06s04"),
    2: ("s02s03", "s02s07", "s03s05", "s05s03"),
    3: ("s01s03", "s01s07", "s07s01", "s07s03"),
    4: ("s02s01", "s02s06", "s03s02", "s03s06"),
    5: ("s04s02", "s04s03", "s04s06", "s06s02", "s06s03"),
}
SETS: tuple[str, ...] = tuple(sorted(sum(FOLDS.values(), ())))

BODIES = 2
JOINTS = len(NITE.joints)
FIELDS = 1 + BODIES * JOINTS * 3

# A recording stores x and y as fractions of the 640 x 480 image and z as a
# fraction of the sensor's range; metres = ORIGIN + SCALE * (x, y, z).
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
        frame_numbers: Frame numbers as recorded, `(frames,)`, int64. They start
            anywhere and increase by one.
        skeleton: Joints in the order of `NITE`, `(frames, 2, 15, 3)`, float32,
            metres in camera space.
        repeated_frames: Number of frames whose coordinates all equal those of
            the frame before. They are part of `skeleton`.
    """

    frame_numbers: np.ndarray
    skeleton: np.ndarray
    repeated_frames: int


@dataclasses.dataclass(frozen=True)
class Recording(raw.Recording):
    """Where one `skeleton_pos.txt` is; its `clip_id` is `"s01s02/03/001"`."""

    @property
    def set(self) -> str:
        """The pair of performers, such as `"s01s02"`."""
        return self.clip_id.split("/")[0]

    @property
    def action(self) -> str:
        """Folder of the action, `"01"` to `"08"` in the public set."""
        return self.clip_id.split("/")[1]

    @property
    def take(self) -> str:
        """Folder of the take, such as `"001"`."""
        return self.clip_id.split("/")[2]

    @property
    def fold(self) -> int | None:
        """The official fold that tests on this set; `None` without one."""
        return next((n for n, sets in FOLDS.items() if self.set in sets), None)

    @property
    def label(self) -> int | None:
        """Index in `ACTIONS`; `None` for a folder other than 01 to 08."""
        label = int(self.action) - 1
        return label if 0 <= label < len(ACTIONS) else None

    def read(self) -> Clip:
        """Reads the clip.

        Raises:
            RawDataError: The recording or its zip is damaged.
        """
        return read_recording(self.read_bytes(), self.place)


def survey(
    path: str | os.PathLike[str] | None,
    zips: Mapping[str, pathlib.Path] | None = None,
) -> raw.Survey[Recording]:
    """Finds the recordings in a folder or a zip: see `raw.survey`.

    A member of a zip that is not in a folder named after a set belongs to the
    set in the name of the zip.

    Args:
        path: A folder or a zip, or `None`.
        zips: Further zips by set, wherever they are and whatever their name.

    Raises:
        RawDataError: A zip is damaged.
    """
    sets = {
        pathlib.Path(os.path.abspath(place)): name
        for name, place in (zips or {}).items()
    }

    def clip_id(path: pathlib.Path, member: str | None) -> str | None:
        match = _PLACE.search(member or path.as_posix())
        if match is None:
            return None
        set_, action, take = match.groups()
        if set_ is None and member is not None:
            named = _SET.search(path.stem)
            set_ = sets.get(path) or (named and named.group())
        return f"{set_}/{action}/{take}" if set_ else None

    return raw.survey(
        [*([] if path is None else [path]), *sets],
        recording=Recording,
        looks_like=lambda name: name.lower().startswith("skeleton"),
        clip_id=clip_id,
        rule="at <set>/<action>/<take>/skeleton_pos.txt",
    )


def read_recording(data: bytes, place: str) -> Clip:
    """Reads one `skeleton_pos.txt`.

    A line is a frame. Its 91 fields, separated by commas, are the frame number,
    which increases by one, then x, y and z of the 15 joints of person A and of
    person B, normalised by the image.

    Args:
        data: Content of the file.
        place: Name of the file in error messages.

    Raises:
        RawDataError: There is no line, a line does not have 91 fields, a field
            is not a finite number, the frame numbers are negative or do not
            increase by one, or a coordinate is farther than `FARTHEST`.
    """
    lines = data.splitlines()
    if not lines:
        raise RawDataError(
            f"{place}, line 1: expected {FIELDS} fields. "
            "Received: an empty file"
        )
    rows = np.empty((len(lines), FIELDS))
    for index, line in enumerate(lines):
        where = f"{place}, line {index + 1}"
        fields = line.split(b",")
        if len(fields) != FIELDS:
            raise RawDataError(
                f"{where}: expected {FIELDS} fields separated by commas. "
                f"Received: {len(fields)}"
            )
        row = rows[index]
        row[:] = [
            raw.number(field, f"{where}, field {column}")
            for column, field in enumerate(fields, start=1)
        ]
        if row[0] < 0 or not row[0].is_integer():
            raise RawDataError(
                f"{where}: expected a whole frame number, not negative. "
                f"Received: {raw.shown(fields[0])}"
            )
        if index and row[0] != rows[index - 1, 0] + 1:
            raise RawDataError(
                f"{where}: expected frame numbers that increase by one. "
                f"Received: {row[0]:.0f} after {rows[index - 1, 0]:.0f}"
            )
    coordinates = rows[:, 1:].reshape(-1, BODIES, JOINTS, 3)
    skeleton = ORIGIN + SCALE * coordinates
    far = np.abs(skeleton).reshape(len(lines), -1) > FARTHEST
    if np.any(far):
        frame, column = np.argwhere(far)[0]
        raise RawDataError(
            f"{place}, line {frame + 1}, field {column + 2}: expected metres, "
            f"none beyond {FARTHEST:g}. "
            f"Received: {skeleton.reshape(len(lines), -1)[frame, column]:g}"
        )
    repeated = np.all(rows[1:, 1:] == rows[:-1, 1:], axis=1)
    return Clip(
        frame_numbers=rows[:, 0].astype(np.int64),
        skeleton=skeleton.astype(np.float32),
        repeated_frames=int(repeated.sum()),
    )
