"""Recordings in `.npy` files, to prepare in parts.

Not in the test: the processes that read import `read_clip` from here.
"""

import dataclasses
import io
import os
import pathlib
import signal
import time

import numpy as np

from datasets import parts, raw

JOINTS = 4


@dataclasses.dataclass(frozen=True)
class Recording(raw.Recording):
    """Frames `start` to `end` of a file, `end` not included."""

    start: int = 0
    end: int | None = None


def write_recordings(
    folder: pathlib.Path, clips: int = 40, bodies: int = 1
) -> list[Recording]:
    """Writes a file for each clip; in turn, they have 1 to `bodies` bodies."""
    folder.mkdir(parents=True)
    recordings = []
    for number in range(clips):
        path = folder / f"clip_{number:02}.npy"
        shape = (3 + number % 5, 1 + number % bodies, JOINTS, 3)
        np.save(path, np.full(shape, number + 1, np.float32))
        recordings.append(Recording(path.stem, path, stamp=stamp(path)))
    return recordings


def write_long_recording(
    path: pathlib.Path, clips: int, frames: int = 3
) -> list[Recording]:
    """Writes one file of many clips, which count their frames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = np.arange(clips * frames, dtype=np.float32)
    np.save(path, np.tile(number[:, None, None, None], (1, 1, JOINTS, 3)))
    return [
        Recording(
            f"{path.stem}#{start:04}",
            path,
            stamp=stamp(path),
            start=start,
            end=start + frames,
        )
        for start in range(0, clips * frames, frames)
    ]


def stamp(path: pathlib.Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def read_clip(
    recording: Recording, scale: float = 1, seconds: float = 0
) -> parts.Clip:
    """Reads a recording, times `scale`, in at least some seconds."""
    time.sleep(seconds)
    try:
        skeleton = np.load(io.BytesIO(recording.read_bytes()))
    except ValueError as error:
        raise raw.RawDataError(f"{recording.place}: {error}") from None
    skeleton = skeleton[recording.start : recording.end]
    odd = len(skeleton) % 2
    return parts.Clip(
        skeleton=scale * skeleton,
        features={"label": odd, "subject": recording.clip_id[-1]},
        counts={"odd_frames": 1} if odd else {},
    )


def fails(recording: Recording, error: Exception) -> parts.Clip:
    """Reads a recording, unless it is the one that raises an error."""
    if recording.clip_id == "clip_17":
        raise error
    return read_clip(recording)


def dies(recording: Recording, times: str, limit: int) -> parts.Clip:
    """Ends the process at one recording, a few times.

    Args:
        recording: What to read.
        times: File that grows by a byte at each attempt to read that recording.
        limit: How often the process ends.
    """
    if recording.clip_id == "clip_17":
        with open(times, "ab") as file:
            file.write(b"x")
        if os.path.getsize(times) <= limit:
            os.kill(os.getpid(), signal.SIGKILL)
    return read_clip(recording)
