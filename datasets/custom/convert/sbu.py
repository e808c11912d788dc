"""SBU Kinect Interaction: `<set>/<action>/<take>/skeleton_pos.txt`, or zips."""

import collections
import os

from datasets.custom.convert.source import Source
from datasets.custom.folder import Clip
from datasets.sbu.recordings import ACTIONS, Recording, survey


def source(raw_dir: str | os.PathLike[str]) -> Source:
    """The recordings of the official folds.

    The subject of a clip is its pair of performers, its split the official
    fold. Sets of no fold and unknown actions are left out.

    Raises:
        RawDataError: A zip is damaged; in `clips`, also a recording.
    """
    found = survey(raw_dir)
    left_out = collections.Counter(found.ignored)
    recordings: list[Recording] = []
    for recording in found.recordings:
        if recording.fold is None:
            left_out["sets of no official fold", recording.set] += 1
        elif recording.label is None:
            left_out["unknown action", recording.clip_id] += 1
        else:
            recordings.append(recording)
    return Source(
        layout={"skeleton": "nite"},
        clips=map(_clip, recordings),
        total=len(recordings),
        left_out=left_out,
    )


def _clip(recording: Recording) -> Clip:
    assert recording.label is not None
    return Clip(
        f"{recording.clip_id}.npy",
        label=ACTIONS[recording.label],
        skeleton=recording.read().skeleton,
        subject=recording.set,
        split=f"fold_{recording.fold}",
    )
