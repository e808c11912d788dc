import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.custom.gaps import fill
from datasets.raw import RawDataError

JOINTS = ("a", "b", "c")
NAN = np.nan


def fill_in_a_loop(skeleton, max_gap):
    """One joint after the other, frame by frame, as the docstring says it."""
    filled = skeleton.copy()
    _, bodies, joints, _ = skeleton.shape
    count = 0
    for body in range(bodies):
        known = ~np.isnan(skeleton[:, body, :, 0])
        stretches: list[list[int]] = []
        for frame in np.flatnonzero(known.any(axis=1)).tolist():
            if stretches and frame - stretches[-1][-1] <= max_gap + 1:
                stretches[-1].append(frame)
            else:
                stretches.append([frame])
        for stretch in stretches:
            for joint in range(joints):
                seen = [x for x in stretch if known[x, joint]]
                if not seen:
                    return None
                gap = 0
                for frame in range(stretch[0], stretch[-1] + 1):
                    gap = 0 if known[frame, joint] else gap + 1
                    # A gap counts only if the body is there in it.
                    there = known[frame - gap + 1 : frame + 1].any()
                    ends = frame == stretch[-1] or known[frame + 1, joint]
                    if gap > max_gap and there and ends:
                        return None
                for frame in stretch:
                    if not known[frame, joint]:
                        filled[frame, body, joint] = [
                            np.interp(
                                frame, seen, skeleton[seen, body, joint, x]
                            )
                            for x in range(3)
                        ]
                        count += 1
    return filled, count


@given(
    seed=st.integers(0, 2**32 - 1),
    frames=st.integers(0, 30),
    bodies=st.integers(0, 2),
    max_gap=st.integers(0, 5),
    absent=st.sampled_from([0, 0.2, 0.5]),
    missing=st.sampled_from([0, 0.05, 0.3]),
)
def test_gaps_are_filled_as_a_plain_loop_does(
    seed, frames, bodies, max_gap, absent, missing
):
    rng = np.random.default_rng(seed)
    clip = rng.normal(size=(frames, bodies, 3, 3))
    clip[rng.random((frames, bodies)) < absent] = NAN
    clip[rng.random((frames, bodies, 3)) < missing] = NAN
    expected = fill_in_a_loop(clip, max_gap)

    if expected is None:
        with pytest.raises(RawDataError):
            fill(clip, max_gap, "x.csv", JOINTS)
        return
    filled, counts = fill(clip, max_gap, "x.csv", JOINTS)

    np.testing.assert_allclose(filled, expected[0], atol=1e-12)
    assert counts.get("filled_joints", 0) == expected[1]
    assert 0 not in counts.values()


def moving(frames):
    """One body; its joints move by (1, 2, 3) a frame."""
    joints = np.arange(9.0).reshape(3, 3)
    steps = np.arange(frames)[:, None, None] * np.array([1.0, 2, 3])
    return (joints + steps)[:, None]


def test_a_joint_between_two_frames_is_interpolated():
    clip = moving(6)
    clip[2:5, 0, 1] = NAN
    filled, counts = fill(clip, 3, "x.csv", JOINTS)
    np.testing.assert_allclose(filled, moving(6))
    assert counts == {"filled_joints": 3}
    assert np.isnan(clip[2:5, 0, 1]).all()


def test_a_joint_stays_where_it_is_before_the_first_and_after_the_last():
    clip = moving(6)
    clip[:2, 0, 1] = NAN
    clip[4:, 0, 2] = NAN
    filled, counts = fill(clip, 2, "x.csv", JOINTS)
    np.testing.assert_array_equal(filled[:3, 0, 1], [clip[2, 0, 1]] * 3)
    np.testing.assert_array_equal(filled[3:, 0, 2], [clip[3, 0, 2]] * 3)
    assert counts == {"filled_joints": 4}


def test_an_absent_body_stays_absent():
    clip = moving(5)
    clip[2] = NAN
    clip[3, 0, 1] = NAN
    filled, counts = fill(clip, 2, "x.csv", JOINTS)
    assert np.isnan(filled[2]).all()
    np.testing.assert_allclose(filled[3, 0, 1], moving(5)[3, 0, 1])
    assert counts == {"filled_joints": 1}


def test_nothing_is_interpolated_over_a_long_absence():
    clip = moving(9)
    clip[2:5] = NAN
    clip[5, 0, 1] = NAN
    filled, _ = fill(clip, 2, "x.csv", JOINTS)
    np.testing.assert_array_equal(filled[5, 0, 1], clip[6, 0, 1])


def test_a_longer_gap_is_an_error_that_says_where():
    clip = moving(8)
    clip[1:3, 0, 0] = NAN
    clip[2:6, 0, 1] = NAN
    with pytest.raises(RawDataError) as error:
        fill(clip, 1, "x.csv", JOINTS, first=100)
    assert str(error.value) == (
        "x.csv, body 0, joint b: expected at most 1 frames in a row without "
        "it. Received: 4 frames, 102 to 105. A larger `max_gap` in "
        "skeleton.json allows that, --on_bad_file=skip leaves the recording "
        "out"
    )


def test_a_joint_that_is_never_seen_is_an_error_even_in_a_short_clip():
    clip = moving(3)
    clip[:, 0, 2] = NAN
    with pytest.raises(RawDataError) as error:
        fill(clip, 10, "x.csv", JOINTS)
    assert "joint c: expected at most 10 frames in a row without it and " in (
        str(error.value)
    )
    assert "Received: 3 frames, 0 to 2" in str(error.value)


def test_without_gaps_nothing_is_copied():
    clip = moving(3)
    filled, counts = fill(clip, 0, "x.csv", JOINTS)
    assert filled is clip
    assert counts == {}
