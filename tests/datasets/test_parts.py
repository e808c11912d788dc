import functools
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from datasets import parts
from datasets.raw import RawDataError
from tests import npy_recordings
from tests.npy_recordings import read_clip

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def recordings(tmp_path):
    return npy_recordings.write_recordings(tmp_path / "raw")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(parts, "CLIPS_PER_PART", 5)


def divided(
    recordings, folder="parts", read=read_clip, on_bad_file="error"
) -> list[parts.Part[npy_recordings.Recording]]:
    folder = recordings[0].path.parents[1] / folder
    return parts.divide({"all": recordings}, read, folder, on_bad_file)["all"]


def damage(recordings):
    """The recordings after one of them was cut, that one, and its bytes."""
    path = recordings[17].path
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return stamped(recordings), recordings[17], whole


def stamped(recordings):
    return [
        npy_recordings.Recording(
            x.clip_id, x.path, stamp=npy_recordings.stamp(x.path)
        )
        for x in recordings
    ]


def examples(some_parts, bodies=None):
    return {
        key: example for part in some_parts for key, example in part(bodies)
    }


def assert_same(some, others):
    assert list(some) == list(others)
    for clip_id, example in some.items():
        np.testing.assert_equal(example, others[clip_id])


def test_every_recording_is_in_one_part_in_an_order_that_stays(recordings):
    all_parts = divided(recordings)
    order = [r.clip_id for part in all_parts for r in part.recordings]
    assert order != sorted(order)
    assert sorted(order) == [r.clip_id for r in recordings]
    again = divided(recordings[::-1])
    assert order == [r.clip_id for part in again for r in part.recordings]
    assert [len(part.recordings) for part in all_parts] == [5] * 8


def test_a_split_without_recordings_has_one_empty_part(tmp_path):
    part: parts.Part
    (part,) = parts.divide({"none": []}, read_clip, tmp_path, "error")["none"]
    parts.prepare([part])
    assert list(part()) == []
    assert part.report() == parts.Report()


def test_an_example_is_its_recording(recordings):
    for clip_id, example in examples(divided(recordings)).items():
        number = int(clip_id.removeprefix("clip_"))
        frames = 3 + number % 5
        skeleton = example.pop("skeleton")
        assert skeleton.dtype == np.float32
        np.testing.assert_array_equal(
            skeleton, np.full((frames, 1, npy_recordings.JOINTS, 3), number + 1)
        )
        assert example == {
            "clip_id": clip_id,
            "label": frames % 2,
            "subject": str(number % 10),
        }


def test_parts_read_by_other_processes_are_as_if_read_here(recordings):
    here = examples(divided(recordings, "here"))
    all_parts = divided(recordings)
    parts.prepare(all_parts, processes=2)
    assert all(part.is_ready() for part in all_parts)
    for recording in recordings:  # Nothing is read a second time.
        recording.path.unlink()
    assert_same(examples(all_parts), here)


def test_parts_that_are_ready_are_prepared_in_silence(recordings, capfd):
    all_parts = divided(recordings)
    parts.prepare(all_parts)
    assert "40/40" in capfd.readouterr().err
    parts.prepare(all_parts)
    assert capfd.readouterr() == ("", "")


def test_clips_keep_their_bodies_or_are_filled_up_with_absent_ones(tmp_path):
    recordings = npy_recordings.write_recordings(
        tmp_path / "raw", clips=12, bodies=3
    )
    all_parts = divided(recordings)
    parts.prepare(all_parts)
    assert parts.report(all_parts).bodies == {1: 4, 2: 4, 3: 4}
    filled = examples(all_parts, bodies=4)
    assert len(filled) == 12
    for clip_id, example in examples(all_parts).items():
        skeleton = example["skeleton"]
        bodies = 1 + int(clip_id.removeprefix("clip_")) % 3
        assert skeleton.shape[1] == bodies
        np.testing.assert_array_equal(
            filled[clip_id]["skeleton"][:, :bodies], skeleton
        )
        assert filled[clip_id]["skeleton"].shape[1] == 4
        assert not filled[clip_id]["skeleton"][:, bodies:].any()
    with pytest.raises(ValueError, match="negative"):
        examples(all_parts, bodies=2)


def test_many_clips_of_one_file_stay_together_and_in_order(tmp_path):
    few = npy_recordings.write_recordings(tmp_path / "raw", clips=6)
    short, long = (
        npy_recordings.write_long_recording(tmp_path / "raw" / name, clips)
        for name, clips in (("short.npy", 4), ("long.npy", 12))
    )
    all_parts = divided(few + short + long)
    order = [r for part in all_parts for r in part.recordings]
    for clips in (short, long):
        start = order.index(clips[0])
        assert order[start : start + len(clips)] == clips
    # No file is in more parts than its clips need.
    for clips, need in ((short, 1), (long, 3)):
        assert need == sum(
            any(r in clips for r in part.recordings) for part in all_parts
        )
    assert max(len(part.recordings) for part in all_parts) == 5

    parts.prepare(all_parts, processes=2)
    found = examples(all_parts)
    assert len(found) == 22
    for recording in short + long:
        skeleton = found[recording.clip_id]["skeleton"]
        np.testing.assert_array_equal(
            skeleton[:, 0, 0, 0], np.arange(recording.start, recording.end)
        )


def test_a_damaged_recording_stops_and_what_is_read_stays(recordings, capfd):
    damaged, bad, whole = damage(recordings)
    all_parts = divided(damaged)
    with pytest.raises(RawDataError, match=f"{bad.path}: "):
        parts.prepare(all_parts, processes=1)
    ready = [part for part in all_parts if part.is_ready()]
    assert 0 < len(ready) < len(all_parts)
    times = [part.file.stat().st_mtime_ns for part in ready]
    # Nothing half-read stays.
    folder = all_parts[0].folder
    assert {x.name for x in folder.iterdir()} == {x.file.name for x in ready}

    bad.path.write_bytes(whole)
    all_parts = divided(stamped(recordings))
    parts.prepare(all_parts, processes=1)
    assert f"Resuming: {5 * len(ready)} of 40" in capfd.readouterr().out
    assert times == [part.file.stat().st_mtime_ns for part in ready]
    assert len(examples(all_parts)) == 40


def test_a_damaged_recording_is_skipped_and_named_and_no_other(recordings):
    damaged, bad, _ = damage(recordings)
    skipping = divided(damaged, on_bad_file="skip")
    parts.prepare(skipping, processes=2)
    report = parts.report(skipping)
    assert list(report.bad) == [bad.clip_id]
    assert report.bad[bad.clip_id].startswith(f"{bad.path}: ")
    assert report.clips == 39
    expected = {r.clip_id for r in recordings} - {bad.clip_id}
    assert set(examples(skipping)) == expected
    # What was skipped is not taken for read when that is not wanted.
    stopping = divided(damaged, on_bad_file="error")
    assert sum(part.is_ready() for part in stopping) == 7


def test_a_recording_without_frames_is_left_out_and_named(recordings):
    empty = npy_recordings.Recording("empty", recordings[3].path, end=0)
    all_parts = divided([*recordings, empty])
    report = parts.Report()
    for part in all_parts:
        part.prepare()
        report.add(part.report())
    assert report.empty == ["empty"]
    assert report.clips == 40
    assert "empty" not in examples(all_parts)


def test_the_report_tells_lengths_bodies_and_counts(recordings):
    all_parts = divided(recordings)
    parts.prepare(all_parts)
    report = parts.report(all_parts)
    found = examples(all_parts)
    assert report.lengths == [len(x["skeleton"]) for x in found.values()]
    assert report.clips == 40
    assert report.frames == sum(report.lengths)
    assert report.bodies == {1: 40}
    odd = {clip_id: 1 for clip_id, x in found.items() if x["label"]}
    assert report.counts == {"odd_frames": odd}


def test_what_was_changed_is_read_again_and_nothing_else(recordings):
    parts.prepare(divided(recordings))
    os.utime(recordings[3].path, (0, 0))
    assert sum(part.is_ready() for part in divided(stamped(recordings))) == 7
    longer = [*recordings[:3], *recordings[4:]]
    longer.append(npy_recordings.Recording("clip_03", recordings[3].path))
    assert sum(part.is_ready() for part in divided(longer)) == 7


def another_read(recording, scale):
    raise NotImplementedError


@pytest.mark.parametrize(
    ("read", "ready"),
    [
        (functools.partial(read_clip, scale=2), 8),
        (functools.partial(read_clip, scale=3), 0),
        (functools.partial(read_clip, scale=2, seconds=0.0), 0),
        (functools.partial(another_read, scale=2), 0),
        (read_clip, 0),
    ],
)
def test_what_was_read_in_another_way_is_read_again(recordings, read, ready):
    for part in divided(recordings, read=functools.partial(read_clip, scale=2)):
        part.prepare()
    again = divided(recordings, read=read)
    assert sum(part.is_ready() for part in again) == ready


def test_a_killed_preparation_resumes_and_gives_the_same(recordings, capfd):
    script = (
        "import functools, pickle, sys\n"
        "from datasets import parts\n"
        "parts.prepare(pickle.load(sys.stdin.buffer), processes=1)\n"
    )
    slowly = functools.partial(read_clip, seconds=0.01)
    all_parts = divided(recordings, read=slowly)
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(pickle.dumps(all_parts))
        process.stdin.close()
        while not any(part.file.exists() for part in all_parts):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    capfd.readouterr()

    parts.prepare(all_parts)
    assert "Resuming: " in capfd.readouterr().out
    whole = divided(recordings, "whole", slowly)
    parts.prepare(whole)
    assert_same(examples(all_parts), examples(whole))
    assert parts.report(all_parts) == parts.report(whole)


def test_a_reader_that_dies_is_not_waited_for(recordings, monkeypatch):
    monkeypatch.setattr(sys, "executable", "false")
    with pytest.raises(RawDataError, match=r"before .* exit status: 1"):
        parts.prepare(divided(recordings), processes=1)


@pytest.mark.parametrize(
    "error", [ValueError("5000 digits"), MemoryError("11 GiB"), KeyError("x")]
)
def test_whatever_goes_wrong_in_a_recording_is_its_damage(recordings, error):
    read = functools.partial(npy_recordings.fails, error=error)
    place = recordings[17].place
    with pytest.raises(
        RawDataError, match=f"^{place}: .*{type(error).__name__}"
    ):
        parts.prepare(divided(recordings, read=read))
    skipping = divided(recordings, "skip", read, on_bad_file="skip")
    parts.prepare(skipping)
    (message,) = parts.report(skipping).bad.values()
    assert message.startswith(f"{place}: ")
    assert len(examples(skipping)) == len(recordings) - 1


def test_a_process_that_ends_is_replaced_once(recordings, tmp_path):
    here = examples(divided(recordings, "here"))
    read = functools.partial(
        npy_recordings.dies, limit=1, times=str(tmp_path / "times")
    )
    all_parts = divided(recordings, read=read)
    parts.prepare(all_parts, processes=2)
    assert (tmp_path / "times").read_bytes() == b"xx"
    assert_same(examples(all_parts), here)


def test_a_process_that_ends_twice_names_the_recording(recordings, tmp_path):
    read = functools.partial(
        npy_recordings.dies, limit=2, times=str(tmp_path / "times")
    )
    with pytest.raises(RawDataError) as caught:
        parts.prepare(divided(recordings, read=read), processes=2)
    assert str(caught.value).startswith(f"{recordings[17].place}, while it")
    assert str(caught.value).endswith("exit status: -9")
    assert (tmp_path / "times").read_bytes() == b"xx"
