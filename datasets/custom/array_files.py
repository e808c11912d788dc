"""Clips as NumPy arrays: `.npy` and `.npz`."""

import io
import math
import tokenize
import zipfile
from typing import IO

import numpy as np

from datasets import raw
from datasets.raw import RawDataError, check_shape
from stalstm.skeletons import Skeleton

# Of the array to read, in an `.npz` with several.
NAME = "skeleton"

# Raised by NumPy, which evaluates the header as a literal of Python.
_BAD_HEADER = (
    ValueError,
    TypeError,
    SyntaxError,
    tokenize.TokenError,
    RecursionError,
    MemoryError,
)


def parse_npy(data: bytes, place: str, skeleton: Skeleton) -> np.ndarray:
    """Reads what `np.save` wrote: see `clip_files.parse`."""
    return _parse(io.BytesIO(data), place, skeleton)


def parse_npz(data: bytes, place: str, skeleton: Skeleton) -> np.ndarray:
    """Reads what `np.savez` wrote: see `clip_files.parse`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [
                name.removesuffix(".npy")
                for name in archive.namelist()
                if name.endswith(".npy")
            ]
            if NAME not in names and len(names) != 1:
                raise RawDataError(
                    f"{place}: expected one array, or one called {NAME!r}. "
                    f"Received: {', '.join(names) or 'none'}"
                )
            name = NAME if NAME in names else names[0]
            with archive.open(f"{name}.npy") as file:
                return _parse(file, place, skeleton)
    except raw.UNREADABLE as error:
        raise RawDataError(
            f"{place}: expected arrays written by np.savez. "
            f"Received: {error or type(error).__name__}"
        ) from None


def _parse(file: IO[bytes], place: str, skeleton: Skeleton) -> np.ndarray:
    try:
        shape, fortran_order, dtype = _header(file)
    except _BAD_HEADER as error:
        raise RawDataError(
            f"{place}: expected an array written by np.save. Received: {error}"
        ) from None
    if dtype.kind not in "fiu" or dtype.itemsize > 8:
        raise RawDataError(
            f"{place}: expected an array of floats or integers of at most 64 "
            f"bits. Received: dtype {dtype}"
        )
    joints = len(skeleton.joints)
    if (
        len(shape) not in (3, 4)
        or shape[-2:] != (joints, 3)
        or any(size < 0 for size in shape)
    ):
        raise RawDataError(
            f"{place}: expected the shape (frames, {joints}, 3) or (frames, "
            f"bodies, {joints}, 3), for the {joints} joints of the skeleton "
            f"{skeleton.name}. Received: {shape}"
        )
    bodies = shape[1] if len(shape) == 4 else 1
    check_shape(shape[0], bodies, joints, place)
    size = math.prod(shape) * dtype.itemsize
    content = file.read(size + 1)
    if len(content) != size:
        received = "fewer" if len(content) < size else "more"
        raise RawDataError(
            f"{place}: expected {size} bytes of coordinates, for an array of "
            f"the shape {shape}. Received: {received}"
        )
    array = np.frombuffer(content, dtype).reshape(
        shape, order="F" if fortran_order else "C"
    )
    return array.astype(np.float64).reshape(shape[0], bodies, joints, 3)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file)
    # Version 3 is for names of fields, which a clip does not have.
    raise ValueError(f"version {version} of the format")
