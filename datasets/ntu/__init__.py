"""The NTU RGB+D and NTU RGB+D 120 data sets."""

import numpy as np

from datasets.data_set import DataSet, Option
from datasets.ntu import official, performers, recordings


def read(data: bytes, place: str) -> np.ndarray:
    """The performers of one `.skeleton` file, `(frames, 2, 25, 3)`, metres."""
    clip = recordings.read_recording(data, place)
    return performers.choose_performers(clip).skeleton


DATA_SET = DataSet(
    name="ntu",
    options=(
        Option(
            "config",
            default="ntu60",
            help="NTU only: NTU RGB+D or NTU RGB+D 120.",
            choices=tuple(official.CONFIGS),
        ),
        Option(
            "on_bad_file",
            default="error",
            help="NTU only: stop at a damaged recording, or skip it and report "
            "its name.",
            choices=recordings.ON_BAD_FILE,
        ),
    ),
    survey=recordings.survey,
    read=read,
)
