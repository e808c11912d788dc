"""The SBU Kinect Interaction data set."""

import numpy as np

from datasets.data_set import DataSet, Option
from datasets.sbu import recordings


def read(data: bytes, place: str) -> np.ndarray:
    """The skeleton of one `skeleton_pos.txt`, `(frames, 2, 15, 3)`, metres."""
    return recordings.read_recording(data, place).skeleton


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
)
