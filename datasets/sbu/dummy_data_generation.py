"""Writes recordings of noise in the layout and format of the SBU set.

    python -m datasets.sbu.dummy_data_generation FOLDER

The tests generate theirs when they run, so that none is in the repository.
"""

import pathlib
import sys

import numpy as np

from datasets.sbu.recordings import ACTIONS, FIELDS, SETS


def write_dummy_recordings(raw_dir: pathlib.Path, frames: int = 3) -> None:
    """Writes one clip of each official set, the actions in turn.

    Args:
        raw_dir: Folder for `<set>/<action>/<take>/skeleton_pos.txt`.
        frames: Number of frames of each clip.
    """
    rng = np.random.default_rng(0)
    for number, name in enumerate(SETS):
        action = f"{number % len(ACTIONS) + 1:02d}"
        file = raw_dir / name / action / "001" / "skeleton_pos.txt"
        file.parent.mkdir(parents=True)
        with file.open("w", newline="\r\n") as lines:
            for frame in range(frames):
                values = rng.uniform(0, 2, FIELDS - 1)
                fields = [str(number + frame), *(f"{v:.5g}" for v in values)]
                print(*fields, sep=",", file=lines)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    write_dummy_recordings(pathlib.Path(sys.argv[1]))
