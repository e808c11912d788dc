import numpy as np
import pytest

from stalstm.preprocessing import Heading
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    JOINTS,
    TORSO,
    make_absent,
    run,
    run_frame_layer_test,
)

LEFT, RIGHT = (JOINTS.index(f"{x}_shoulder") for x in ("left", "right"))
SHOULDERS = Heading(RIGHT, LEFT, per="clip")
BODIES = Heading(TORSO, TORSO, between="bodies", per="clip")
WHOLE = np.array([9, 9, 9])


@pytest.mark.parametrize("layer", [SHOULDERS, BODIES])
def test_is_a_good_frame_layer(layer, tmp_path):
    run_frame_layer_test(layer, tmp_path)


def turned(clips, degrees):
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    return (clips @ turn.T).astype(np.float32)


@pytest.mark.parametrize("layer", [SHOULDERS, BODIES])
@pytest.mark.parametrize("degrees", [20, 90, 180, 300])
def test_where_the_camera_stands_does_not_matter(layer, degrees):
    here, _ = run(layer, CLIPS, WHOLE)
    there, _ = run(layer, turned(CLIPS, degrees), WHOLE)
    np.testing.assert_allclose(there, here, atol=1e-5)


def test_the_main_performer_faces_the_camera_in_the_first_frame():
    skeleton, _ = run(SHOULDERS, CLIPS, WHOLE)
    across = skeleton[:, 0, 0, LEFT] - skeleton[:, 0, 0, RIGHT]
    # On the right of the image, in a space whose x grows to the left.
    assert np.all(across[:, 0] < 0)
    np.testing.assert_allclose(across[:, 2], 0, atol=1e-6)


def test_two_bodies_stand_side_by_side_the_first_one_on_the_left():
    skeleton, _ = run(BODIES, CLIPS, WHOLE)
    between = skeleton[:, 0, 1, TORSO] - skeleton[:, 0, 0, TORSO]
    assert np.all(between[:, 0] < 0)
    np.testing.assert_allclose(between[:, 2], 0, atol=1e-6)


@pytest.mark.parametrize("layer", [SHOULDERS, BODIES])
def test_turns_rigidly_around_the_vertical(layer):
    skeleton, _ = run(layer, CLIPS, WHOLE)
    np.testing.assert_array_equal(skeleton[..., 1], CLIPS[..., 1])
    np.testing.assert_allclose(
        np.linalg.norm(skeleton, axis=-1),
        np.linalg.norm(CLIPS, axis=-1),
        rtol=1e-5,
    )
    # No mirror: the sense of a turn stays.
    area = np.cross(CLIPS[..., 0, :], CLIPS[..., 1, :])[..., 1]
    same = np.cross(skeleton[..., 0, :], skeleton[..., 1, :])[..., 1]
    np.testing.assert_allclose(same, area, atol=1e-4)


def test_what_has_no_direction_is_not_turned():
    alone = make_absent(CLIPS)[1:2]
    skeleton, _ = run(BODIES, alone, np.array([9]))
    np.testing.assert_array_equal(skeleton, alone)
    above = CLIPS[:1].copy()
    above[:, 0, 0, LEFT] = above[:, 0, 0, RIGHT] + [0, 0.3, 0]
    skeleton, _ = run(SHOULDERS, above, np.array([9]))
    np.testing.assert_array_equal(skeleton, above)
