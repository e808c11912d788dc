"""Chooses the one or two performers of a clip among the tracked bodies.

The sensor also tracks chairs and passers-by, and gives a new id to a performer
whom it lost and found again. The authors of NTU RGB+D describe how they chose
(questions and answers in https://github.com/shahroudy/NTURGB-D): "eliminate
[tables and seats] by filtering out the skeletons which does not have reasonable
Y spread over X spread"; the main subject is the one with most motion, "the
variance of the X, Y, and Z values of all the joints". The thresholds below are
those that the field has used since: they are published as
`data/ntu/get_raw_denoised_data.py` in https://github.com/microsoft/SGN (Pengfei
Zhang et al., CVPR 2020) and in https://github.com/Uason-Chen/CTR-GCN (Yuxin
Chen et al., ICCV 2021).
"""

import dataclasses
from collections.abc import Collection

import numpy as np

from datasets.ntu.recordings import JOINTS, Body, RawClip

PERFORMERS = 2

# A body in this many frames or fewer is noise.
NOISE_FRAMES = 11
# A frame in which a body is wider than this fraction of its height is suspect,
NOISE_SPREAD = 0.8
# and a body with at least this fraction of suspect frames is noise.
NOISE_SPREAD_FRAMES = 0.69754

# Ours. A body that appears under a new id within this distance, in metres, of
# where another one was last seen is the same body.
CONTINUATION_DISTANCE = 0.5


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """The performers of a recording, and what became of the rest of it.

    Attributes:
        skeleton: Joints of the performers, `(frames, 2, 25, 3)`, float32,
            metres in camera space. The performer with most motion comes first;
            an absent body is zeros. Frames without a performer are left out.
        bodies: Number of performers: 0, 1 or 2.
        dropped_frames: Number of frames left out.
        continued_ids: Number of ids that continue a body tracked under another.
        short_bodies: Number of bodies left out as noise: in few frames only.
        wide_bodies: Number of bodies left out as noise: wider than high.
        further_bodies: Number of bodies left out because two others move more.
    """

    skeleton: np.ndarray
    bodies: int
    dropped_frames: int
    continued_ids: int
    short_bodies: int
    wide_bodies: int
    further_bodies: int


def choose_performers(raw: RawClip) -> Clip:
    """Chooses the one or two performers of a recording.

    1. Ids that continue one another are joined into one body: see `_continued`.
    2. Bodies in at most 11 frames are noise, and then bodies that are wider
       than high. The last body is never noise: the longest stays, or the one
       that is least often wide.
    3. In the order of decreasing motion, each body joins the first of the two
       performers with whom it shares no frame; a body that fits neither is left
       out. So someone who leaves and comes back far away, under a new id, is
       still one performer.

    The published code assumes that the frames of a body are consecutive and
    lets two bodies of one performer share a frame; here every body stays in the
    frames where it was recorded. It also applies step 2 before joining any
    bodies, which loses the frames of a performer whose id changes often.
    """
    bodies = _continued(raw.bodies.values())
    continued_ids = len(raw.bodies) - len(bodies)

    tracked = len(bodies)
    if tracked > 1:
        longest = max(bodies, key=lambda body: len(body.frames))
        bodies = [
            body
            for body in bodies
            if len(body.frames) > NOISE_FRAMES or body is longest
        ]
    long = len(bodies)
    if long > 1:
        wide = {body: float(_wide(body).mean()) for body in bodies}
        narrowest = min(bodies, key=wide.__getitem__)
        bodies = [
            body
            for body in bodies
            if wide[body] < NOISE_SPREAD_FRAMES or body is narrowest
        ]
    upright = len(bodies)
    if upright > 1:
        bodies.sort(key=_motion, reverse=True)

    performers: list[Body] = []
    further_bodies = 0
    for body in bodies:
        for index, performer in enumerate(performers):
            if not np.isin(body.frames, performer.frames).any():
                performers[index] = _joined(performer, body)
                break
        else:
            if len(performers) < PERFORMERS:
                performers.append(body)
            else:
                further_bodies += 1
    if len(performers) > 1:
        performers.sort(key=_motion, reverse=True)

    skeleton = np.zeros((raw.frames, PERFORMERS, JOINTS, 3), np.float32)
    for index, performer in enumerate(performers):
        skeleton[performer.frames, index] = performer.joints
    present = skeleton.any(axis=(1, 2, 3))
    return Clip(
        skeleton=skeleton[present],
        bodies=len(performers),
        dropped_frames=raw.frames - int(present.sum()),
        continued_ids=continued_ids,
        short_bodies=tracked - long,
        wide_bodies=long - upright,
        further_bodies=further_bodies,
    )


def _continued(bodies: Collection[Body]) -> list[Body]:
    """Joins each body, by first frame, to the nearest one that it can continue.

    A body can continue another whose last frame is before its first, and whose
    centre was then at most `CONTINUATION_DISTANCE` from where the body begins.
    """
    tracks: list[Body] = []
    for body in sorted(bodies, key=lambda b: b.frames[0]):
        begins = body.joints[0].mean(axis=0)
        distances = [
            float(np.linalg.norm(track.joints[-1].mean(axis=0) - begins))
            if track.frames[-1] < body.frames[0]
            else np.inf
            for track in tracks
        ]
        if distances and min(distances) <= CONTINUATION_DISTANCE:
            nearest = int(np.argmin(distances))
            tracks[nearest] = _joined(tracks[nearest], body)
        else:
            tracks.append(body)
    return tracks


def _joined(body: Body, other: Body) -> Body:
    """Joins two bodies that share no frame."""
    frames = np.concatenate([body.frames, other.frames])
    order = np.argsort(frames)
    joints = np.concatenate([body.joints, other.joints])
    return Body(frames[order], joints[order])


def _wide(body: Body) -> np.ndarray:
    """Whether the body is suspiciously wide in each of its frames, `(n,)`."""
    x, y = body.joints[..., 0], body.joints[..., 1]
    return np.ptp(x, axis=1) > NOISE_SPREAD * np.ptp(y, axis=1)


def _motion(body: Body) -> float:
    """The sum of the variances of x, y and z over all joints and frames.

    Frames in which the body is suspiciously wide do not count if it moves less
    without them.
    """
    motions = [
        float(joints.reshape(-1, 3).var(axis=0).sum())
        for joints in (body.joints, body.joints[~_wide(body)])
        if len(joints)
    ]
    return min(motions)
