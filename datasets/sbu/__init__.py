"""The SBU Kinect Interaction data set."""

import itertools
from collections.abc import Iterator

import numpy as np

from datasets.data_set import DataSet, Option
from datasets.sbu import recordings


def read(data: bytes, place: str) -> np.ndarray:
    """The skeleton of one `skeleton_pos.txt`, `(frames, 2, 15, 3)`, metres."""
    return recordings.read_recording(data, place).skeleton


def generate() -> Iterator[tuple[str, bytes]]:
    """A generated recording of each action."""
    # That module reads and writes this data set's format.
    from datasets.synthetic.recordings import generate

    return itertools.islice(generate(seed=1, takes=1), len(recordings.ACTIONS))


DATA_SET = DataSet(
    name="sbu",
    options=(
        Option(
            "download",
            default=False,
            help="Download the sets that are missing from --raw_dir.",
        ),
    ),
    survey=recordings.survey,
    read=read,
    rate=15.0,
    generate=generate,
)
