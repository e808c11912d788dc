"""Reads clip files: what is in them, in their own units and axes."""

import pathlib

import numpy as np

from datasets.custom.array_files import parse_npy, parse_npz
from datasets.custom.csv_files import parse_csv
from datasets.custom.json_files import parse_jsonl
from datasets.raw import RawDataError, check_size
from stalstm.skeletons import Skeleton

_PARSERS = {
    ".npy": parse_npy,
    ".npz": parse_npz,
    ".csv": parse_csv,
    ".jsonl": parse_jsonl,
}
SUFFIXES = tuple(_PARSERS)


def suffix(file: str) -> str:
    """The suffix of a file in lower case, such as `".csv"`."""
    return pathlib.PurePath(file).suffix.lower()


def parse(data: bytes, place: str, skeleton: Skeleton) -> np.ndarray:
    """Reads a clip file.

    The formats are `.npy` and `.npz`, `(frames, joints, 3)` or `(frames,
    bodies, joints, 3)`, the only array of the file or the one called
    `skeleton`; `.csv`, long or wide: see `csv_files.parse_csv`; and `.jsonl`:
    see `json_files.parse_jsonl`. A frame whose number is left out is a frame
    without bodies.

    Args:
        data: Content of the file.
        place: Name of the file, in error messages too; its suffix says the
            format.
        skeleton: The joints of each body.

    Returns:
        `(frames, bodies, joints, 3)`, float64, as written; NaN where a
        coordinate is missing, and for all joints of a body that is absent.

    Raises:
        RawDataError: The file is damaged, of another format or for another
            skeleton, or contains more than `raw` allows.
    """
    if suffix(place) not in _PARSERS:
        raise RawDataError(
            f"{place}: expected a file that ends with {', '.join(SUFFIXES)}. "
            f"Received: {suffix(place) or 'no suffix'}"
        )
    if not data:
        raise RawDataError(
            f"{place}: expected a recording. Received: an empty file"
        )
    check_size(len(data), place)
    return _PARSERS[suffix(place)](data, place, skeleton)
