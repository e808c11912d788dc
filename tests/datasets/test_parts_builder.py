import concurrent.futures
import json
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds

from datasets import parts
from datasets.parts_builder import PartsBuilder
from stalstm import files
from tests import npy_recordings

BODIES = 3


class NpyClips(PartsBuilder):
    """Parts that were divided, and perhaps prepared, before."""

    VERSION = tfds.core.Version("1.0.0")
    COUNTED = {"even_frames": "Even", "odd_frames": "Odd"}  # noqa: RUF012

    def __init__(self, divided, **kwargs):
        super().__init__(**kwargs)
        self._divided = divided

    def _info(self):
        shape = (None, BODIES, npy_recordings.JOINTS, 3)
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "skeleton": tfds.features.Tensor(
                        shape=shape, dtype=np.float32
                    ),
                    "label": tfds.features.Scalar(np.int64),
                    "subject": tfds.features.Text(),
                    "clip_id": tfds.features.Text(),
                }
            ),
        )

    def _divide(self, dl_manager):
        return self._divided


@pytest.fixture
def raw_dir(tmp_path):
    return tmp_path / "raw"


@pytest.fixture
def divided(raw_dir):
    recordings = npy_recordings.write_recordings(
        raw_dir, clips=24, bodies=BODIES
    )
    return parts.divide(
        {"train": recordings[:18], "test": recordings[18:]},
        npy_recordings.read_clip,
        raw_dir.parent / "parts",
        "error",
    )


def test_clips_are_filled_up_to_the_bodies_of_the_data(divided, tmp_path):
    builder = NpyClips(divided, data_dir=tmp_path)
    builder.download_and_prepare()
    clips = list(tfds.as_numpy(builder.as_dataset(split="train+test")))
    assert len(clips) == 24
    for clip in clips:
        number = int(clip["clip_id"].decode().removeprefix("clip_"))
        bodies = 1 + number % BODIES
        assert clip["skeleton"].shape[1] == BODIES
        assert (clip["skeleton"][:, :bodies] == number + 1).all()
        assert not clip["skeleton"][:, bodies:].any()
        assert clip["subject"].decode() == str(number % 10)


def test_parts_that_are_ready_are_not_read_again(
    divided, raw_dir, tmp_path, capfd
):
    ready = [part for some in divided.values() for part in some]
    parts.prepare(ready)
    shutil.rmtree(raw_dir)
    capfd.readouterr()
    builder = NpyClips(divided, data_dir=tmp_path)
    builder.download_and_prepare()
    out, err = capfd.readouterr()
    assert "Resuming" not in out
    assert "Reading" not in err
    assert builder.info.splits["train"].num_examples == 18


def test_what_became_of_the_recordings_is_printed_and_written(
    divided, tmp_path, capfd
):
    builder = NpyClips(divided, data_dir=tmp_path)
    builder.download_and_prepare()
    out = capfd.readouterr().out
    report = parts.report([x for some in divided.values() for x in some])
    odd = report.counts["odd_frames"]
    assert (
        f"Prepared 24 clips, {report.frames} frames, by split:\n"
        "  train: 18 clips\n"
        "  test: 6 clips\n"
        f"Odd: {len(odd)} in {len(odd)} clips\n"
        "preparation.json, in the folder of the prepared data, names them\n"
    ) in out
    details = json.loads((builder.data_path / "preparation.json").read_text())
    assert details == {
        "clips": 24,
        "frames": report.frames,
        "bodies": {"1": 8, "2": 8, "3": 8},
        "empty": [],
        "bad": {},
        "counts": {"even_frames": {}, "odd_frames": odd},
    }


def test_one_process_at_a_time_prepares(divided, tmp_path):
    builder = NpyClips(divided, data_dir=tmp_path)
    lock = tmp_path / "npy_clips" / "1.0.0.lock"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with files.alone(lock):
            job = pool.submit(builder.download_and_prepare)
            with pytest.raises(concurrent.futures.TimeoutError):
                job.result(timeout=0.2)
            assert not list(tmp_path.glob("npy_clips/*1.0.0*/*"))
        job.result()
    assert builder.is_prepared()
