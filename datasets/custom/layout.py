"""What `skeleton.json` says of a folder of own recordings.

Either the name of a skeleton that ships, `{"skeleton": "kinect1"}`, or a
skeleton of its own:

    {
      "name": "my_sensor",
      "joints": ["head", "neck", "left_hand", "right_hand"],
      "bones": [["head", "neck"], ["neck", "left_hand"]],
      "mirror": [["left_hand", "right_hand"]],
      "roles": {"head": "head"},
      "parts": {"arms": ["left_hand", "right_hand"]}
    }

Only `joints` is required. Next to either, the optional keys `unit`, `up`,
`handedness`, `bodies` and `max_gap` say how the recordings are read; they are
attributes of `Layout`.
"""

import dataclasses
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from datasets.raw import RawDataError
from stalstm.skeletons import SHIPPED, Skeleton

SKELETON = "skeleton.json"
MANIFEST = "manifest.csv"

# How many of a unit are a metre.
_UNITS = {"m": 1, "cm": 100, "mm": 1000}
_UNIT_NAMES = {"m": "metres", "cm": "centimetres", "mm": "millimetres"}

# By what points up in the recordings: which of their axes become x, y and z in
# camera space, and the signs. All are rotations.
_AXES = {
    "x": ((1, 0, 2), (-1, 1, 1)),
    "-x": ((1, 0, 2), (1, -1, 1)),
    "y": ((0, 1, 2), (1, 1, 1)),
    "-y": ((0, 1, 2), (-1, -1, 1)),
    "z": ((0, 2, 1), (1, 1, -1)),
    "-z": ((0, 2, 1), (1, -1, 1)),
}
_HANDEDNESS = ("right", "left")

# What points up in the recordings of a shipped skeleton, if it is not y. The y
# axis of MediaPipe's world landmarks points down; x points to the right of the
# image and z away from the camera.
_UP_OF_SHIPPED = {"mediapipe": "-y"}

_READING_KEYS = ("unit", "up", "handedness", "max_gap")
_SKELETON_KEYS = ("name", "joints", "bones", "mirror", "roles", "parts")


@dataclasses.dataclass(frozen=True)
class Layout:
    """How the recordings of a folder are read.

    Attributes:
        skeleton: The joints of each body.
        unit: Unit of the coordinates: `"m"`, `"cm"` or `"mm"`.
        up: The axis that points up: `"x"`, `"-x"`, `"y"`, `"-y"`, `"z"` or
            `"-z"`. If `skeleton.json` does not say, it is `"-y"` for the
            shipped skeleton `mediapipe`, and `"y"` for all others.
        handedness: `"right"` or `"left"`. If x points to the right and y up, z
            points towards the viewer in a right-handed system.
        bodies: Maximum number of bodies in a clip; `None`: as many as there
            are.
        max_gap: Maximum number of frames in a row in which a joint may be
            missing; it is interpolated there.

    Raises:
        ValueError: An attribute has another value.
    """

    skeleton: Skeleton
    unit: str = "m"
    up: str = "y"
    handedness: str = "right"
    bodies: int | None = None
    max_gap: int = 10

    def __post_init__(self):
        for name, choices in (
            ("unit", tuple(_UNITS)),
            ("up", tuple(_AXES)),
            ("handedness", _HANDEDNESS),
        ):
            if (value := getattr(self, name)) not in choices:
                raise ValueError(
                    f"`{name}` must be one of {', '.join(choices)}. "
                    f"Received: {name}={value!r}"
                )
        for name, least in (("bodies", 1), ("max_gap", 0)):
            value = getattr(self, name)
            if name == "bodies" and value is None:
                continue
            if type(value) is not int or value < least:
                raise ValueError(
                    f"`{name}` must be a whole number of at least {least}. "
                    f"Received: {name}={value!r}"
                )

    def to_json(self) -> dict[str, Any]:
        """JSON values besides the skeleton, for `from_json`."""
        return {name: getattr(self, name) for name in _READING_KEYS}

    @classmethod
    def from_json(
        cls, skeleton: Skeleton, reading: Mapping[str, Any]
    ) -> "Layout":
        """The layout of which `to_json` wrote `reading`, for any bodies.

        Raises:
            ValueError: `reading` has other keys or values.
        """
        if unknown := sorted(set(reading) - set(_READING_KEYS)):
            raise ValueError(
                f"`reading` must have keys among {', '.join(_READING_KEYS)}. "
                f"Received: {', '.join(unknown)}"
            )
        return cls(skeleton, **reading)

    def to_camera(self, skeleton: np.ndarray) -> np.ndarray:
        """Metres in camera space: y points up, right-handed.

        Which way the bodies look is not changed by more than the axes need:
        models turn the heading of the first frame away.

        Args:
            skeleton: `(..., 3)`, in the unit and axes of the recordings. A
                left-handed one is mirrored along the camera's z.

        Returns:
            `(..., 3)`, float64.
        """
        order, signs = _AXES[self.up]
        if self.handedness == "left":
            signs = (*signs[:2], -signs[2])
        metres = np.asarray(skeleton, np.float64) / _UNITS[self.unit]
        return metres[..., order] * np.array(signs)

    def conversion(self) -> str:
        """What `to_camera` changes, in words; empty if nothing."""
        changes = []
        if self.unit != "m":
            changes.append(f"{_UNIT_NAMES[self.unit]} to metres")
        if self.up != "y":
            changes.append(f"{self.up} up to y up")
        if self.handedness != "right":
            changes.append("left-handed to right-handed axes")
        return ", ".join(changes)


def file_of(folder: str | os.PathLike[str], name: str) -> pathlib.Path:
    """The path of a file that every folder of own recordings has.

    Raises:
        RawDataError: The folder has no such file.
    """
    path = pathlib.Path(folder, name)
    if not path.is_file():
        received = (
            f"a folder without {name}"
            if path.parent.is_dir()
            else "a path where there is no folder"
        )
        raise RawDataError(
            f"{folder}: expected a folder with {SKELETON}, {MANIFEST} and the "
            "clips that are listed there; docs/own_data.md shows one. "
            f"Received: {received}"
        )
    return path


def read_layout(
    folder: str | os.PathLike[str],
) -> tuple[Layout, list[str]]:
    """Reads the `skeleton.json` of a folder.

    Returns:
        The layout, and the names of unknown keys, which are ignored.

    Raises:
        RawDataError: The file is missing or damaged, or a value is wrong.
    """
    path = file_of(folder, SKELETON)
    try:
        record = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        # A JSONDecodeError says line and column.
        raise RawDataError(
            f"{path}: expected JSON in UTF-8. Received: {error}"
        ) from None
    try:
        return _layout(record)
    except ValueError as error:
        raise RawDataError(f"{path}: {error}") from None


def _layout(record: Any) -> tuple[Layout, list[str]]:
    if not isinstance(record, dict):
        raise ValueError(
            'expected an object such as {"skeleton": "kinect1"}. '
            f"Received: {_shown(record)}"
        )
    own = [key for key in _SKELETON_KEYS if key in record]
    if ("skeleton" in record) == bool(own) or (own and "joints" not in own):
        raise ValueError(
            f'expected either "skeleton", one of {", ".join(SHIPPED)}; or '
            '"joints", a list of names. '
            f"Received: {', '.join(record) or 'an empty object'}"
        )
    if own:
        skeleton = _own_skeleton(record)
    else:
        skeleton = _shipped_skeleton(record["skeleton"])
    up = _UP_OF_SHIPPED.get(record.get("skeleton", ""), "y")
    keys = (*_READING_KEYS, "bodies")
    said = {key: record[key] for key in keys if key in record}
    unknown = set(record) - {"skeleton", *_SKELETON_KEYS, *keys}
    return Layout(skeleton, **{"up": up, **said}), sorted(unknown)


def _shipped_skeleton(name: Any) -> Skeleton:
    if name not in tuple(SHIPPED):
        raise ValueError(
            f"`skeleton` must be one of {', '.join(SHIPPED)}. "
            f"Received: skeleton={_shown(name)}"
        )
    return SHIPPED[name]


def _own_skeleton(record: Mapping[str, Any]) -> Skeleton:
    values = {
        "name": "custom",
        "bones": [],
        "mirror": [],
        "roles": {},
        "parts": {},
        **record,
    }
    for key, fits, expected in (
        ("name", _is_name, "a name"),
        ("joints", _are_names, "a list of names"),
        ("bones", _are_pairs, "a list of pairs of joint names"),
        ("mirror", _are_pairs, "a list of pairs of joint names"),
        ("roles", _are_roles, "an object of joint names by role"),
        ("parts", _are_parts, "an object of lists of joint names by part"),
    ):
        if not fits(values[key]):
            raise ValueError(
                f"`{key}` must be {expected}. "
                f"Received: {key}={_shown(values[key])}"
            )
    return Skeleton.from_json(values)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.strip() == value != ""


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(map(_is_name, value))


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        _are_names(pair) and len(pair) == 2 for pair in value
    )


def _are_roles(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_name, value.values()))


def _are_parts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_are_names, value.values()))


def _shown(value: Any) -> str:
    """The beginning of a JSON value, for an error message."""
    return json.dumps(value)[:60]
