"""Small trained models, exported once for all tests."""

import pathlib
from typing import Any

import keras
import numpy as np
import pytest

from datasets.sbu import recordings
from stalstm import manifest, training, workdir
from stalstm.description import Description
from stalstm.export import version, web
from stalstm.models.deep_lstm import DeepLSTM
from stalstm.recipe import Recipe
from stalstm.skeletons import NITE
from stalstm.workdir import Trained
from tests.export import fake_server

LABELS = ("wave", "bow", "nod")
# Of the clips that the exported LiteRT clip models take.
FRAMES = 24


@keras.saving.register_keras_serializable("tests")
class WholeClips(DeepLSTM):
    """A model that cannot stream."""

    cannot_stream = "it looks at the last frame first"


def trained(*overrides: str, model: str = "sta_lstm") -> Trained:
    """A network with small layers and large, random weights."""
    recipe = Recipe().replace(model=model, units=8).override(overrides)
    data = Description(NITE, 2, LABELS, {})
    return with_records(recipe, data, recipe.build(data))


def whole_clips() -> Trained:
    """The same with a model that cannot stream and has no attention."""
    like = trained(model="deep_lstm")
    model = WholeClips.from_config(like.model.get_config())
    model.build()
    return with_records(like.recipe, like.data, model)


def with_records(recipe: Recipe, data: Description, model: Any) -> Trained:
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(scale=0.4, size=weight.shape))
    config = {
        "name": "sbu",
        "dataset": "sbu/2.0.0",
        "data_dir": "a/folder/of/this/machine",
        "training_split": "fold_2",
        "test_split": "fold_1",
        "data": data.to_json(),
        "protocol": "fold_1",
        "seed": 0,
        "recurrence": "keras",
        "strategy": "one_device",
        "command": "train.py --dataset=sbu",
        "recipe": recipe.to_dict(recipe),
    }
    records = {
        "config": config,
        "metrics": [{"iteration": 1, "loss": 2.0}],
        "evaluation": {"accuracy": 0.5, "longest_clip": 20},
    }
    return Trained(model, recipe, data, records)


def write_workdir(path: pathlib.Path, small: Trained, data_dir: pathlib.Path):
    """A workdir as `train.py` leaves it."""
    config = dict(small.records["config"])
    del config["data_dir"]
    workdir.begin(path, config, data_dir=str(data_dir))
    for name in ("metrics", "evaluation"):
        manifest.write_json(path, f"{name}.json", small.records[name])
    result = training.result_path(path, small.recipe)
    result.parent.mkdir()
    with manifest.replacing(
        path, result.relative_to(path).as_posix()
    ) as temporary:
        small.model.save(temporary)


def random_clips(lengths) -> list[np.ndarray]:
    """Two bodies, three metres away, that tremble."""
    rng = np.random.default_rng(1)
    clips = []
    for frames in lengths:
        pose = rng.normal(scale=0.5, size=(2, 15, 3)) + np.array([0, 0, 3])
        noise = rng.normal(scale=0.1, size=(frames, 2, 15, 3))
        clips.append((pose + noise).astype(np.float32))
    return clips


def padded(clips):
    """`skeleton` and `length`; beyond the length there is garbage."""
    length = np.array([len(x) for x in clips], np.int32)
    shape = (len(clips), length.max(), *clips[0].shape[1:])
    skeleton = np.full(shape, np.nan, np.float32)
    for n, clip in enumerate(clips):
        skeleton[n, : len(clip)] = clip
    return {"skeleton": skeleton, "length": length}


# Many tests ask for the same.
_ANSWERS: dict[tuple[keras.Model, bytes], dict[str, np.ndarray]] = {}


def expected(small: Trained, clip: np.ndarray) -> dict[str, np.ndarray]:
    """What the Keras model answers for one clip."""
    key = small.model, clip.tobytes()
    if key not in _ANSWERS:
        outputs = small.model(padded([clip]))
        _ANSWERS[key] = {name: x.numpy()[0] for name, x in outputs.items()}
    return _ANSWERS[key]


@pytest.fixture(scope="session")
def small() -> Trained:
    return trained()


@pytest.fixture(scope="session")
def clips() -> list[np.ndarray]:
    """Clips of 1 to 20 frames, two bodies."""
    return random_clips([1, 2, 3, 5, 12, 20])


@pytest.fixture(scope="session")
def fold(sbu_raw_dir) -> list[np.ndarray]:
    """All clips of the first fold of the real SBU set."""
    found = recordings.survey(sbu_raw_dir).recordings
    clips = [x.read().skeleton for x in found if x.fold == 1]
    assert len(clips) == 55
    return clips


@pytest.fixture(scope="session")
def export_dir(small, clips, once) -> pathlib.Path:
    """What `export.py` leaves: the model `small`, version 1."""
    labelled = [(x, None) for x in clips]

    def export(folder):
        version.write(
            small,
            folder,
            "small",
            labelled,
            "random clips",
            FRAMES,
            web.Content([("random", clips[0])], 20, 15.0),
        )

    return once("exported", export)


@pytest.fixture(scope="session")
def litert_folder(export_dir) -> pathlib.Path:
    return export_dir / "litert/small/1"


@pytest.fixture(scope="session")
def whole_clips_dir(once) -> pathlib.Path:
    """Likewise, a model that cannot stream."""
    labelled = [(x, None) for x in random_clips([3, 8])]

    def export(folder):
        version.write(
            whole_clips(),
            folder,
            "whole",
            labelled,
            "random clips",
            8,
            web.Content([], 20, 15.0),
        )

    return once("exported_whole_clips", export)


@pytest.fixture(scope="session")
def servable(export_dir) -> fake_server.Servable:
    return fake_server.Servable("small", export_dir / "small/1")
