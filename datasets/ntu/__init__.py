"""The NTU RGB+D and NTU RGB+D 120 data sets."""

import numpy as np

from datasets.data_set import ON_BAD_FILE, DataSet, Option
from datasets.ntu import official, performers, recordings


def read(data: bytes, place: str) -> np.ndarray:
    """The performers of one `.skeleton` file, `(frames, 2, 25, 3)`, metres."""
    clip = recordings.read_recording(data, place)
    return performers.choose_performers(clip).skeleton


def generate() -> list[tuple[str, bytes]]:
    """A few generated recordings, each of another action."""
    # Imported at the top, it could not run by `python -m` without a warning.
    from datasets.ntu import fake_recordings

    return fake_recordings.examples()


DATA_SET = DataSet(
    name="ntu",
    options=(
        Option(
            "config",
            default="ntu60",
            help="NTU RGB+D or NTU RGB+D 120.",
            choices=tuple(official.CONFIGS),
        ),
        ON_BAD_FILE,
    ),
    survey=recordings.survey,
    read=read,
    generate=generate,
)
