import collections
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from datasets.ntu import parts
from datasets.ntu.fake_recordings import write_fake_recordings
from datasets.ntu.recordings import survey
from datasets.raw import RawDataError

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def raw_dir(tmp_path):
    write_fake_recordings(tmp_path / "raw", clips=40, classes=4)
    return tmp_path / "raw"


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(parts, "CLIPS_PER_PART", 5)


def divided(raw_dir, on_bad_file="error"):
    found = survey(raw_dir).recordings
    folder = raw_dir.parent / "parts"
    return parts.divide({"all": found}, folder, on_bad_file)["all"]


def damage(raw_dir):
    path = sorted(raw_dir.glob("*.skeleton"))[17]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path, whole


def examples(some_parts):
    return {key: example for part in some_parts for key, example in part()}


def test_every_recording_is_in_one_part_in_an_order_that_stays(
    raw_dir, small_parts
):
    all_parts = divided(raw_dir)
    order = [r.clip_id for part in all_parts for r in part.recordings]
    assert order != sorted(order)
    assert sorted(order) == [r.clip_id for r in survey(raw_dir).recordings]
    again = divided(raw_dir)
    assert order == [r.clip_id for part in again for r in part.recordings]
    assert [len(part.recordings) for part in all_parts] == [5] * 8


def test_parts_read_by_other_processes_are_as_if_read_here(
    raw_dir, small_parts
):
    all_parts = divided(raw_dir)
    here = examples(all_parts)
    for part in all_parts:
        part.file.unlink()
    parts.prepare(all_parts, processes=2)
    assert all(part.is_ready() for part in all_parts)
    there = examples(all_parts)
    assert list(there) == list(here)
    for clip_id, example in here.items():
        skeleton = example.pop("skeleton")
        assert (there[clip_id].pop("skeleton") == skeleton).all()
        assert there[clip_id] == example


def test_a_damaged_recording_stops_and_what_is_read_stays(
    raw_dir, small_parts, capfd
):
    path, whole = damage(raw_dir)
    all_parts = divided(raw_dir)
    with pytest.raises(RawDataError, match=rf"{path}, line \d+: expected"):
        parts.prepare(all_parts, processes=1)
    ready = [part for part in all_parts if part.is_ready()]
    assert 0 < len(ready) < len(all_parts)
    times = [part.file.stat().st_mtime_ns for part in ready]

    path.write_bytes(whole)
    parts.prepare(divided(raw_dir), processes=1)
    assert f"Resuming: {5 * len(ready)} of 40" in capfd.readouterr().out
    assert times == [part.file.stat().st_mtime_ns for part in ready]
    assert len(examples(divided(raw_dir))) == 40


def test_a_damaged_recording_is_skipped_and_named_and_no_other(
    raw_dir, small_parts
):
    path, _ = damage(raw_dir)
    skipping = divided(raw_dir, "skip")
    parts.prepare(skipping, processes=2)
    report = parts.report(skipping)
    assert list(report.bad) == [path.stem]
    assert report.bad[path.stem].startswith(f"{path}, line ")
    assert report.clips == 39
    read = set(examples(skipping))
    assert read == {r.clip_id for r in survey(raw_dir).recordings} - {path.stem}
    # What was skipped is not taken for read when that is not wanted.
    stopping = divided(raw_dir, "error")
    assert sum(part.is_ready() for part in stopping) == 7


def test_a_changed_recording_is_read_again(raw_dir, small_parts):
    all_parts = divided(raw_dir)
    parts.prepare(all_parts)
    os.utime(sorted(raw_dir.glob("*.skeleton"))[3], (0, 0))
    assert sum(part.is_ready() for part in divided(raw_dir)) == 7


def test_a_killed_preparation_leaves_whole_parts_and_goes_on(
    raw_dir, small_parts, capfd
):
    script = (
        "import pathlib, sys\n"
        "from datasets.ntu import parts\n"
        "from datasets.ntu.recordings import survey\n"
        "parts.CLIPS_PER_PART = 5\n"
        "raw_dir = pathlib.Path(sys.argv[1])\n"
        "found = survey(raw_dir).recordings\n"
        "folder = raw_dir.parent / 'parts'\n"
        "parts.prepare(parts.divide({'': found}, folder, 'error')[''], 1)\n"
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
    ready = sum(part.is_ready() for part in all_parts)
    assert ready >= 1
    parts.prepare(all_parts)
    if ready < len(all_parts):
        assert "Resuming: " in capfd.readouterr().out
    assert len(examples(all_parts)) == 40


def test_a_reader_that_dies_is_not_waited_for(raw_dir, monkeypatch):
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(RuntimeError, match=r"has ended.*exit status: 1"):
        parts.prepare(divided(raw_dir), processes=1)


def test_the_report_counts_what_became_of_bodies_and_frames(raw_dir):
    all_parts = divided(raw_dir)
    parts.prepare(all_parts)
    report = parts.report(all_parts)
    made = collections.Counter(
        example["bodies"] for example in examples(all_parts).values()
    )
    assert report.clips == 40
    assert report.two_performers == made[2] == 10
    assert set(report.counts) == set(parts.COUNTS)
