import json

import numpy as np
import pytest

from datasets.custom.folder import Clip, write_folder
from datasets.custom.layout import read_layout
from datasets.custom.manifest import read_manifest
from datasets.custom.recordings import Reader, survey
from datasets.raw import RawDataError

LAYOUT = {"name": "stick", "joints": ["top", "left, low", "right"]}


def skeleton(frames=4, bodies=2, joints=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(frames, bodies, joints, 3))


def clip(file="a.npy", label="wave", **changes):
    return Clip(
        **{"file": file, "label": label, "skeleton": skeleton()} | changes
    )


def test_every_format_is_read_back_as_it_was_written(tmp_path):
    written = skeleton(frames=6)
    written[0, 0] = np.nan  # An absent body.
    written[2:4, 1, 2] = np.nan  # A missing joint.
    suffixes = (".npy", ".csv", ".jsonl")

    count = write_folder(
        tmp_path / "own",
        LAYOUT,
        (clip(f"a/b{x}", skeleton=written) for x in suffixes),
    )

    found = survey(tmp_path / "own")
    layout, unknown = read_layout(tmp_path / "own")
    assert count == len(found.recordings) == 3
    assert not unknown
    assert not found.ignored
    expected = np.nan_to_num(written)
    third = (written[4, 1, 2] - written[1, 1, 2]) / 3
    expected[2:4, 1, 2] = written[1, 1, 2] + [third, 2 * third]
    for recording in found.recordings:
        read = Reader(layout)(recording)
        assert read.counts == {"filled_joints": 2}
        np.testing.assert_allclose(
            read.skeleton, expected, rtol=1e-5, atol=1e-6
        )


def test_the_manifest_has_the_fields_that_the_clips_have(tmp_path):
    label = 'sit, "down"'
    write_folder(
        tmp_path / "own",
        LAYOUT,
        [clip(label=label, subject="Zoë", metadata={"take": 3})],
    )

    text = (tmp_path / "own" / "manifest.csv").read_text(encoding="utf-8")
    (row,) = read_manifest(tmp_path / "own" / "manifest.csv").rows
    assert text.splitlines()[0] == "file,label,subject,take"
    assert (row.file, row.label, row.subject) == ("clips/a.npy", label, "Zoë")
    assert (row.group, row.split) == (None, None)
    assert row.metadata == {"take": "3"}
    assert (
        json.loads((tmp_path / "own" / "skeleton.json").read_text()) == LAYOUT
    )


def test_a_clip_is_written_before_the_next_is_asked_for(tmp_path):
    def clips():
        for number in range(3):
            assert len(list(tmp_path.rglob("*.npy"))) == number
            assert not (tmp_path / "own").exists()
            yield clip(f"{number}.npy")

    write_folder(tmp_path / "own", LAYOUT, clips())

    assert [x.name for x in tmp_path.iterdir()] == ["own"]


def test_a_failure_leaves_nothing_behind(tmp_path):
    def clips():
        yield clip()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "own", LAYOUT, clips())

    assert not list(tmp_path.iterdir())


def test_a_folder_that_exists_is_refused_and_left_alone(tmp_path):
    with pytest.raises(FileExistsError, match="must not exist yet"):
        write_folder(tmp_path, LAYOUT, [clip()])

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        ([], "must not be empty"),
        ([clip(), clip()], "different files. Received: file='a.npy' twice"),
        ([clip("a.txt")], "must end with .npy, .csv, .jsonl"),
        ([clip(skeleton=skeleton(joints=4))], r"\(frames, bodies, 3, 3\)"),
        ([clip(skeleton=skeleton()[0])], r"Received: \(2, 3, 3\)"),
        (
            [clip(), clip("b.npy", split="test")],
            "file, label. Received: file, label, split for b.npy",
        ),
    ],
)
def test_what_cannot_be_written_is_named(clips, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_folder(tmp_path / "own", LAYOUT, clips)

    assert not list(tmp_path.iterdir())


def test_a_layout_that_the_reader_would_refuse_is_refused(tmp_path):
    with pytest.raises(RawDataError, match="unit"):
        write_folder(tmp_path / "own", {**LAYOUT, "unit": "inch"}, [clip()])
