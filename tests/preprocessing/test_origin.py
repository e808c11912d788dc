import numpy as np
import pytest

from stalstm.preprocessing import Origin, Velocity
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    LENGTHS,
    TORSO,
    make_absent,
    presence,
    run,
    run_frame_layer_test,
)

WHOLE = np.array([9, 9, 9], "int32")


@pytest.mark.parametrize("of", ["all", "main"])
@pytest.mark.parametrize("per", ["frame", "clip"])
def test_is_a_good_frame_layer(of, per, tmp_path):
    run_frame_layer_test(Origin(TORSO, of=of, per=per), tmp_path)


def test_without_a_torso_it_is_the_mean_of_all_joints():
    moved, _ = run(Origin(None), CLIPS, WHOLE)
    np.testing.assert_allclose(moved.mean(axis=(2, 3)), 0, atol=1e-6)
    absent = make_absent(CLIPS)
    moved, _ = run(Origin(None, of="main"), absent, WHOLE)
    np.testing.assert_allclose(moved[0, 3:7, 0].mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(moved[0, :3, 1].mean(axis=1), 0, atol=1e-6)


def test_of_each_frame_is_the_mean_of_the_torsos():
    moved, _ = run(Origin(TORSO), CLIPS, WHOLE)
    np.testing.assert_allclose(moved[:, :, :, TORSO].mean(2), 0, atol=1e-6)
    np.testing.assert_allclose(
        moved - moved[:, :, :1, :1], CLIPS - CLIPS[:, :, :1, :1], atol=1e-6
    )


def test_of_a_clip_is_that_of_its_first_frame():
    moved, _ = run(Origin(TORSO, per="clip"), CLIPS, WHOLE)
    np.testing.assert_allclose(moved[:, 0, :, TORSO].mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(
        np.diff(moved, axis=1), np.diff(CLIPS, axis=1), atol=1e-6
    )


def test_is_the_mean_of_those_present_or_the_main_performer_s():
    clips = make_absent(CLIPS)
    for of, expected in (
        ("all", clips[0, 5, :, TORSO].mean(0)),
        ("main", clips[0, 5, 0, TORSO]),
    ):
        moved, _ = run(Origin(TORSO, of=of), clips)
        np.testing.assert_allclose(
            moved[0, 5], clips[0, 5] - expected, atol=1e-6
        )
        # Only the second body is there.
        np.testing.assert_allclose(
            moved[0, 0, 1], clips[0, 0, 1] - clips[0, 0, 1, TORSO], atol=1e-6
        )


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"`per`.*per='body'"):
        Origin(TORSO, per="body")
    with pytest.raises(ValueError, match=r"`of`.*of='left'"):
        Origin(TORSO, of="left")


def test_comes_before_what_appends_channels():
    more, present = Velocity()(CLIPS, presence(CLIPS), LENGTHS)
    with pytest.raises(ValueError, match="Received: 6 channels"):
        Origin(TORSO)(more, present, LENGTHS)
