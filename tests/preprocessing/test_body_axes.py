import numpy as np
import pytest

from stalstm.preprocessing import BodyAxes, BodyScale, Origin
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    RNG,
    TORSO,
    run,
    run_frame_layer_test,
)

WHOLE = np.array([9, 9, 9], "int32")


@pytest.mark.parametrize("per", ["frame", "clip"])
def test_is_a_good_frame_layer(per, tmp_path):
    run_frame_layer_test(BodyAxes(0, 1, 2, 3, per=per), tmp_path)


def test_are_shoulders_and_spine_of_the_main_performer():
    turned, _ = run(BodyAxes(0, 1, 2, 3), CLIPS, WHOLE)
    across = turned[:, :, 0, 0] - turned[:, :, 0, 1]
    np.testing.assert_allclose(across[..., 1:], 0, atol=1e-5)
    assert np.all(across[..., 0] > 0)
    up = turned[:, :, 0, 3] - turned[:, :, 0, 2]
    np.testing.assert_allclose(up[..., 2], 0, atol=1e-5)
    assert np.all(up[..., 1] > 0)

    def distances(x):
        points = x.reshape(3, 9, 8, 3)
        return np.linalg.norm(
            points[:, :, :, None] - points[:, :, None], axis=-1
        )

    np.testing.assert_allclose(distances(turned), distances(CLIPS), atol=1e-4)
    # Right-handed: a turn, not a reflection.
    np.testing.assert_allclose(
        np.linalg.det(turned[0, 0, 0, :3]),
        np.linalg.det(CLIPS[0, 0, 0, :3]),
        rtol=1e-3,
    )


@pytest.mark.parametrize("per", ["frame", "clip"])
def test_all_views_look_alike(per):
    """Turning or moving the camera, or growing, changes nothing."""
    rotation = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    other = (1.7 * CLIPS @ rotation + [0.3, -0.2, 2.5]).astype("float32")

    def normalise(clips):
        for layer in (
            Origin(TORSO, of="main", per=per),
            BodyAxes(0, 1, 2, 3, per=per),
            BodyScale(2, 3, per=per),
        ):
            clips, _ = run(layer, clips)
        return clips

    np.testing.assert_allclose(normalise(CLIPS), normalise(other), atol=1e-3)


def test_degenerate_bodies_keep_the_axes_of_the_camera():
    clips = CLIPS.copy()
    clips[0, :, 0, 1] = clips[0, :, 0, 0]
    clips[1, :, 0, 3] = clips[1, :, 0, 2]
    clips[2] = 0
    turned, _ = run(BodyAxes(0, 1, 2, 3), clips, WHOLE)
    np.testing.assert_allclose(turned, clips, atol=1e-6)
