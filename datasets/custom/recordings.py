"""Finds and reads own recordings: from a folder to clips in metres.

`manifest.csv` lists the clips, `skeleton.json` says how to read them.
"""

import dataclasses
import functools
import json
import os
import pathlib
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from datasets import raw
from datasets.custom import clip_files, gaps
from datasets.custom.layout import MANIFEST, Layout
from datasets.custom.manifest import Manifest, read_manifest
from datasets.parts import Clip
from datasets.raw import RawDataError
from stalstm.runtime.litert import FARTHEST
from stalstm.skeletons import Skeleton

# How many wrong files an error names.
_NAMED = 5


@dataclasses.dataclass(frozen=True)
class Recording(raw.Recording):
    """Where one clip is: a file, or some frames of it.

    Its `clip_id` is the path of the file in its folder, without the suffix, and
    `"#<start>-<end>"` if it is not the whole file.

    Attributes:
        label, subject, group, split, metadata: See `manifest.Row`; `None` for a
            file that no manifest lists.
        start, end: First and last frame, counted from 0; `None`: to the end.
        listed: The manifest and the line that lists it, for error messages.
    """

    label: str | None = None
    subject: str | None = None
    group: str | None = None
    split: str | None = None
    metadata: Mapping[str, str] = dataclasses.field(
        default_factory=dict, hash=False
    )
    start: int = 0
    end: int | None = None
    listed: str = dataclasses.field(default="", repr=False, compare=False)

    def read_bytes(self) -> bytes:
        """The content of the file.

        Raises:
            RawDataError: The file is missing, too large, or no longer the one
                that was found.
        """
        data = super().read_bytes()
        if _stamp(self.path) != self.stamp or len(data) != self.stamp[0]:
            raise RawDataError(
                f"{self.place}: expected a file that does not change while it "
                "is read. Received: another size or time than when the folder "
                "was searched"
            )
        return data


def survey(path: str | os.PathLike[str]) -> raw.Survey[Recording]:
    """Finds the recordings in a folder.

    With a manifest, they are the clips that it lists: see `listed`. Without
    one, each clip file in the folder, at any depth, is a clip without a label.

    Raises:
        RawDataError: There is no such folder, the manifest is wrong, a file is
            missing, or a link leads back to a folder that contains it.
    """
    folder = pathlib.Path(path)
    if not folder.is_dir():
        raise RawDataError(
            f"{folder}: expected a folder. Received: a path that is none; a "
            "zip has to be extracted"
        )
    if (folder / MANIFEST).is_file():
        return listed(folder, read_manifest(folder / MANIFEST))
    stamps = {file: _stamp(folder / file) for file in _clip_files(folder)}
    names = _names(stamps)
    recordings = [
        Recording(names[file], folder / file, stamp=stamp)
        for file, stamp in stamps.items()
        if stamp
    ]
    ignored = Counter(
        ("no file that can be read", str(folder / file))
        for file, stamp in stamps.items()
        if not stamp
    )
    return raw.Survey(sorted(recordings, key=_clip_id), ignored)


def listed(
    folder: str | os.PathLike[str], manifest: Manifest
) -> raw.Survey[Recording]:
    """The recordings that a manifest lists.

    Args:
        folder: The folder of the manifest.
        manifest: The manifest.

    Returns:
        A recording for each row; and as ignored, the clip files in the folder
        that no row names.

    Raises:
        RawDataError: A file is missing or of an unknown format, or two rows are
            the same clip.
    """
    folder = pathlib.Path(folder)
    first_rows = {row.file: row for row in reversed(manifest.rows)}
    paths = {file: folder / file for file in first_rows}
    stamps = {file: _stamp(path) for file, path in paths.items()}
    for expected, wrong in (
        (
            f"files that end with {', '.join(clip_files.SUFFIXES)}",
            [
                x
                for x in paths
                if clip_files.suffix(x) not in clip_files.SUFFIXES
            ],
        ),
        ("files that exist", [x for x in paths if stamps[x] is None]),
    ):
        if wrong:
            lines = sorted((first_rows[x].line, x) for x in wrong)
            named = "; ".join(f"line {n}: {x}" for n, x in lines[:_NAMED])
            raise RawDataError(
                f"{folder / MANIFEST}: expected {expected}. "
                f"Received: {len(wrong)} others, {named}"
                f"{'; ...' if len(wrong) > _NAMED else ''}"
            )
    names = _names(paths)
    recordings: dict[str, Recording] = {}
    for row in manifest.rows:
        listed_in = f"{folder / MANIFEST}, line {row.line}"
        start = row.start or 0
        clip_id = names[row.file]
        if start or row.end is not None:
            clip_id += f"#{start}-{'' if row.end is None else row.end}"
        if clip_id in recordings:
            raise RawDataError(
                f"{listed_in}: expected each clip once. Received: {clip_id} "
                f"again, after {recordings[clip_id].listed}"
            )
        recordings[clip_id] = Recording(
            clip_id=clip_id,
            path=paths[row.file],
            stamp=stamps[row.file] or (0, 0),
            label=row.label,
            subject=row.subject,
            group=row.group,
            split=row.split,
            metadata=row.metadata,
            start=start,
            end=row.end,
            listed=listed_in,
        )
    ignored = Counter(
        ("not in the manifest", str(folder / file))
        for file in _clip_files(folder)
        if file not in paths
    )
    return raw.Survey(sorted(recordings.values(), key=_clip_id), ignored)


def _clip_id(recording: Recording) -> str:
    return recording.clip_id


def _stamp(path: pathlib.Path) -> tuple[int, int] | None:
    """The stamp of a `Recording`; `None` if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_size, status.st_mtime_ns


def _names(files: Collection[str]) -> dict[str, str]:
    """The name of each file: without suffix, if no other file is called so."""
    stems = {file: file[: -len(clip_files.suffix(file))] for file in files}
    copies = Counter(stems.values())
    return {
        file: stem if copies[stem] == 1 else file
        for file, stem in stems.items()
    }


def _clip_files(folder: pathlib.Path) -> Iterator[str]:
    """The clip files in a folder, by their paths in it; no hidden ones."""
    for top, names in raw.walk(folder):
        inside = pathlib.PurePath(top).relative_to(folder)
        for name in names:
            file = inside / name
            if (
                clip_files.suffix(name) in clip_files.SUFFIXES
                and not any(x.startswith(".") for x in file.parts)
                and file.as_posix() != MANIFEST
            ):
                yield file.as_posix()


def frames_of(recording: Recording, skeleton: Skeleton) -> np.ndarray:
    """The frames of a clip, as `clip_files.parse` reads them.

    The last file is kept, because one long file may hold many clips.

    Raises:
        RawDataError: The file is damaged, changes, or has fewer frames.
    """
    file = Recording("", recording.path, stamp=recording.stamp)
    frames = _parsed(file, skeleton.name, skeleton.joints)
    if isinstance(frames, RawDataError):
        raise RawDataError(*frames.args)
    end = len(frames) if recording.end is None else recording.end + 1
    if end > len(frames) or 0 < recording.start >= len(frames):
        raise RawDataError(
            f"{recording.listed}: expected frames among the {len(frames)} of "
            f"{recording.place}, counted from 0. "
            f"Received: start={recording.start}, end={recording.end}"
        )
    return frames[recording.start : end]


@functools.lru_cache(maxsize=1)
def _parsed(
    file: Recording, name: str, joints: tuple[str, ...]
) -> np.ndarray | RawDataError:
    """All frames of a file, or what is wrong with it.

    The arguments are what a cache can compare: a `Skeleton` is not.
    """
    try:
        frames = clip_files.parse(
            file.read_bytes(), file.place, Skeleton(name, joints)
        )
    except RawDataError as error:
        return error
    frames.flags.writeable = False
    return frames


def in_camera_space(
    frames: np.ndarray, place: str, layout: Layout, first: int = 0
) -> tuple[np.ndarray, dict[str, int]]:
    """Converts a clip, fills its gaps and drops frames without bodies.

    A body whose joints are all missing, or all exactly zero, is absent. Bodies
    that are absent in all frames are left out.

    Args:
        frames: `(frames, bodies, joints, 3)`, as `clip_files.parse` reads them.
        place: Name of the file in error messages.
        layout: How they are read.
        first: Number of the first frame in error messages.

    Returns:
        The skeleton, `(frames, bodies, joints, 3)`, float32, metres in camera
        space, absent bodies zero; without frames if nobody is there. And the
        number of `filled_joints` and of `empty_frames`, if there are any.

    Raises:
        RawDataError: A coordinate is infinite or farther than `FARTHEST`, a
            joint is missing for too long, or there are too many bodies.
    """
    skeleton = layout.to_camera(frames)
    joints = layout.skeleton.joints
    if np.any(far := np.abs(skeleton) > FARTHEST):
        frame, body, joint, axis = np.argwhere(far)[0]
        raise RawDataError(
            f"{place}, frame {first + frame}, body {body}, joint "
            f"{joints[joint]}: expected coordinates of at most {FARTHEST:g} "
            f"metres, converted from `unit` {layout.unit} of skeleton.json. "
            f"Received: {skeleton[frame, body, joint, axis]:g}"
        )
    skeleton[np.isnan(skeleton).any(axis=-1)] = np.nan
    skeleton[np.all(skeleton == 0, axis=(2, 3))] = np.nan
    skeleton, counts = gaps.fill(skeleton, layout.max_gap, place, joints, first)
    present = ~np.isnan(skeleton).all(axis=(2, 3))
    occupied, seen = present.any(axis=1), present.any(axis=0)
    if layout.bodies is not None and np.sum(seen) > layout.bodies:
        raise RawDataError(
            f"{place}: expected at most {layout.bodies} bodies, as `bodies` in "
            f"skeleton.json says. Received: {np.sum(seen)}"
        )
    if not np.all(occupied):
        counts["empty_frames"] = int(np.sum(~occupied))
    skeleton = skeleton[occupied][:, seen].astype(np.float32)
    return np.nan_to_num(skeleton, copy=False), counts


def read_recording(data: bytes, place: str, layout: Layout) -> np.ndarray:
    """The skeleton of a clip file, as `in_camera_space` returns it.

    Raises:
        RawDataError: See `clip_files.parse` and `in_camera_space`.
    """
    frames = clip_files.parse(data, place, layout.skeleton)
    return in_camera_space(frames, place, layout)[0]


@dataclasses.dataclass(frozen=True)
class Reader:
    """Reads a recording, in any process.

    Attributes:
        layout: How the recordings are read.
        labels: Names of the classes by label. Without them, a clip has no
            feature `label`.
    """

    layout: Layout
    labels: tuple[str, ...] = ()

    def __call__(self, recording: Recording) -> Clip:
        """Reads a clip, with the features of its row.

        Raises:
            RawDataError: See `frames_of` and `in_camera_space`.
        """
        skeleton, counts = in_camera_space(
            frames_of(recording, self.layout.skeleton),
            recording.place,
            self.layout,
            recording.start,
        )
        features: dict[str, Any] = {
            "subject": recording.subject or "",
            "group": recording.group or "",
            "metadata": json.dumps(recording.metadata),
        }
        if self.labels and recording.label is not None:
            features["label"] = self.labels.index(recording.label)
        return Clip(skeleton, features, counts)
