import collections
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from datasets import parts
from datasets.ntu import clips
from datasets.ntu.fake_recordings import write_fake_recordings
from datasets.ntu.performers import choose_performers
from datasets.ntu.recordings import survey

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def raw_dir(tmp_path):
    write_fake_recordings(tmp_path / "raw", clips=40, classes=4)
    return tmp_path / "raw"


def divided(raw_dir):
    found = survey(raw_dir).recordings
    folder = raw_dir.parent / "parts"
    return parts.divide({"all": found}, clips.read_clip, folder, "error")["all"]


def examples(some_parts):
    return {key: example for part in some_parts for key, example in part(2)}


def test_a_clip_has_as_many_bodies_as_performers(raw_dir):
    for recording in survey(raw_dir).recordings:
        expected = choose_performers(recording.read())
        clip = clips.read_clip(recording)
        bodies = clip.features["bodies"]
        assert bodies == clip.skeleton.shape[1] == expected.bodies
        np.testing.assert_array_equal(
            clip.skeleton, expected.skeleton[:, :bodies]
        )
        assert not expected.skeleton[:, bodies:].any()


def test_the_report_counts_what_became_of_bodies_and_frames(raw_dir):
    all_parts = divided(raw_dir)
    parts.prepare(all_parts)
    report = parts.report(all_parts)
    made = collections.Counter(
        example["bodies"] for example in examples(all_parts).values()
    )
    assert report.clips == 40
    assert report.bodies == made == {1: 30, 2: 10}
    assert report.counts
    assert set(report.counts) <= set(clips.COUNTED)
    found = {x.clip_id: x for x in survey(raw_dir).recordings}
    for kind, numbers in report.counts.items():
        for clip_id, number in numbers.items():
            clip = choose_performers(found[clip_id].read())
            assert getattr(clip, kind) == number > 0


def test_a_killed_preparation_resumes_and_gives_the_same(raw_dir, monkeypatch):
    monkeypatch.setattr(parts, "CLIPS_PER_PART", 5)
    script = (
        "import pathlib, sys\n"
        "from datasets import parts\n"
        "from datasets.ntu import clips\n"
        "from datasets.ntu.recordings import survey\n"
        "parts.CLIPS_PER_PART = 5\n"
        "raw_dir = pathlib.Path(sys.argv[1])\n"
        "found = survey(raw_dir).recordings\n"
        "folder = raw_dir.parent / 'parts'\n"
        "divided = parts.divide(\n"
        "    {'': found}, clips.read_clip, folder, 'error'\n"
        ")\n"
        "parts.prepare(divided[''], 1)\n"
    )
    all_parts = divided(raw_dir)
    with subprocess.Popen(
        [sys.executable, "-c", script, raw_dir], cwd=ROOT
    ) as process:
        while process.poll() is None:
            if any(part.file.exists() for part in all_parts):
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.001)
    assert any(part.is_ready() for part in all_parts)
    parts.prepare(all_parts)
    resumed = examples(all_parts)

    for part in all_parts:
        part.file.unlink()
    parts.prepare(all_parts)
    whole = examples(all_parts)
    assert len(whole) == 40
    assert list(resumed) == list(whole)
    for clip_id, example in resumed.items():
        np.testing.assert_equal(example, whole[clip_id])
