import subprocess
import sys

import numpy as np
import pytest

from datasets.custom.example import write_example
from datasets.custom.layout import read_layout
from datasets.custom.recordings import Reader, survey
from stalstm.skeletons import H36M, SHIPPED


def read(folder):
    """The layout, and each recording with its clip."""
    layout, unknown = read_layout(folder)
    found = survey(folder)
    assert not unknown
    assert not found.ignored
    reader = Reader(layout)
    return layout, [(x, reader(x)) for x in found.recordings]


def content(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    for kind in ("one", "three"):
        write_example(folder / kind, kind)
    return folder


@pytest.fixture(scope="module")
def examples(folders):
    return {kind: read(folders / kind) for kind in ("one", "three")}


@pytest.mark.parametrize("kind", ["one", "three"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    kind, folders, tmp_path
):
    write_example(tmp_path / "same", kind, seed=0)
    write_example(tmp_path / "other", kind, seed=1)

    expected = content(folders / kind)
    assert content(tmp_path / "same") == expected
    assert content(tmp_path / "other") != expected
    assert sum(map(len, expected.values())) < 3_000_000


@pytest.mark.parametrize("name", SHIPPED)
def test_one_person_stands_upright_and_faces_the_camera(name, tmp_path):
    write_example(tmp_path / name, "one", SHIPPED[name])

    layout, clips = read(tmp_path / name)
    assert layout.skeleton == SHIPPED[name]
    assert len(clips) == 144
    left, right = map(layout.skeleton.index, ("left_hip", "right_hip"))
    head, foot = (
        layout.skeleton.role("head"),
        layout.skeleton.index(layout.skeleton.parts["left_leg"][-1]),
    )
    for _, clip in clips:
        first = clip.skeleton[0, 0]
        assert not clip.counts
        assert clip.skeleton.shape[1] == 1
        assert 10 <= len(clip.skeleton) <= 40
        assert first[left, 0] < first[right, 0]  # x points to the left.
        assert 1.2 < first[head, 1] - first[foot, 1] < 1.9


def test_one_has_subjects_who_perform_every_action_and_no_split(examples):
    _, clips = examples["one"]
    seen = {(x.subject, x.label) for x, _ in clips}

    assert len({subject for subject, _ in seen}) == 8
    assert len({label for _, label in seen}) == 6
    assert len(seen) == 48
    assert {x.split for x, _ in clips} == {None}


def test_three_shows_what_a_folder_may_say(examples):
    layout, clips = examples["three"]
    train, test = (
        {x.subject for x, _ in clips if x.split == split}
        for split in ("train", "test")
    )

    assert layout.skeleton.name not in SHIPPED
    assert layout.skeleton.joints == H36M.joints
    assert layout.conversion() == "centimetres to metres, z up to y up"
    assert {x.path.suffix for x, _ in clips} == {".csv", ".jsonl"}
    assert len(clips) == 60
    assert len(train) == 3
    assert len(test) == 2
    assert not train & test


def test_three_bodies_are_not_always_all_seen_but_in_metres(examples):
    layout, clips = examples["three"]
    head, pelvis = map(layout.skeleton.index, ("head", "pelvis"))
    skeletons = [clip.skeleton for _, clip in clips]
    present = [x.any(axis=(2, 3)) for x in skeletons]

    assert {x.shape[1] for x in skeletons} == {3}
    assert all(x.any(axis=1).all() for x in present)
    assert 10 < sum(not x.all() for x in present) < 50
    assert (
        sum(clip.counts.get("filled_joints", 0) > 0 for _, clip in clips) > 30
    )
    for clip, there in zip(skeletons, present, strict=True):
        up = (clip[0, :, head, 1] - clip[0, :, pelvis, 1])[there[0]]
        assert np.all((up > 0.5) & (up < 0.85))


@pytest.mark.parametrize("kind", ["one", "three"])
def test_the_nearest_mean_movement_tells_the_actions_of_others(kind, examples):
    _, clips = examples[kind]
    movements = np.array(
        # Of the body that is seen longest: how far each joint gets.
        [
            np.ptp(body - body.mean(axis=1, keepdims=True), axis=0).ravel()
            for _, clip in clips
            for body in [longest(clip.skeleton)]
        ]
    )
    labels = np.array([x.label for x, _ in clips])
    subjects = np.array([x.subject for x, _ in clips])

    right = []
    for subject in set(subjects):
        means = {
            label: movements[(subjects != subject) & (labels == label)].mean(0)
            for label in set(labels)
        }
        for movement, label in zip(
            movements[subjects == subject],
            labels[subjects == subject],
            strict=True,
        ):
            nearest = min(
                means, key=lambda x: np.linalg.norm(means[x] - movement)
            )
            right.append(nearest == label)

    assert np.mean(right) > 0.95


def longest(clip):
    present = clip.any(axis=(2, 3))
    body = int(np.argmax(present.sum(axis=0)))
    return clip[present[:, body], body]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "datasets.custom.example", *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def test_the_command_says_what_comes_next(tmp_path):
    result = run(tmp_path / "own", "--kind=three", "--seed=7")

    assert result.returncode == 0
    assert result.stdout.startswith(f"Wrote 60 clips to {tmp_path / 'own'}.")
    assert f"-m datasets.custom.check {tmp_path / 'own'}\n" in result.stdout
    assert survey(tmp_path / "own").recordings


def test_a_folder_that_exists_is_an_error_in_one_line(tmp_path):
    result = run(tmp_path)

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "must not exist yet" in result.stderr
