"""A data set is a folder in `datasets/`: no other file knows of it."""

import json
import pathlib

import numpy as np
import pytest
from absl import app

import datasets
from tests import door
from tests.eager import eager

INIT = """
import io

import numpy as np

from datasets import raw
from datasets.data_set import DataSet


def read(data, place):
    try:
        return np.load(io.BytesIO(data))
    except ValueError as error:
        raise raw.RawDataError(f"{place}: {error}") from None


def survey(path):
    return raw.Survey(
        [raw.Recording(x.stem, x) for x in sorted(path.glob("*.npy"))], {}
    )


DATA_SET = DataSet("worms", options=(), survey=survey, read=read)
"""
BUILDER = """
import tensorflow_datasets as tfds
from etils import epath

from datasets import building, worms
from stalstm.description import Description, Protocol
from stalstm.skeletons import Skeleton

WORM = Skeleton(
    "worm", ("head", "ring", "tail", "tip"), bones=(("head", "ring"),)
)


class Builder(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Catch some."

    @classmethod
    def _get_pkg_dir_path(cls):  # This folder is not where TFDS looks.
        return epath.Path(__file__).parent

    def _info(self):
        protocols = {"new_worms": Protocol("old", "new")}
        data = Description(WORM, 1, ("curl", "crawl"), protocols)
        return building.dataset_info(self, data, {})

    def _split_generators(self, dl_manager):
        found = worms.survey(building.manual_dir(dl_manager)).recordings
        return {
            "old": self._generate_examples(found[::2] + found[1::4]),
            "new": self._generate_examples(found[3::4]),
        }

    def _generate_examples(self, found):
        for recording in found:
            yield recording.clip_id, {
                "skeleton": worms.read(
                    recording.read_bytes(), recording.place
                ),
                "label": int(recording.clip_id) % 2,
                "clip_id": recording.clip_id,
            }
"""


@pytest.fixture
def worms(tmp_path, monkeypatch):
    """Flags for a data set of one body with four joints, and raw files."""
    package = tmp_path / "datasets/worms"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(INIT)
    (package / "worms_dataset_builder.py").write_text(BUILDER)
    monkeypatch.setattr(
        datasets, "__path__", [*datasets.__path__, str(package.parent)]
    )
    raw = tmp_path / "raw"
    raw.mkdir()
    rng = np.random.default_rng(0)
    for number in range(24):
        pose = np.full((1, 4, 3), number % 2 + 1.0)
        frames = rng.integers(1, 9)
        clip = pose + rng.normal(scale=0.1, size=(frames, 1, 4, 3))
        np.save(raw / f"{number:02}.npy", clip.astype(np.float32))
    monkeypatch.chdir(tmp_path)
    return raw, [
        "--dataset=worms",
        f"--raw_dir={raw}",
        f"--data_dir={tmp_path / 'prepared'}",
        "--workdir=run",
        "--recurrence=keras",
        "--set=stages=joint",
        "--set=iterations=4",
        "--set=units=4",
        "--set=main_layers=1",
    ]


@pytest.mark.long(seconds=20)
def test_trains_exports_and_predicts(worms, capsys):
    raw, flags = worms
    # What the recipe needs and the data lacks is named before anything runs.
    for setting, needs in (
        ([], "`body_order=left_first` needs 2 bodies. Received: data with 1"),
        (
            ["--set=body_order=recorded"],
            "`origin=frame` needs a skeleton with the roles torso. "
            "Received: data with the skeleton worm, without torso",
        ),
    ):
        with pytest.raises(app.UsageError, match=needs):
            door.run("train", *flags, *setting)
    assert not pathlib.Path("run").exists()
    assert not pathlib.Path("prepared").exists()

    flags += ["--set=body_order=recorded", "--set=origin=camera"]
    with eager():
        door.run("train", *flags)
    config = json.loads(pathlib.Path("run/config.json").read_text())
    assert config["protocol"] == "new_worms"
    assert config["data"]["classes"] == ["curl", "crawl"]
    assert config["data"]["bodies"] == 1
    door.run("export", "--workdir=run", "--export_dir=exported")
    for model in ("run", "exported/worms", "exported/litert/worms"):
        capsys.readouterr()
        door.run("predict", f"--model={model}", raw)
        lines = capsys.readouterr().out.splitlines()
        assert [x.split()[0] for x in lines] == [f"{x:02}" for x in range(24)]
        assert {x.split()[1] for x in lines} <= {"curl", "crawl"}
