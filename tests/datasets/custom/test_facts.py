import dataclasses
import pickle

import numpy as np
import pytest

from datasets.custom import facts
from datasets.custom.layout import Layout
from datasets.custom.recordings import survey
from stalstm.skeletons import KINECT1
from tests.own_folder import OwnFolder

LAYOUT = Layout(KINECT1)


@pytest.fixture
def folder(tmp_path):
    return OwnFolder(tmp_path / "waving")


def gather(folder, processes=1):
    recordings = survey(folder.write()).recordings
    return facts.gather(recordings, LAYOUT, processes)


def test_every_clip_is_read_however_many_are_damaged(folder):
    first, second, *others = folder.clips
    folder.clips[first] = folder.clips[first][:, :19]
    folder.clips[others[5]][3] += 200
    folder.write()
    (folder.path / second).write_bytes(b"nothing")
    recordings = survey(folder.path).recordings
    found, totals = facts.gather(recordings, LAYOUT)
    assert len(found) == len(folder.clips)
    damaged = [bool(x.error) for x in found]
    files = [x.path.relative_to(folder.path).as_posix() for x in recordings]
    assert {x for x, y in zip(files, damaged, strict=True) if y} == {
        first,
        second,
        others[5],
    }
    assert [x.far for x in found if x.error].count(True) == 1
    assert totals.clips == len(folder.clips) - 3


def test_several_processes_find_what_one_finds(folder, monkeypatch):
    folder.clips["bow/ann_1.npy"][2, 5] = np.nan
    folder.clips["bow/ann_2.npy"][:, 3] = 0
    folder.clips["bow/ben_1.npy"][0, 3] = np.inf
    alone, totals = gather(folder)
    monkeypatch.setattr(facts, "_CLIPS", 10)
    monkeypatch.setattr(facts, "_BYTES", 1)
    together, sums = gather(folder, processes=2)
    # Not equal itself, as NaN is not equal to itself.
    assert list(map(repr, together)) == list(map(repr, alone))
    assert repr(sums) == repr(totals)


def test_what_is_kept_of_a_clip_does_not_grow_with_it(folder):
    short, long = list(folder.clips)[:2]
    folder.clips = {
        short: folder.clips[short],
        long: np.concatenate([folder.clips[long]] * 100),
    }
    folder.rows = [folder.row(short), folder.row(long)]
    found, _ = gather(folder)
    sizes = [len(pickle.dumps(dataclasses.astuple(x))) for x in found]
    assert found[1].frames == 100 * found[0].frames
    assert max(sizes) < 500


def test_absent_bodies_are_no_missing_joints(folder):
    file = next(iter(folder.clips))
    clip = np.stack([folder.clips[file]] * 3, axis=1)
    clip[:, 1] = np.nan
    clip[:4, 2] = 0
    clip[5, 0, 7] = np.nan
    clip[6, 0, 8] = 0
    folder.clips, folder.rows = {file: clip}, [folder.row(file)]
    (found,), totals = gather(folder)
    bodies = 12 + 8
    assert totals.bodies == bodies
    assert totals.missing.sum() == totals.missing[7] == 1
    assert totals.zero.sum() == totals.zero[8] == 1
    assert found.missing == pytest.approx(1 / (20 * bodies))
    assert (found.frames, found.bodies) == (12, 2)
    assert found.filled_joints == 1


def test_a_body_is_measured_without_what_is_missing(folder):
    file = next(iter(folder.clips))
    clip = folder.clips[file]
    # An interpolated joint, and one that is far off in less than half of the
    # frames.
    clip[3, 5] = np.nan
    clip[:5, 3] += 50
    folder.clips, folder.rows = {file: clip}, [folder.row(file)]
    (found,), _ = gather(folder)
    assert 1.5 < found.extent[1] < 1.8
    assert found.extent[0] < 1
