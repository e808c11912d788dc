"""Which way the bodies of some clips face at first."""

from collections.abc import Iterable

import numpy as np

from stalstm.skeletons import Skeleton

# Metres. A shorter line from the right joints to the left ones has no
# direction.
_SHORTEST = 0.01


def turned(clips: Iterable[np.ndarray], skeleton: Skeleton) -> int | None:
    """How far bodies are turned away from the direction that is usual.

    Args:
        clips: Skeletons, `(frames, bodies, joints, 3)`, metres in camera space,
            absent bodies zero.
        skeleton: Its mirror pairs say which joints are left and right.

    Returns:
        Degrees around the vertical: nine of ten clips begin with their first
        body turned no further. `None` if the skeleton has no such pairs, or no
        clip a direction.
    """
    left, right = (
        [skeleton.index(pair[side]) for pair in skeleton.mirror]
        for side in (0, 1)
    )
    directions = []
    for clip in clips:
        frame = clip[0]
        body = frame[np.argmax(np.any(frame != 0, axis=(1, 2)))]
        across, _, away = np.sum(body[left] - body[right], axis=0)
        direction = complex(across, away)
        if abs(direction) > _SHORTEST * len(left):
            directions.append(direction / abs(direction))
    if not directions:
        return None
    usual = np.mean(directions)
    angles = np.abs(np.angle(np.divide(directions, usual)))
    return int(np.degrees(np.quantile(angles, 0.9)))
