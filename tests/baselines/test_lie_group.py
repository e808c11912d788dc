import numpy as np
import pytest
from scipy.linalg import expm
from scipy.spatial.transform import Rotation

from stalstm.baselines import lie_group
from stalstm.baselines.lie_group import (
    alignments,
    curve,
    mean_lengths,
    nominal_curve,
    ordered_pairs,
    relative_geometry,
    resized,
    turned,
    warp,
)
from stalstm.baselines.shared.bones import bones
from stalstm.description import Description
from stalstm.skeletons import MEDIAPIPE
from tests.baselines.baseline_test import (
    ARM,
    ARMS,
    random_clip,
    run_baseline_test,
)

LENGTHS = np.array([0.2, 0.2, 0.3, 0.25])


def test_is_a_good_baseline():
    run_baseline_test("lie_group", iterations=3)


def test_relative_geometry_by_hand():
    # An upper arm along x, and a forearm from its end, upwards.
    pair = np.array([[[[0, 0, 0], [1, 0, 0]], [[1, 0, 0], [1, 2, 0]]]], float)
    geometry = relative_geometry(pair)
    one, other = ordered_pairs(2)
    np.testing.assert_array_equal([one, other], [[0, 1], [1, 0]])
    np.testing.assert_allclose(
        geometry.rotation.as_rotvec()[0],
        [[0, 0, np.pi / 2], [0, 0, -np.pi / 2]],
        atol=1e-12,
    )
    # Seen from the forearm, which then lies on x, the shoulder is at y = 1.
    np.testing.assert_allclose(
        geometry.translation[0], [[1, 0, 0], [0, 1, 0]], atol=1e-12
    )


def rotation_of_x(direction):
    """The smallest rotation of the x axis to a direction (Rodrigues)."""
    u = direction / np.linalg.norm(direction)
    x, y, z = np.cross([1, 0, 0], u)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + k + k @ k / (1 + u[0])


def test_curve_is_the_logarithm_of_the_relative_geometry():
    clip = random_clip(0, 2)
    prepared = turned(resized(clip, ARMS, LENGTHS), ARMS).reshape(2, 10, 3)
    algebra = curve(clip, ARMS, LENGTHS, frames=2).reshape(2, -1, 6)
    ends = bones(ARMS)
    one, other = ordered_pairs(8)
    assert algebra.shape[1] == 8 * 7
    for frame in range(2):
        for pair in range(len(one)):
            begin, end = prepared[frame, ends[one[pair]]]
            there = prepared[frame, ends[other[pair]]]
            local = (there - begin) @ rotation_of_x(end - begin)
            rx, ry, rz, vx, vy, vz = algebra[frame, pair]
            twist = np.array(
                [
                    [0, -rz, ry, vx],
                    [rz, 0, -rx, vy],
                    [-ry, rx, 0, vz],
                    [0, 0, 0, 0],
                ]
            )
            length = np.linalg.norm(local[1] - local[0])
            on_x = np.array([[0, 0, 0, 1], [length, 0, 0, 1]])
            np.testing.assert_allclose(
                (on_x @ expm(twist).T)[:, :3], local, atol=1e-4
            )
            assert abs(rx) < 1e-5


def test_bones_that_point_against_each_other_are_finite():
    pair = np.array([[[[0, 0, 0], [1, 0, 0]], [[1, 0, 0], [0, 0, 0]]]], float)
    np.testing.assert_allclose(
        relative_geometry(pair).rotation.magnitude(), [[np.pi, np.pi]]
    )


def test_place_heading_and_body_size_do_not_matter():
    clip = random_clip(0, 6)
    expected = curve(clip, ARMS, LENGTHS, frames=9)
    turn = Rotation.from_euler("y", 2.0).as_matrix().T
    moved = (clip @ turn + [1, -2, 3]).astype(np.float32)
    torso = moved[:, :, 1:2]
    moved = torso + np.array([1.5, 0.8]).reshape(1, 2, 1, 1) * (moved - torso)
    np.testing.assert_allclose(
        curve(moved.astype(np.float32), ARMS, LENGTHS, frames=9),
        expected,
        atol=2e-3,
    )


def test_a_shift_of_one_body_matters():
    clip = random_clip(0, 6)
    moved = clip.copy()
    moved[:, 1] += 1
    before, after = (curve(x, ARMS, LENGTHS, 6) for x in (clip, moved))
    one, other = ordered_pairs(8)
    same = np.isclose(before, after, atol=1e-4).reshape(6, -1, 6)
    assert same[:, (one < 4) == (other < 4)].all()
    assert not same[:, (one < 4) != (other < 4)].all()


def test_between_two_frames_is_half_of_a_screw():
    clip = random_clip(0, 2)
    clip[1] = clip[0]
    # The forearm turns, in the plane of the arm, by a right angle.
    clip[:, 0, 2:] = [
        [[0, 0, 0], [1, 0, 0], [2, 0, 0]],
        [[0, 0, 0], [1, 0, 0], [1, 1, 0]],
    ]
    clip[:, 0, :2] = [[-2, 0, 0], [-1, 0, 0]]
    algebra = curve(clip, ARMS, LENGTHS, frames=3).reshape(3, -1, 6)
    one, other = ordered_pairs(8)
    pair = np.flatnonzero((one == 2) & (other == 3))[0]
    angles = np.linalg.norm(algebra[:, pair, :3], axis=1)
    np.testing.assert_allclose(angles, [0, np.pi / 4, np.pi / 2], atol=1e-5)


def test_a_body_that_never_appears_is_zeros():
    clip = random_clip(0, 4)
    clip[:, 0] = 0
    algebra = curve(clip, ARMS, LENGTHS, frames=4).reshape(4, -1, 6)
    one, other = ordered_pairs(8)
    without = (one < 4) | (other < 4)
    assert not algebra[:, without].any()
    assert algebra[:, ~without].any()


def test_resized_bones_have_the_mean_length_and_their_direction():
    clips = [random_clip(n, 4) for n in range(3)]
    clips[1][:, 1] = 0
    lengths = mean_lengths(clips, ARMS)
    ends = bones(ARMS)[:4]
    found = [
        np.linalg.norm(frame[body, ends[2, 1]] - frame[body, ends[2, 0]])
        for clip in clips
        for frame in clip
        for body in range(2)
        if frame[body].any()
    ]
    np.testing.assert_allclose(lengths[2], np.mean(found), rtol=1e-5)
    result = resized(clips[0], ARMS, lengths)
    before, after = (
        x[:, :, ends[:, 1]] - x[:, :, ends[:, 0]] for x in (clips[0], result)
    )
    np.testing.assert_allclose(
        np.linalg.norm(after, axis=-1),
        np.broadcast_to(lengths, after.shape[:-1]),
        rtol=1e-5,
    )
    np.testing.assert_allclose(np.cross(before, after), 0, atol=1e-5)
    assert ((before * after).sum(axis=-1) > 0).all()
    np.testing.assert_array_equal(result[:, :, 1], clips[0][:, :, 1])


def test_what_the_skeleton_lacks_is_named():
    data = Description(MEDIAPIPE, 1, ("a",), {})
    with pytest.raises(ValueError, match="without torso"):
        lie_group.estimator(data)
    loose = Description(
        ARM.__class__("loose", ARM.joints, ARM.bones[2:], roles=ARM.roles),
        2,
        ("a",),
        {},
    )
    with pytest.raises(ValueError, match="Received: skeleton loose"):
        resized(random_clip(0, 2), loose, LENGTHS[2:])


def cheapest(costs, row, column):
    """The cost of the cheapest of all paths to a cell, and that path."""
    if (row, column) == (0, 0):
        return costs[0, 0], [(0, 0)]
    before = [(row - 1, column - 1), (row - 1, column), (row, column - 1)]
    total, path = min(
        cheapest(costs, *x) for x in before if x[0] >= 0 and x[1] >= 0
    )
    return total + costs[row, column], [*path, (row, column)]


def test_alignments_are_the_cheapest_of_all_paths():
    costs = np.random.default_rng(0).random((20, 5, 4))
    for path, cost in zip(alignments(costs), costs, strict=True):
        _, expected = cheapest(cost, 4, 3)
        assert sorted(zip(*np.nonzero(path), strict=True)) == expected


def test_warping_takes_a_slow_curve_to_the_nominal_one():
    nominal = np.random.default_rng(0).random((6, 3))
    # The same movement, which dwells first here and then there.
    slow = nominal[[0, 0, 1, 2, 4, 5]]
    late = nominal[[0, 1, 2, 2, 3, 5]]
    warped = warp(nominal, np.stack([slow, late]))
    np.testing.assert_array_equal(
        warped[0][[0, 1, 2, 4, 5]], nominal[[0, 1, 2, 4, 5]]
    )
    np.testing.assert_array_equal(
        warped[1][[0, 1, 2, 3, 5]], nominal[[0, 1, 2, 3, 5]]
    )


def test_warping_keeps_the_order_of_the_frames():
    nominal = np.array([[0.0], [5.0], [0.4]])
    # The last frame is nearest to the first of the other, and far from it.
    (warped,) = warp(nominal, np.array([[[0.5], [5.0], [0.0]]]))
    np.testing.assert_array_equal(warped, [[0.5], [5.0], [0.0]])


def test_the_nominal_curve_is_the_mean_of_aligned_curves():
    curves = np.random.default_rng(0).random((4, 6, 3))
    np.testing.assert_allclose(
        nominal_curve(curves, 1), warp(curves[0], curves).mean(axis=0)
    )
    same = np.stack([curves[0]] * 3)
    np.testing.assert_allclose(nominal_curve(same, 5), curves[0])
