"""A folder of own recordings in which there is nothing to find.

Tests break it before they write it.
"""

import csv
import functools
import itertools
import json
import pathlib

import numpy as np

from datasets.custom.findings import Finding, Severity
from datasets.custom.inspection import Inspection, inspect
from stalstm.skeletons import KINECT1, standing

LABELS = ("bow", "jump", "wave")
SUBJECTS = ("ann", "ben", "cem", "dot")
FRAMES = 12


@functools.cache
def _clip(seed: int) -> np.ndarray:
    """Somebody in front of the camera who moves a little."""
    rng = np.random.default_rng(seed)
    swing = rng.uniform(0.05, 0.1) * np.sin(np.linspace(0, 3, FRAMES))
    clip = np.tile(standing(KINECT1), (FRAMES, 1, 1))
    clip += rng.uniform((-0.5, -0.1, 2.5), (0.5, 0.1, 3.5))
    clip[:, : len(KINECT1.joints) // 2, 1] -= swing[:, np.newaxis]
    return clip + rng.normal(scale=0.004, size=clip.shape)


class OwnFolder:
    """Two clips of each class by each of four subjects.

    Attributes:
        path: The folder.
        skeleton: Content of `skeleton.json`.
        rows: Rows of the manifest.
        clips: Coordinates by file, `(frames, joints, 3)` or `(frames, bodies,
            joints, 3)`.
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.skeleton: dict = {"skeleton": "kinect1"}
        self.rows: list[dict] = []
        self.clips: dict[str, np.ndarray] = {}
        clips = itertools.product(LABELS, SUBJECTS, (1, 2))
        for number, (label, subject, take) in enumerate(clips):
            file = f"{label}/{subject}_{take}.npy"
            self.rows.append({"file": file, "label": label, "subject": subject})
            self.clips[file] = _clip(number).copy()

    def row(self, file: str) -> dict:
        """The row of a file; an error if there are several."""
        (row,) = (row for row in self.rows if row["file"] == file)
        return row

    def line(self, file: str) -> int:
        """The line of the manifest that lists a file."""
        return 2 + self.rows.index(self.row(file))

    def split(self) -> None:
        """Two subjects train, two test."""
        for row in self.rows:
            train = row["subject"] in SUBJECTS[:2]
            row["split"] = "train" if train else "test"

    def write(self) -> pathlib.Path:
        """Writes the folder; a file that is there already may be replaced."""
        self.path.mkdir(parents=True, exist_ok=True)
        for file, clip in self.clips.items():
            path = self.path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, clip.astype(np.float32))
        (self.path / "skeleton.json").write_text(json.dumps(self.skeleton))
        if self.rows:
            columns = list(dict.fromkeys(x for row in self.rows for x in row))
            with (self.path / "manifest.csv").open("w", newline="") as text:
                lines = csv.DictWriter(text, columns, restval="")
                lines.writeheader()
                lines.writerows(self.rows)
        return self.path

    def inspect(self) -> Inspection:
        return inspect(self.write(), processes=1)

    def fault(self) -> Finding:
        """The only finding that is more than a note."""
        (finding,) = faults(self.inspect())
        return finding

    def note(self) -> Finding:
        """The only finding, a note."""
        (finding,) = self.inspect().findings
        assert finding.severity == Severity.NOTE
        return finding


def faults(inspection: Inspection) -> list[Finding]:
    return [x for x in inspection.findings if x.severity > Severity.NOTE]
