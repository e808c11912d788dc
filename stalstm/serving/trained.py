"""A finished training, as the export finds it in its workdir."""

import dataclasses
import importlib.metadata
import pathlib
from typing import Any

import keras

from stalstm import algorithm1, preprocessing, skeletons, workdir
from stalstm.model import STALSTM
from stalstm.recipe import Recipe


class ExportError(Exception):
    """What was to be exported cannot be; the message says why."""


@dataclasses.dataclass(frozen=True, eq=False)
class Trained:
    """A finished training.

    Attributes:
        model: with the weights of the last iteration.
        labels: names of the classes, in the order of the model's outputs.
        recipe: what trained it.
        records: the workdir's JSON files, by name: `config`, `metrics`,
            `evaluation`.
    """

    model: STALSTM
    labels: tuple[str, ...]
    recipe: Recipe
    records: dict[str, Any]

    @property
    def joint_names(self) -> tuple[str, ...]:
        return skeletons.SKELETONS[self.recipe.skeleton].joint_names

    @property
    def least_bodies(self) -> int:
        """How many bodies must appear in a clip.

        An order from left to right is one of bodies that are there; else one
        body is enough, and the others may be absent.
        """
        orders = any(
            isinstance(x, preprocessing.BodyOrder)
            for x in self.model.preprocessing
        )
        return self.model.bodies if orders else 1

    @property
    def latency(self) -> int:
        """Frames that a stream's answer is behind: smoothing looks ahead."""
        return 2 * sum(
            isinstance(x, preprocessing.Smoothing)
            for x in self.model.preprocessing
        )


def load(path: pathlib.Path) -> Trained:
    """Reads what `train.py` left.

    Raises:
        ExportError: the folder holds no finished training.
    """
    records = {}
    for name in ("config", "metrics", "evaluation"):
        file = path / f"{name}.json"
        if not file.exists():
            raise ExportError(
                f"{path}: expected the workdir of a finished training. "
                f"Received: a folder without {file.name}; the command that "
                "began the training goes on with it"
            )
        records[name] = workdir.read_json(file)
    try:
        recipe = Recipe.from_dict(records["config"]["recipe"])
        last = algorithm1.stages(recipe)[-1].name
        model = keras.saving.load_model(
            path / "checkpoints" / f"{last}.keras", compile=False
        )
    except (TypeError, ValueError) as error:
        raise ExportError(
            f"{path}: expected a recipe and a model of this version of "
            f"stalstm. Received: {str(error).splitlines()[0]}"
        ) from error
    return Trained(model, tuple(records["config"]["classes"]), recipe, records)


def describe(trained: Trained) -> dict[str, Any]:
    """What a client needs to know of a model; travels with every file."""
    return {
        "labels": trained.labels,
        "bodies": trained.model.bodies,
        "joints": trained.joint_names,
        "units": "metres, camera space",
        "least_bodies": trained.least_bodies,
        "latency_frames": trained.latency,
        "accuracy": trained.records["evaluation"]["accuracy"],
        "training": trained.records["config"],
        "export_versions": {
            x: importlib.metadata.version(x)
            for x in (*workdir.PACKAGES, "ai-edge-litert")
        },
    }
