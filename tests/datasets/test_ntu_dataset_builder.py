import importlib.util
import json
import pathlib
import shutil
import tempfile

import numpy as np
import pytest
import tensorflow_datasets as tfds

from datasets import parts
from datasets.ntu import ntu_dataset_builder, official
from datasets.ntu.fake_recordings import write_fake_recordings
from datasets.ntu.performers import choose_performers
from datasets.ntu.recordings import survey
from datasets.raw import RawDataError
from stalstm.description import Description
from stalstm.skeletons import KINECT2

MISSING = "S001C002P005R002A008"


class Ntu60Test(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = ntu_dataset_builder.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("ntu60",)
    # Performers 1 and 2 train, 3 tests; of three cameras, two train.
    SPLITS = {  # noqa: RUF012
        "train_performers_train_cameras": 8,
        "train_performers_test_cameras": 4,
        "test_performers_train_cameras": 4,
        "test_performers_test_cameras": 2,
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.EXAMPLE_DIR)
        write_fake_recordings(
            pathlib.Path(cls.EXAMPLE_DIR, "raw.zip"), clips=18, classes=2
        )


@pytest.fixture(scope="module")
def raw_dir(tmp_path_factory):
    """A zip of 60 clips of 4 classes: performers 1 to 5."""
    folder = tmp_path_factory.mktemp("raw")
    write_fake_recordings(folder / "raw.zip", clips=60, classes=4)
    return folder


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


def prepare(raw_dir, data_dir, config="ntu60", beam_runner=None, **kwargs):
    builder = ntu_dataset_builder.Builder(
        config=config, data_dir=data_dir, **kwargs
    )
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=raw_dir, beam_runner=beam_runner
        )
    )
    return builder


def read(builder, split):
    return list(tfds.as_numpy(builder.as_dataset(split=split)))


def files(data_dir):
    return sorted(p.name for p in data_dir.rglob("*") if p.is_file())


@pytest.mark.parametrize("config", ["ntu60", "ntu120"])
def test_one_copy_serves_both_protocols(raw_dir, data_dir, config):
    builder = prepare(raw_dir, data_dir, config)
    assert set(builder.info.splits) == set(official.split_names(config))
    for name, protocol in official.protocols(config).items():
        train, test = (
            read(builder, split) for split in (protocol.train, protocol.test)
        )
        assert len(train) + len(test) == 60
        for clips, trains in ((train, True), (test, False)):
            assert clips
            for clip in clips:
                assert (
                    trains
                    == {
                        "cross_subject": clip["performer"] in (1, 2, 4, 5),
                        "cross_view": clip["camera"] in (2, 3),
                        "cross_setup": clip["setup"] % 2 == 0,
                    }[name]
                )


def test_an_example_is_its_recording(raw_dir, data_dir):
    builder = prepare(raw_dir, data_dir)
    clips = {
        clip["clip_id"].decode(): clip
        for clip in read(builder, "+".join(builder.info.splits))
    }
    recordings = survey(raw_dir).recordings
    assert sorted(clips) == [recording.clip_id for recording in recordings]
    for recording in recordings:
        clip, expected = (
            clips[recording.clip_id],
            choose_performers(recording.read()),
        )
        np.testing.assert_array_equal(clip["skeleton"], expected.skeleton)
        assert clip["bodies"] == expected.bodies
        assert clip["label"] == recording.action - 1
        assert clip["setup"] == recording.setup
        assert clip["camera"] == recording.camera
        assert clip["performer"] == recording.performer
        assert clip["replication"] == recording.replication


@pytest.mark.parametrize(
    ("config", "actions"), [("ntu60", 60), ("ntu120", 120)]
)
def test_all_class_names_are_there(data_dir, config, actions):
    builder = ntu_dataset_builder.Builder(config=config, data_dir=data_dir)
    names = builder.info.features["label"].names
    assert names == list(official.ACTIONS[:actions])


def test_the_metadata_describe_the_data_before_and_after(raw_dir, data_dir):
    expected = Description(
        skeleton=KINECT2,
        bodies=2,
        classes=official.ACTIONS[:60],
        protocols=official.protocols("ntu60"),
    )
    before = ntu_dataset_builder.Builder(config="ntu60", data_dir=data_dir)
    assert Description.from_json(before.info.metadata) == expected

    prepared = tfds.builder_from_directory(prepare(raw_dir, data_dir).data_path)
    assert Description.from_json(prepared.info.metadata) == expected


def test_listed_empty_and_foreign_clips_are_left_out_counted_and_named(
    raw_dir, data_dir, tmp_path, capfd
):
    folder = tmp_path / "more"
    shutil.copytree(raw_dir, folder)
    for name in (MISSING, "S001C001P001R001A061", "S017C003P001R002A001"):
        (folder / f"{name}.skeleton").write_text("2\n0\n0\n")
    builder = prepare(folder, data_dir)
    assert builder.info.splits.total_num_examples == 60
    out = capfd.readouterr().out
    assert f"list of missing skeletons: 1 ({MISSING})" in out
    assert "not of NTU RGB+D: 1 (" in out
    assert "no body in any frame: 1 (S017C003P001R002A001)" in out
    assert "Prepared 60 clips, " in out
    details = json.loads((builder.data_path / "preparation.json").read_text())
    assert details["empty"] == ["S017C003P001R002A001"]
    assert details["clips"] == 60


def test_damage_is_an_error_that_loses_nothing_or_is_skipped_by_name(
    raw_dir, data_dir, tmp_path, capfd, monkeypatch
):
    monkeypatch.setattr(parts, "CLIPS_PER_PART", 10)
    folder = tmp_path / "more"
    shutil.copytree(raw_dir, folder)
    bad = folder / "S001C001P001R001A060.skeleton"
    bad.write_text("1\n1\n")
    message = "line 3: expected a body line"
    with pytest.raises(RawDataError, match=message):
        prepare(folder, data_dir, processes=1)
    assert not list((data_dir / "ntu" / "ntu60").glob("?.?.?"))
    assert "dataset_info.json" not in files(data_dir)

    builder = prepare(folder, data_dir, on_bad_file="skip", processes=1)
    assert builder.info.splits.total_num_examples == 60
    out = capfd.readouterr().out
    assert "Resuming: " in out
    assert f"Left out, damaged: 1 ({bad}, {message}" in out
    # Nothing but the prepared data stays.
    assert {name.split(".")[0] for name in files(data_dir)} == {
        "dataset_info",
        "features",
        "label",
        "metadata",
        "preparation",
        *(f"ntu-{split}" for split in builder.info.splits),
    }


def test_what_a_killed_preparation_has_left_is_removed(raw_dir, data_dir):
    left = data_dir / "ntu" / "ntu60" / "incomplete.ABCDEF_2.0.0"
    left.mkdir(parents=True)
    (left / "half").write_text("a shard")
    prepare(raw_dir, data_dir)
    assert "half" not in files(data_dir)


def test_prepared_data_is_used_without_the_raw(raw_dir, data_dir):
    prepare(raw_dir, data_dir)
    builder = ntu_dataset_builder.Builder(config="ntu60", data_dir=data_dir)
    builder.download_and_prepare()
    assert len(read(builder, "train_performers_train_cameras")) == 32


def test_without_recordings_it_says_where_to_get_them(data_dir, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "readme").write_text("")
    instructions = "zips of the skeletons into that folder"
    with pytest.raises(RawDataError, match=instructions):
        prepare(tmp_path / "raw", data_dir)
    with pytest.raises(RawDataError, match="does not exist or is empty"):
        prepare(tmp_path / "nowhere", data_dir)


def test_an_unknown_way_with_damage_is_an_error(data_dir):
    with pytest.raises(ValueError, match=r"one of error, skip\. .*'ignore'"):
        ntu_dataset_builder.Builder(
            config="ntu60", data_dir=data_dir, on_bad_file="ignore"
        )


@pytest.mark.skipif(
    importlib.util.find_spec("apache_beam") is None,
    reason="needs the extra `beam`, at odds with the pinned versions",
)
@pytest.mark.filterwarnings("ignore")  # Those of Apache Beam.
def test_beam_prepares_the_same_data(raw_dir, tmp_path):
    from apache_beam.runners.portability import fn_api_runner

    with_beam = prepare(
        raw_dir, tmp_path / "beam", beam_runner=fn_api_runner.FnApiRunner()
    )
    direct = prepare(raw_dir, tmp_path / "direct")
    for split in direct.info.splits:
        ours, theirs = read(direct, split), read(with_beam, split)
        for clip, same in zip(ours, theirs, strict=True):
            np.testing.assert_equal(clip, same)


def test_real_recordings_are_prepared(ntu_raw_dir, data_dir):
    builder = prepare(ntu_raw_dir, data_dir)
    clips = read(builder, "+".join(builder.info.splits))
    # One of sixteen is in the list of missing skeletons.
    assert len(clips) == 15
    assert sum(len(clip["skeleton"]) for clip in clips) == 1250
