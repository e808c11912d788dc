"""NTU RGB+D and NTU RGB+D 120: `SsssCcccPpppRrrrAaaa.skeleton`, or zips."""

import collections
import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np

from datasets.custom.convert.source import Source
from datasets.custom.folder import Clip
from datasets.ntu import official
from datasets.ntu.clips import COUNTED, read_clip
from datasets.ntu.recordings import Recording, survey

# By protocol: the attribute of a recording that divides, and its values to
# train on.
PROTOCOLS: Mapping[str, tuple[str, frozenset[int]]] = MappingProxyType(
    {
        "cross_subject": ("performer", official.TRAIN_PERFORMERS),
        "cross_view": ("camera", official.TRAIN_CAMERAS),
    }
)


def source(
    raw_dir: str | os.PathLike[str], split: str = "cross_subject"
) -> Source:
    """The performers of the recordings, as `choose_performers` finds them.

    The subject of a clip is its performer (`P001`), its group the camera
    (`C001`), its split `train` or `test`. The metadata say what was left out of
    it. Recordings in the authors' list of missing skeletons, and those without
    a body, are left out.

    Args:
        raw_dir: A folder or a zip.
        split: Protocol of the splits, one of `PROTOCOLS`.

    Raises:
        RawDataError: A zip is damaged; in `clips`, also a recording.
    """
    found = survey(raw_dir)
    missing = official.missing_skeletons("ntu120")  # Contains that of ntu60.
    left_out = collections.Counter(found.ignored)
    recordings: list[Recording] = []
    for recording in found.recordings:
        if not 1 <= recording.action <= len(official.ACTIONS):
            left_out["unknown action", recording.clip_id] += 1
        elif recording.clip_id in missing:
            left_out[
                "in the authors' list of missing skeletons", recording.clip_id
            ] += 1
        else:
            recordings.append(recording)
    by, train = PROTOCOLS[split]

    def clips() -> Iterator[Clip]:
        for recording in recordings:
            clip = read_clip(recording)
            if not len(clip.skeleton):
                left_out["no body in any frame", recording.clip_id] += 1
                continue
            absent = ~clip.skeleton.any(axis=(2, 3), keepdims=True)
            yield Clip(
                f"{recording.clip_id}.npy",
                label=official.ACTIONS[recording.action - 1],
                skeleton=np.where(absent, np.nan, clip.skeleton),
                subject=f"P{recording.performer:03}",
                group=f"C{recording.camera:03}",
                split="train" if getattr(recording, by) in train else "test",
                metadata={kind: clip.counts.get(kind, 0) for kind in COUNTED},
            )

    return Source(
        layout={"skeleton": "kinect2"},
        clips=clips(),
        total=len(recordings),
        left_out=left_out,
        counted=COUNTED,
    )
