"""What a recording of NTU RGB+D becomes in the prepared data."""

from datasets import parts
from datasets.ntu.performers import choose_performers
from datasets.ntu.recordings import Recording

COUNTED = {
    "dropped_frames": "Frames left out, without a performer",
    "continued_ids": "Ids that continue a body tracked under another id",
    "short_bodies": "Bodies left out as noise, in few frames only",
    "wide_bodies": "Bodies left out as noise, wider than high",
    "further_bodies": "Bodies left out because two others move more",
}


def read_clip(recording: Recording) -> parts.Clip:
    """Reads the performers of a recording: one body, or two.

    Raises:
        RawDataError: The recording or its zip is damaged.
    """
    clip = choose_performers(recording.read())
    return parts.Clip(
        skeleton=clip.skeleton[:, : clip.bodies],
        features={
            "bodies": clip.bodies,
            "label": recording.action - 1,
            "setup": recording.setup,
            "camera": recording.camera,
            "performer": recording.performer,
            "replication": recording.replication,
        },
        counts={
            kind: number for kind in COUNTED if (number := getattr(clip, kind))
        },
    )
