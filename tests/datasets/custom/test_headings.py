import numpy as np
import pytest

from datasets.custom.headings import turned
from stalstm.skeletons import KINECT1, SHIPPED, Skeleton, standing


def clip(degrees, skeleton=KINECT1, bodies=1):
    """One who stands turned, three metres away, and maybe somebody before."""
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    pose = standing(skeleton) @ turn.T + [0, 0, 3]
    frames = np.zeros((2, bodies, len(pose), 3), np.float32)
    frames[:, -1] = pose
    return frames


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("usual", [0, 90, 170, -120])
def test_is_measured_from_what_is_usual(name, usual):
    skeleton = SHIPPED[name]
    angles = [usual] * 14 + [usual + 40] * 3 + [usual - 40] * 3
    clips = [clip(x, skeleton) for x in angles]
    assert turned(clips, skeleton) in (39, 40)
    assert turned(clips[:14], skeleton) == 0


def test_is_that_of_the_first_body_that_is_there():
    clips = [clip(x, bodies=3) for x in (0, 0, 0, 60)]
    assert turned(clips, KINECT1) in range(30, 60)


def test_one_of_ten_does_not_count():
    assert turned([clip(0)] * 19 + [clip(180)], KINECT1) == 0


def test_without_sides_it_is_not_known():
    worm = Skeleton("worm", ("head", "tail"))
    assert turned([np.ones((3, 1, 2, 3))], worm) is None
    assert turned([], KINECT1) is None
    flat = np.zeros((1, 1, 20, 3))
    flat[..., 1] = 1.0
    assert turned([flat], KINECT1) is None
