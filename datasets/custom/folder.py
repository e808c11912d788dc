"""Writes a folder of own recordings, as `recordings` reads it.

clips = (
    Clip(f"{path.stem}.npy", label="wave", skeleton=np.load(path))
    for path in paths
)
write_folder("my_clips", {"skeleton": "kinect1", "unit": "mm"}, clips)
"""

import csv
import dataclasses
import io
import json
import math
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tqdm

from datasets.custom.layout import MANIFEST, SKELETON, read_layout
from stalstm import files

CLIPS = "clips"


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """One clip to write, and its line in the manifest.

    Attributes:
        file: Path below `clips/`, with `/`. Its suffix says the format: `.npy`,
            `.csv` (long) or `.jsonl`.
        label: Name of the class.
        skeleton: `(frames, bodies, joints, 3)`, in the unit and axes that
            `skeleton.json` states; NaN where a body is absent or a joint is
            missing.
        subject, group, split: The optional fields of the manifest.
        metadata: Further columns of the manifest.
    """

    file: str
    label: str
    skeleton: np.ndarray
    subject: str | None = None
    group: str | None = None
    split: str | None = None
    metadata: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """The line in the manifest, by column."""
        optional = {
            "subject": self.subject,
            "group": self.group,
            "split": self.split,
        }
        return {
            "file": f"{CLIPS}/{self.file}",
            "label": self.label,
            **{k: value for k, value in optional.items() if value is not None},
            **self.metadata,
        }


def write_folder(
    folder: str | os.PathLike[str],
    layout: Mapping[str, Any],
    clips: Iterable[Clip],
    total: int | None = None,
) -> int:
    """Writes `skeleton.json`, `manifest.csv` and the clips.

    The folder appears when it is complete, never before. One clip at a time is
    in memory.

    Args:
        folder: Folder to create.
        layout: Content of `skeleton.json`: see the module `layout`.
        clips: The clips, all with the same fields in the manifest.
        total: Number of clips, for the progress bar, if it is known.

    Returns:
        The number of clips.

    Raises:
        FileExistsError: `folder` exists.
        RawDataError: `layout` is not what `skeleton.json` may say.
        ValueError: There is no clip, or one has another number of joints, an
            unknown suffix, the file of another one, or other fields.
    """
    folder = pathlib.Path(folder).absolute()
    if folder.exists():
        raise FileExistsError(
            f"`folder` must not exist yet. Received: folder={folder}"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        files.write_text(temporary / SKELETON, _json(layout))
        joints = read_layout(temporary)[0].skeleton.joints
        path = temporary / MANIFEST
        with path.open("w", encoding="utf-8", newline="") as manifest:
            lines = csv.writer(manifest, lineterminator="\n")
            columns: list[str] = []
            count = 0
            # A bar for what takes longer than a moment.
            for clip in tqdm.tqdm(
                clips, desc="Writing", total=total, unit=" clips", delay=1
            ):
                fields = clip.fields()
                if not columns:
                    columns = list(fields)
                    lines.writerow(columns)
                if list(fields) != columns:
                    raise ValueError(
                        f"`clips` must all have the fields "
                        f"{', '.join(columns)}. "
                        f"Received: {', '.join(fields)} for {clip.file}"
                    )
                _write_clip(temporary / fields["file"], clip, joints)
                lines.writerow(fields.values())
                count += 1
        if not count:
            raise ValueError("`clips` must not be empty. Received: no clip")
    return count


def _json(layout: Mapping[str, Any]) -> str:
    """A line for each key: a list of joints reads better in one line."""
    lines = [f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in layout.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _write_clip(path: pathlib.Path, clip: Clip, joints: Sequence[str]) -> None:
    skeleton = clip.skeleton
    if skeleton.ndim != 4 or skeleton.shape[2:] != (len(joints), 3):
        raise ValueError(
            f"`skeleton` must be (frames, bodies, {len(joints)}, 3). "
            f"Received: {skeleton.shape} for {clip.file}"
        )
    if path.suffix not in _FORMATS:
        raise ValueError(
            f"`file` must end with {', '.join(_FORMATS)}. "
            f"Received: file={clip.file!r}"
        )
    if path.exists():
        raise ValueError(
            "`clips` must have different files. "
            f"Received: file={clip.file!r} twice"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_FORMATS[path.suffix](skeleton, joints))


def _npy(skeleton: np.ndarray, joints: Sequence[str]) -> bytes:
    del joints
    content = io.BytesIO()
    np.save(content, skeleton.astype(np.float32))
    return content.getvalue()


def _csv(skeleton: np.ndarray, joints: Sequence[str]) -> bytes:
    """A line for each joint that is there."""
    content = io.StringIO()
    lines = csv.writer(content, lineterminator="\n")
    lines.writerow(["frame", "body", "joint", "x", "y", "z"])
    there = ~np.isnan(skeleton).any(axis=-1)
    places, positions = np.argwhere(there).tolist(), skeleton[there].tolist()
    for (frame, body, joint), position in zip(places, positions, strict=True):
        numbers = [f"{x:.7g}" for x in position]
        lines.writerow([frame, body, joints[joint], *numbers])
    return content.getvalue().encode()


def _jsonl(skeleton: np.ndarray, joints: Sequence[str]) -> bytes:
    """A line for each frame: `[body][joint][x, y, z]`, null for what is not."""
    del joints

    def joint(position: list[float]) -> str:
        if any(map(math.isnan, position)):
            return "null"
        return "[" + ", ".join([f"{x:.7g}" for x in position]) + "]"

    def bodies(positions: list[list[list[float]]]) -> str:
        return ", ".join(
            "[" + ", ".join(map(joint, x)) + "]" for x in positions
        )

    return "".join(
        f'{{"frame": {number}, "skeleton": [{bodies(positions)}]}}\n'
        for number, positions in enumerate(skeleton.tolist())
    ).encode()


# What `clip_files` reads, as far as somebody writes it.
_FORMATS = {".npy": _npy, ".csv": _csv, ".jsonl": _jsonl}
