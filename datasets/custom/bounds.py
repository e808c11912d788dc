"""How much one clip file may hold.

A damaged file may claim anything; what it claims is checked before memory is
allocated.
"""

import numpy as np

from datasets.raw import RawDataError

# Bytes: an hour and a half of 20 joints as text, at 30 frames a second.
LARGEST_FILE = 200 * 2**20

# Frames x bodies x joints: half a gigabyte; seven hours of one body of 25
# joints at 30 frames a second.
MOST_JOINTS = 20_000_000


def check_size(size: int, place: str) -> None:
    """Checks the size of a file, in bytes.

    Raises:
        RawDataError: It is empty or larger than `LARGEST_FILE`.
    """
    if not 0 < size <= LARGEST_FILE:
        received = f"{size} bytes" if size else "an empty file"
        raise RawDataError(
            f"{place}: expected a file of at most {LARGEST_FILE} bytes. "
            f"Received: {received}"
        )


def check_shape(frames: int, bodies: int, joints: int, place: str) -> None:
    """Checks the size of a clip.

    Raises:
        RawDataError: It has more than `MOST_JOINTS` joints.
    """
    if frames * bodies * joints > MOST_JOINTS:
        raise RawDataError(
            f"{place}: expected at most {MOST_JOINTS} joints in all frames "
            f"together. Received: {frames} frames x {bodies} bodies x "
            f"{joints} joints. Divide the recording into several files"
        )


def all_missing(
    frames: int, bodies: int, joints: int, place: str
) -> np.ndarray:
    """A clip in which every joint is missing.

    Returns:
        `(frames, bodies, joints, 3)`, float64, NaN.

    Raises:
        RawDataError: It has more than `MOST_JOINTS` joints.
    """
    check_shape(frames, bodies, joints, place)
    return np.full((frames, bodies, joints, 3), np.nan)
