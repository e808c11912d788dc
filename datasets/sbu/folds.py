"""From recordings in the layout of the SBU set to examples, by fold.

Shared by the builders of all data sets that have this layout.
"""

import collections
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from datasets import building, raw
from datasets.raw import RawDataError
from datasets.sbu.recordings import ACTIONS, BODIES, FOLDS, Clip, Recording
from stalstm.description import Description, fold_protocols
from stalstm.skeletons import NITE

Clips = list[tuple[Recording, Clip]]
Examples = Iterator[tuple[str, dict[str, Any]]]


def dataset_info(
    builder: tfds.core.DatasetBuilder, homepage: str | None = None
) -> tfds.core.DatasetInfo:
    """The return value of a builder's `_info`."""
    return building.dataset_info(
        builder,
        Description(NITE, BODIES, ACTIONS, fold_protocols(len(FOLDS))),
        {
            "set": tfds.features.Text(),
            "action": tfds.features.Text(),
            "take": tfds.features.Text(),
            "frame_numbers": tfds.features.Tensor(
                shape=(None,), dtype=np.int64
            ),
        },
        homepage=homepage,
    )


def read(found: raw.Survey[Recording]) -> Clips:
    """Reads the clips of the official folds, and prints a summary.

    Raises:
        RawDataError: A recording is damaged.
    """
    clips: Clips = []
    left_out = collections.Counter(found.ignored)
    for recording in found.recordings:
        if recording.fold is None:
            left_out["sets of no official fold", recording.set] += 1
        elif recording.label is None:
            left_out["unknown action", recording.clip_id] += 1
        else:
            clips.append((recording, recording.read()))

    print(f"Read {_size(clips)}, by official fold:")
    for split, clips_of_split in _by_split(clips).items():
        print(f"  {split}: {_size(clips_of_split)}")
    repeated = [
        recording.clip_id
        for recording, clip in clips
        for _ in range(clip.repeated_frames)
    ]
    print("Repeated frames, kept:", len(repeated), *repeated)
    for line in raw.counted(left_out):
        print(line)
    return clips


def _size(clips: Clips) -> str:
    return f"{len(clips)} clips, {frames(clips)} frames"


def frames(clips: Clips) -> int:
    """The number of frames of all clips together."""
    return sum(len(clip.frame_numbers) for _, clip in clips)


def _by_split(clips: Clips) -> dict[str, Clips]:
    return {
        f"fold_{fold}": [x for x in clips if x[0].fold == fold]
        for fold in FOLDS
    }


def splits(clips: Clips) -> dict[str, Clips]:
    """The clips of the splits `fold_1` to `fold_5`.

    Raises:
        RawDataError: A fold has no clip.
    """
    for fold, sets in FOLDS.items():
        if not any(recording.fold == fold for recording, _ in clips):
            raise RawDataError(
                f"fold_{fold} is empty: expected recordings of "
                f"{', '.join(sets)}"
            )
    return _by_split(clips)


def examples(clips: Clips) -> Examples:
    """The TFDS examples of some clips."""
    for recording, clip in clips:
        yield (
            recording.clip_id,
            {
                "skeleton": clip.skeleton,
                "label": recording.label,
                "clip_id": recording.clip_id,
                "set": recording.set,
                "action": recording.action,
                "take": recording.take,
                "frame_numbers": clip.frame_numbers,
            },
        )
