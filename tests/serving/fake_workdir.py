"""A finished training, without the training."""

import pathlib

import numpy as np

from stalstm import algorithm1, workdir
from stalstm.recipes.sbu import RECIPE

LABELS = ["wave", "bow", "nod"]


def write(path: pathlib.Path, *overrides: str) -> None:
    """A workdir as `train.py` leaves it, of SBU's recipe with 8 units."""
    recipe = RECIPE.override(["units=8", *overrides])
    last = algorithm1.stages(recipe)[-1]
    model = algorithm1.build_model(recipe, last, len(LABELS))
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(scale=0.4, size=weight.shape))
    (path / "checkpoints").mkdir(parents=True)
    model.save(path / "checkpoints" / f"{last.name}.keras")
    run = {
        "dataset": "sbu/1.0.0",
        "split": "fold_1",
        "test_split": "fold_1",
        "classes": LABELS,
        "seed": 0,
        "recipe": recipe.to_dict(RECIPE),
    }
    workdir.begin(path, run)
    workdir.write_json(path / "metrics.json", [{"iteration": 1, "loss": 2.0}])
    workdir.write_json(path / "evaluation.json", {"accuracy": 0.5})


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
