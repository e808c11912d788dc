import re

import numpy as np
import pytest

from datasets.sbu.recordings import (
    ACTIONS,
    FOLDS,
    ORIGIN,
    SCALE,
    SETS,
    survey,
)
from datasets.synthetic import recordings
from datasets.synthetic.figure import bend
from datasets.synthetic.recordings import (
    act,
    draw_cast,
    encode,
    film,
    write_recordings,
)

BONES = [
    *((0, 1), (1, 2), (1, 3), (3, 4), (4, 5), (1, 6), (6, 7), (7, 8)),
    *((2, 9), (9, 10), (10, 11), (2, 12), (12, 13), (13, 14)),
]
ACTION_NUMBERS = [f"{n:02}" for n in range(1, len(ACTIONS) + 1)]
TORSO = 2


@pytest.fixture(scope="module")
def raw_dir(once):
    return once("synthetic_raw", lambda x: write_recordings(x / "raw")) / "raw"


@pytest.fixture(scope="module")
def clips(raw_dir):
    return [(r, r.read()) for r in survey(raw_dir).recordings]


def bone_lengths(skeleton):
    """`(..., 14)` of `(..., 15, 3)`."""
    start, end = np.transpose(BONES)
    return np.linalg.norm(
        skeleton[..., start, :] - skeleton[..., end, :], axis=-1
    )


def test_the_layout_is_that_of_the_21_official_sets(raw_dir):
    files = {
        path.relative_to(raw_dir).as_posix()
        for path in raw_dir.rglob("*")
        if path.is_file()
    }

    assert len(SETS) == 21
    assert files == {
        f"{name}/{action}/{take}/skeleton_pos.txt"
        for name in SETS
        for action in ACTION_NUMBERS
        for take in ("001", "002")
    }


def test_a_line_has_91_fields_of_five_digits_and_ends_with_crlf(raw_dir):
    for path in raw_dir.glob("*/*/001/skeleton_pos.txt"):
        *lines, rest = path.read_bytes().decode("ascii").split("\r\n")
        assert rest == ""
        assert 10 <= len(lines) <= 46
        for line in lines:
            number, *fields = line.split(",")
            assert number.isdecimal()
            assert len(fields) == 90
            for field in fields:
                assert re.fullmatch(r"-?\d+(\.\d+)?(e-\d\d)?", field)
                digits = field.partition("e")[0].lstrip("-0.")
                assert len(digits.replace(".", "")) <= 5


def test_the_sbu_reader_gives_back_what_was_written(tmp_path):
    rng = np.random.default_rng(0)
    pair = draw_cast(0)["s01"], draw_cast(0)["s02"]
    skeleton = film(rng, act(rng, "06", pair, first_is_left=True))
    file = tmp_path / "s01s02/06/003/skeleton_pos.txt"
    file.parent.mkdir(parents=True)
    file.write_bytes(encode(skeleton, first_frame=17))

    (recording,) = survey(tmp_path).recordings
    clip = recording.read()

    assert clip.frame_numbers.tolist() == list(range(17, 17 + len(skeleton)))
    normalised = np.abs((skeleton - ORIGIN) / SCALE)
    # Half of the fifth digit, and float32.
    rounding = 0.5 * 10 ** (np.floor(np.log10(normalised)) - 4) * abs(SCALE)
    assert np.all(np.abs(clip.skeleton - skeleton) <= rounding + 1e-6)


def test_a_clip_is_about_as_long_and_as_far_away_as_a_real_one(clips):
    lengths = [len(clip.frame_numbers) for _, clip in clips]
    torsos = np.concatenate(
        [clip.skeleton[:, :, TORSO].mean(axis=1) for _, clip in clips]
    )

    assert 20 <= np.median(lengths) <= 28
    assert np.mean(torsos, axis=0) == pytest.approx(
        [0.03, -0.26, 2.18], abs=0.1
    )
    assert len({clip.frame_numbers[0] for _, clip in clips}) > 100


@pytest.mark.parametrize("action", ACTION_NUMBERS)
def test_bones_keep_their_length_before_the_kinect_sees_them(action):
    cast = draw_cast(0)

    world = act(
        np.random.default_rng(1), action, (cast["s03"], cast["s07"]), True
    )

    lengths = bone_lengths(world)
    np.testing.assert_allclose(
        lengths, np.broadcast_to(lengths[0], lengths.shape), atol=1e-9
    )
    assert np.all(lengths[0, 0] != lengths[0, 1])


def test_seven_performers_keep_their_sizes_across_sets(clips):
    sizes: dict[str, list[float]] = {}
    for recording, clip in clips:
        for body, name in enumerate((recording.set[:3], recording.set[3:])):
            sizes.setdefault(name, []).append(
                np.median(bone_lengths(clip.skeleton[:, body]), axis=0).sum()
            )

    means = {name: np.mean(values) for name, values in sizes.items()}
    assert sorted(means) == [f"s0{n}" for n in range(1, 8)]
    for name, performer in draw_cast(0).items():
        length = (
            performer.head
            + 2 * (performer.trunk + performer.shoulder)
            + 2 * (performer.arm + performer.leg)
            + 2 * np.hypot(performer.trunk, performer.hip)
            - performer.trunk
        )
        assert means[name] == pytest.approx(length, rel=0.01)
        assert np.std(sizes[name]) < 0.01 * length
    assert max(means.values()) > 1.05 * min(means.values())


def test_departing_is_approaching_played_backwards():
    cast = draw_cast(0)
    gaps = {}
    for action in ("01", "02"):
        world = act(
            np.random.default_rng(2), action, (cast["s01"], cast["s02"]), True
        )
        gaps[action] = np.ptp(world[:, :, TORSO, 0], axis=1)

    assert gaps["01"][0] > gaps["01"][-1] + 0.3
    assert gaps["02"][-1] > gaps["02"][0] + 0.3
    # The draws are the same, so that the two add up to one constant.
    total = gaps["01"] + gaps["02"]
    assert np.ptp(total) < 0.1


def test_a_hand_that_reaches_its_target_is_there():
    root, target = np.zeros((1, 3)), np.array([[0.3, 0.2, 0.1]])

    elbow, hand = bend(root, target, 0.3, 0.28, hint=np.array([[0, -1.0, 0]]))

    np.testing.assert_allclose(hand, target)
    assert np.linalg.norm(elbow) == pytest.approx(0.3)
    assert np.linalg.norm(hand - elbow) == pytest.approx(0.28)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    raw_dir, tmp_path
):
    write_recordings(tmp_path / "same", seed=0)
    write_recordings(tmp_path / "other", seed=1, takes=1)

    for path in raw_dir.rglob("skeleton_pos.txt"):
        name = path.relative_to(raw_dir)
        assert (tmp_path / "same" / name).read_bytes() == path.read_bytes()
        if name.parts[2] == "001":
            other = (tmp_path / "other" / name).read_bytes()
            assert other != path.read_bytes()


def test_a_folder_that_exists_is_refused_and_left_alone(tmp_path):
    with pytest.raises(FileExistsError, match=re.escape(str(tmp_path))):
        write_recordings(tmp_path)

    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def break_down(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(recordings, "film", break_down)
    with pytest.raises(KeyboardInterrupt):
        write_recordings(tmp_path / "raw")

    assert not list(tmp_path.iterdir())


def mean_pose(skeleton):
    """`(90,)`, from the mean of the two torsos, the left performer first."""
    skeleton = skeleton - skeleton[:, :, TORSO].mean(axis=1)[:, None, None]
    # Camera space's x points to the image's left.
    order = np.argsort(-skeleton[0, :, TORSO, 0])
    return skeleton[:, order].mean(axis=0).ravel()


def test_the_nearest_mean_pose_tells_few_actions_apart(clips):
    poses = np.stack([mean_pose(clip.skeleton) for _, clip in clips])
    actions = np.array([recording.action for recording, _ in clips])
    folds = np.array([recording.fold for recording, _ in clips])

    accuracy = []
    for fold in FOLDS:
        train, test = folds != fold, folds == fold
        distances = np.linalg.norm(poses[test][:, None] - poses[train], axis=-1)
        nearest = actions[train][distances.argmin(axis=1)]
        accuracy.append(np.mean(nearest == actions[test]))

    assert 0.3 < np.mean(accuracy) < 0.6
