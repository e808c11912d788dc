"""Indices of the joints of bones, among all joints of all bodies."""

import itertools

import numpy as np

from stalstm.description import Description


def bones(data: Description) -> np.ndarray:
    """The two joints of each bone of each body, `(bones, 2)`.

    Joint `j` of body `b` has the index `b * joints + j`.

    Raises:
        ValueError: The skeleton has no bones.
    """
    skeleton = data.skeleton
    if not skeleton.bones:
        raise ValueError(
            "expected a skeleton with bones. "
            f"Received: skeleton {skeleton.name}, without bones"
        )
    of_one = np.array([[skeleton.index(x) for x in y] for y in skeleton.bones])
    starts = len(skeleton.joints) * np.arange(data.bodies)
    return np.concatenate([start + of_one for start in starts])


def corners(data: Description) -> np.ndarray:
    """The three joints of each two bones that meet, `(corners, 3)`.

    The joint at which they meet is the second.
    """
    found = []
    for one, other in itertools.combinations(bones(data).tolist(), 2):
        for middle in set(one) & set(other):
            (start,) = set(one) - {middle}
            (end,) = set(other) - {middle}
            found.append((start, middle, end))
    return np.array(found)
