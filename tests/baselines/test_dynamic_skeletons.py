import numpy as np

from stalstm.baselines.dynamic_skeletons import dynamic_skeleton, trajectories
from tests.baselines.baseline_test import random_clip, run_baseline_test


def test_is_a_good_baseline():
    run_baseline_test("dynamic_skeletons")


def test_trajectories_are_positions_pairs_and_velocities():
    clip = random_clip(0, 4)
    followed = trajectories(clip)
    for frame in range(4):
        x = clip.reshape(4, 10, 3)
        origin = sum(x[0, :5]) / 5
        expected = [x[frame, i] - origin for i in range(10)]
        for i in range(10):
            for j in range(i + 1, 10):
                expected.append(x[frame, i] - x[frame, j])
        before = max(frame - 1, 0)
        expected += [x[frame, i] - x[before, i] for i in range(10)]
        np.testing.assert_allclose(
            followed[frame], np.concatenate(expected), rtol=1e-5, atol=1e-6
        )


def test_a_body_that_never_appears_is_zeros():
    clip = random_clip(0, 4)
    clip[:, 0] = 0
    followed = trajectories(clip).reshape(4, -1, 3)
    positions, pairs, velocities = np.split(followed, [10, 55], axis=1)
    for block in (positions, velocities):
        assert not block[:, :5].any()
    one, other = np.triu_indices(10, 1)
    assert not pairs[:, (one < 5) | (other < 5)].any()
    np.testing.assert_allclose(positions[0, 5:].mean(axis=0), 0, atol=1e-6)
    assert velocities[1:, 5:].any()


def test_a_body_that_is_lost_for_a_moment_stands_still():
    clip = random_clip(0, 5)
    clip[2:4, 1] = 0
    velocities = trajectories(clip).reshape(5, -1, 3)[:, 55:]
    assert not velocities[2:4, 5:].any()
    assert velocities[2:4, :5].any()


def test_place_does_not_matter():
    clip = random_clip(0, 20)
    np.testing.assert_allclose(
        dynamic_skeleton(clip + np.array([1, -2, 3], np.float32)),
        dynamic_skeleton(clip),
        atol=1e-4,
    )
