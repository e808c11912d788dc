import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow_datasets as tfds

import datasets
from datasets.raw import RawDataError
from stalstm.description import Contents, Description, Protocol

ROOT = pathlib.Path(__file__).parents[3]
JOINTS = ["head", "hand", "hip"]


def write_folder(folder, clips=24, rows=None, **layout):
    """Clips of one or two bodies, `frames` from 3 on; four subjects."""
    folder.mkdir(parents=True)
    (folder / "skeleton.json").write_text(
        json.dumps({"joints": JOINTS, "roles": {"torso": "hip"}, **layout})
    )
    rng = np.random.default_rng(0)
    lines = ["file,label,subject,room"]
    for n in range(clips):
        shape = (3 + n, 1 + n % 2, len(JOINTS), 3)
        np.save(folder / f"{n:02}.npy", rng.normal(size=shape).astype("f4"))
        lines.append(f"{n:02}.npy,{'ab'[n % 2]},s{n // 2 % 4},hall")
    (folder / "manifest.csv").write_text("\n".join(rows or lines))
    return folder


def build(folder, data_dir, **options):
    builder = datasets.get(folder).builder(data_dir, **options)
    builder.download_and_prepare()
    return builder


def examples(builder):
    return {
        example["clip_id"].decode(): (split, example)
        for split in builder.info.splits
        for example in builder.as_dataset(split=split).as_numpy_iterator()
    }


def test_the_data_describes_itself(tmp_path, capsys):
    folder = write_folder(
        tmp_path / "My clips", unit="cm", up="z", colour="red"
    )
    builder = build(folder, tmp_path / "data")
    data = Description.from_json(builder.info.metadata)
    assert data.classes == ("a", "b")
    assert data.bodies == 2
    assert data.skeleton.joints == tuple(JOINTS)
    # Four subjects: four folds, not five.
    assert list(data.protocols) == ["fold_1", "fold_2", "fold_3", "fold_4"]
    assert data.contents == Contents(
        clips=24,
        least_bodies=1,
        median_frames=14,
        long_frames=23,
        turned=None,
    )
    assert data.reading == {
        "unit": "cm",
        "up": "z",
        "handedness": "right",
        "max_gap": 10,
    }
    said = capsys.readouterr().out
    assert "Converted: centimetres to metres, z up to y up" in said
    assert "ignored: colour" in said
    assert "kept with the clips: room" in said
    assert "4 folds instead of 5" in said
    assert "Prepared 24 clips" in said


def test_the_clips_are_those_of_the_folder_in_metres(tmp_path):
    folder = write_folder(tmp_path / "clips", unit="cm", up="z")
    found = examples(build(folder, tmp_path / "data"))
    assert len(found) == 24
    subjects: dict[bytes, str] = {}
    for n in range(24):
        split, example = found[f"{n:02}"]
        assert example["label"] == n % 2
        assert example["subject"].decode() == f"s{n // 2 % 4}"
        assert json.loads(example["metadata"]) == {"room": "hall"}
        # A subject is in one fold only.
        assert subjects.setdefault(example["subject"], split) == split
        x, y, z = np.moveaxis(np.load(folder / f"{n:02}.npy"), -1, 0) / 100
        expected = np.stack([x, z, -y], axis=-1)
        bodies = expected.shape[1]
        skeleton = example["skeleton"]
        np.testing.assert_allclose(skeleton[:, :bodies], expected, atol=1e-6)
        assert not np.any(skeleton[:, bodies:])


def test_a_prepared_folder_is_not_read_again(tmp_path, monkeypatch, capsys):
    folder = write_folder(tmp_path / "clips")
    first = build(folder, tmp_path / "data")
    monkeypatch.setattr(np, "load", None)
    capsys.readouterr()
    again = build(folder, tmp_path / "data")
    assert again.data_dir == first.data_dir
    assert again.is_prepared()
    assert "Reading" not in capsys.readouterr().err


def test_a_folder_that_changed_is_another_data_set(tmp_path):
    folder = write_folder(tmp_path / "clips")
    data_dir = tmp_path / "data"
    states = [build(folder, data_dir).data_dir]
    states.append(build(folder, data_dir, fold_seed="1").data_dir)
    states.append(build(folder, data_dir, folds="2").data_dir)
    with (folder / "manifest.csv").open("a") as file:
        file.write("\n\n")
    assert build(folder, data_dir).data_dir == states[0]  # the same clips
    np.save(folder / "03.npy", np.ones((4, 1, 3, 3), "f4"))
    states.append(build(folder, data_dir).data_dir)
    assert len(set(states)) == 4
    # What was half read does not stay.
    left = {x.name for x in (data_dir / "custom").iterdir()}
    assert left == {pathlib.Path(x).parent.name for x in states}


def test_a_column_of_splits_makes_the_protocols(tmp_path):
    rows = ["file,label,split"]
    rows += [
        f"{n:02}.npy,{'ab'[n % 2]},{['train', 'dev', 'test'][n % 3]}"
        for n in range(24)
    ]
    folder = write_folder(tmp_path / "clips", rows=rows)
    data = Description.from_json(build(folder, tmp_path / "data").info.metadata)
    assert data.protocols == {
        "test": Protocol("train", "test"),
        "dev": Protocol("train", "dev"),
    }


def test_the_folds_are_written_down(tmp_path):
    folder = write_folder(tmp_path / "clips")
    builder = build(folder, tmp_path / "data")
    details = json.loads(
        pathlib.Path(builder.data_dir, "preparation.json").read_text()
    )
    subjects = itertools.chain(*details["subjects"].values())
    assert sorted(subjects) == [
        "s0",
        "s1",
        "s2",
        "s3",
    ]
    assert list(details["subjects"]) == list(builder.info.splits)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": "many"}, "--folds: expected a whole number.*: many"),
        ({"folds": "1"}, "`folds` must be at least 2"),
        ({"fold_seed": "-1"}, "--fold_seed: expected a whole number"),
    ],
)
def test_a_wrong_option_is_named(options, message, tmp_path):
    folder = write_folder(tmp_path / "clips")
    with pytest.raises(ValueError, match=message):
        build(folder, tmp_path / "data", **options)
    assert not (tmp_path / "data").exists()


def test_a_damaged_clip_stops_or_is_left_out_and_named(tmp_path, capsys):
    folder = write_folder(tmp_path / "clips")
    (folder / "05.npy").write_bytes(b"nothing")
    with pytest.raises(RawDataError, match=r"05\.npy: expected"):
        build(folder, tmp_path / "data")
    builder = build(folder, tmp_path / "data", on_bad_file="skip")
    assert len(examples(builder)) == 23
    assert "Left out, damaged: 1 (" in capsys.readouterr().out


def test_a_folder_without_anybody_is_an_error(tmp_path):
    folder = write_folder(tmp_path / "clips", clips=4)
    for path in folder.glob("*.npy"):
        np.save(path, np.zeros((3, 1, 3, 3)))
    with pytest.raises(RawDataError, match="clips with somebody in them"):
        build(folder, tmp_path / "data")


@pytest.mark.long(seconds=10)
def test_a_preparation_that_was_killed_resumes(tmp_path):
    folder = write_folder(tmp_path / "clips", clips=40)
    data_dir = tmp_path / "data"
    script = (
        "import sys, datasets\n"
        "from datasets import parts\n"
        "parts.CLIPS_PER_PART = 2\n"
        "builder = datasets.get(sys.argv[1]).builder(sys.argv[2])\n"
        "builder.download_and_prepare()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, folder, data_dir],
        cwd=ROOT,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:
        parts_folder = data_dir / "custom/clips.parts"
        while not list(parts_folder.glob("*.zip")):
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    expected = examples(build(folder, tmp_path / "other"))
    found = examples(build(folder, data_dir))
    assert sorted(found) == sorted(expected)
    for clip_id, (split, example) in found.items():
        assert split == expected[clip_id][0]
        for name, value in example.items():
            np.testing.assert_array_equal(value, expected[clip_id][1][name])
    left = {x.suffix for x in (data_dir / "custom").iterdir()}
    assert left == {""}


def test_prepared_data_is_read_by_its_folder(tmp_path):
    folder = write_folder(tmp_path / "clips")
    builder = build(folder, tmp_path / "data")
    read_only = tfds.builder_from_directory(builder.data_dir)
    assert read_only.info.full_name == builder.info.full_name
    assert sorted(examples(read_only)) == sorted(examples(builder))
