import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.ntu.performers import choose_performers
from datasets.ntu.recordings import Body, RawClip, read_recording

# A body half as wide as high, and one twice as wide as high.
UPRIGHT = np.linspace((-0.4, -0.8, 0.0), (0.4, 0.8, 0.2), 25)
WIDE = UPRIGHT * (4, 0.5, 1)


def body(frames, at=(0, 0, 3), moves=0.1, figure=UPRIGHT):
    """Someone at a place, who moves up and down by `moves` metres."""
    frames = np.array(frames)
    joints = figure + np.array(at) + np.zeros((len(frames), 1, 1))
    joints[..., 1] += (moves * np.sin(frames))[:, None]
    return Body(frames, joints.astype(np.float32))


def clip_of(frames, **bodies):
    ids = {f"id{number}": number for number in range(10)}
    return choose_performers(
        RawClip(frames, {ids[name]: b for name, b in bodies.items()})
    )


def test_the_performer_with_most_motion_comes_first():
    calm, lively = body(range(20)), body(range(20), (1, 0, 3), moves=0.5)
    clip = clip_of(20, id0=calm, id1=lively)
    assert clip.bodies == 2
    np.testing.assert_array_equal(clip.skeleton[:, 0], lively.joints)
    np.testing.assert_array_equal(clip.skeleton[:, 1], calm.joints)


def test_an_absent_second_performer_is_zeros():
    clip = clip_of(5, id0=body(range(5)))
    assert clip.skeleton.shape == (5, 2, 25, 3)
    assert clip.skeleton.dtype == np.float32
    assert clip.bodies == 1
    assert not clip.skeleton[:, 1].any()


def test_frames_without_a_performer_are_left_out_and_counted():
    performer = body([2, 3, 4, 7, 8])
    clip = clip_of(10, id0=performer)
    np.testing.assert_array_equal(clip.skeleton[:, 0], performer.joints)
    assert clip.dropped_frames == 5


def test_a_clip_of_nothing_has_no_frame():
    clip = clip_of(92)
    assert clip.skeleton.shape == (0, 2, 25, 3)
    assert (clip.bodies, clip.dropped_frames) == (0, 92)


@pytest.mark.parametrize(("frames", "bodies"), [(11, 1), (12, 2)])
def test_a_second_body_in_eleven_frames_is_noise(frames, bodies):
    clip = clip_of(
        30, id0=body(range(30)), id1=body(range(frames), at=(1, 0, 3))
    )
    assert clip.bodies == bodies
    assert clip.short_bodies == 2 - bodies


# 0.69754 of 40 frames are 27.9.
@pytest.mark.parametrize(("wide", "bodies"), [(28, 1), (27, 2)])
def test_a_second_body_that_is_mostly_wide_is_noise(wide, bodies):
    chair = body(range(40), at=(1, 0, 3))
    chair.joints[:wide] = WIDE + np.array((1, 0, 3))
    clip = clip_of(40, id0=body(range(40)), id1=chair)
    assert clip.bodies == bodies
    assert clip.wide_bodies == 2 - bodies


def test_wide_frames_do_not_count_as_motion():
    performer = body(range(40), at=(-1, 0, 3), moves=0.4)
    jumpy = body(range(40), at=(1, 0, 3), moves=0)
    jumpy.joints[:20] = 3 * WIDE + np.array((1, 0, 3))
    clip = clip_of(40, id0=jumpy, id1=performer)
    np.testing.assert_array_equal(clip.skeleton[:, 0], performer.joints)


def test_a_single_body_is_never_noise():
    lying = body(range(5), figure=WIDE)
    clip = clip_of(5, id0=lying)
    np.testing.assert_array_equal(clip.skeleton[:, 0], lying.joints)


def test_of_noise_only_the_best_stays():
    clip = clip_of(
        9, id0=body(range(4)), id1=body(range(9), (1, 0, 3), figure=WIDE)
    )
    assert (clip.bodies, clip.short_bodies, len(clip.skeleton)) == (1, 1, 9)


def test_of_three_bodies_the_two_that_move_most_perform():
    performers = [
        body(range(20), at=(side, 0, 3), moves=moves)
        for side, moves in ((-1, 0.3), (0, 0.2), (1, 0.1))
    ]
    clip = clip_of(20, id0=performers[2], id1=performers[0], id2=performers[1])
    np.testing.assert_array_equal(clip.skeleton[:, 0], performers[0].joints)
    np.testing.assert_array_equal(clip.skeleton[:, 1], performers[1].joints)
    assert (clip.bodies, clip.further_bodies) == (2, 1)


def test_a_body_found_again_under_another_id_is_one_performer():
    whole = body(range(40), moves=0.2)
    pieces = np.split(np.arange(40), [5, 12, 30])
    clip = clip_of(
        40,
        **{
            f"id{number}": Body(frames, whole.joints[frames])
            for number, frames in enumerate(pieces)
        },
    )
    # Pieces of 5 and 7 frames are no noise: they continue one body.
    np.testing.assert_array_equal(clip.skeleton[:, 0], whole.joints)
    assert (clip.bodies, clip.continued_ids, clip.short_bodies) == (1, 3, 0)


def test_two_performers_lost_at_once_are_found_where_they_were():
    left, right = body(range(40), (-1, 0, 3), 0.2), body(range(40), (1, 0, 3))
    before, after = np.arange(18), np.arange(20, 40)
    clip = clip_of(
        40,
        id0=Body(before, left.joints[before]),
        id1=Body(before, right.joints[before]),
        id2=Body(after, right.joints[after]),
        id3=Body(after, left.joints[after]),
    )
    seen = np.concatenate([before, after])
    np.testing.assert_array_equal(clip.skeleton[:, 0], left.joints[seen])
    np.testing.assert_array_equal(clip.skeleton[:, 1], right.joints[seen])
    assert (clip.dropped_frames, clip.continued_ids) == (2, 2)


def test_who_leaves_and_comes_back_elsewhere_is_one_performer():
    clip = clip_of(
        40, id0=body(range(15)), id1=body(range(25, 40), at=(1.5, 0, 3))
    )
    assert (clip.bodies, clip.continued_ids, len(clip.skeleton)) == (1, 0, 30)


def test_bodies_in_the_same_frame_are_never_one():
    near = (0.1, 0, 3)
    clip = clip_of(30, id0=body(range(16)), id1=body(range(15, 30), near))
    assert clip.bodies == 2
    assert clip.skeleton[15].any(axis=(1, 2)).all()


@st.composite
def raw_clips(draw):
    frames = draw(st.integers(0, 40))
    presences = draw(
        st.lists(st.sets(st.integers(0, 39), min_size=1), max_size=5)
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bodies = {}
    for number, presence in enumerate(presences):
        where = np.array(sorted(presence))
        where = where[where < frames]
        if len(where):
            joints = rng.normal(size=(len(where), 25, 3)).astype(np.float32)
            bodies[number] = Body(where, joints)
    return RawClip(frames, bodies)


@given(raw_clips())
def test_everyone_stays_where_recorded_and_every_frame_is_accounted_for(raw):
    clip = choose_performers(raw)
    assert len(clip.skeleton) + clip.dropped_frames == raw.frames
    assert clip.bodies == clip.skeleton.any(axis=(0, 2, 3)).sum()
    assert bool(clip.bodies) == bool(raw.bodies)
    recorded = {
        joints.tobytes()
        for body in raw.bodies.values()
        for joints in body.joints
    }
    for frame in clip.skeleton:
        present = [joints for joints in frame if joints.any()]
        assert present
        assert all(joints.tobytes() in recorded for joints in present)


def test_performers_of_real_recordings(ntu_raw_dir):
    clips = {
        path.stem: choose_performers(
            read_recording(path.read_bytes(), path.name)
        )
        for path in ntu_raw_dir.glob("*.skeleton")
    }
    bodies = {name: clip.bodies for name, clip in clips.items()}
    two = {name for name, number in bodies.items() if number == 2}
    # The mutual actions, A050 and up.
    assert two == {name for name in bodies if int(name[-3:]) >= 50}
    assert bodies["S001C003P005R002A004"] == 0
    for name, clip in clips.items():
        if name != "S001C003P005R002A004":
            assert clip.dropped_frames == 0
