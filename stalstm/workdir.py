"""The folder of one training run."""

import dataclasses
import importlib.metadata
import pathlib
import platform
import subprocess
from typing import Any

import keras
import tensorflow as tf

from stalstm import files, machine, manifest, training
from stalstm.description import Description
from stalstm.loading import LoadError
from stalstm.models.classifier import Classifier
from stalstm.recipe import Recipe

PACKAGES = ("tensorflow", "keras", "numpy", "tensorflow-datasets", "stalstm")
# Format of config.json. It changes when older workdirs can no longer be read.
FORMAT = 4
RECORDS = ("config", "metrics", "evaluation")


# What Python and TensorFlow raise where they cannot write.
CANNOT_WRITE = (
    OSError,
    tf.errors.FailedPreconditionError,
    tf.errors.PermissionDeniedError,
    tf.errors.ResourceExhaustedError,
)


class WorkdirError(LoadError):
    """A workdir does not hold what it should; the message says what."""


@dataclasses.dataclass(frozen=True, eq=False)
class Trained:
    """A finished training.

    Attributes:
        model: The model, with the weights of the last iteration.
        recipe: The recipe that trained it.
        data: What the data set says of itself.
        records: The workdir's JSON files by name: `config`, `metrics`,
            `evaluation`.
    """

    model: Classifier
    recipe: Recipe
    data: Description
    records: dict[str, Any]


def begin(workdir: pathlib.Path, run: dict[str, Any], **notes: Any) -> None:
    """Begins a run in a new workdir, or resumes the same run.

    Args:
        workdir: The folder; made if it is not there.
        run: Settings that identify the run, as JSON values: data set, protocol,
            seed, recipe and so on. Written to `config.json`, with versions and
            commit.
        **notes: Further JSON values for `config.json`, which may differ when
            the run is resumed.

    Raises:
        WorkdirError: The workdir holds another run: the message says what
            differs. Or a file of it is damaged.
    """
    path = workdir / "config.json"
    run = {"format": FORMAT, **run}
    if not path.exists():
        workdir.mkdir(parents=True, exist_ok=True)
        config = {**run, **notes, **_surroundings()}
        manifest.write_json(workdir, path.name, config)
        return
    config = _read_config(path)
    check(workdir)
    before = _flat(config)
    different = [
        f"{name}: {before.get(name)} in the workdir, {value} now"
        for name, value in _flat(run).items()
        if before.get(name) != value
    ]
    if different:
        raise WorkdirError(
            f"{workdir} holds another run. Choose another --workdir, or resume "
            f"that run with its settings. {'; '.join(different)}"
        )


def load(workdir: pathlib.Path) -> Trained:
    """Reads a finished training.

    Raises:
        WorkdirError: The folder holds no finished training of this version, or
            a file of it is damaged.
    """
    if not workdir.is_dir():
        raise WorkdirError(
            f"{workdir}: expected the workdir of a finished training. "
            "Received: a path where there is no folder"
        )
    for name in RECORDS:
        file = workdir / f"{name}.json"
        if not file.exists():
            raise WorkdirError(
                f"{workdir}: expected the workdir of a finished training. "
                f"Received: a folder without {file.name}. If a training was "
                "interrupted, run its command again to resume it"
            )
    config = _read_config(workdir / "config.json")
    check(workdir)
    records = {x: files.read_json(workdir / f"{x}.json") for x in RECORDS}
    try:
        recipe = Recipe.from_dict(config["recipe"])
        data = Description.from_json(config["data"])
        path = training.result_path(workdir, recipe)
        model = keras.saving.load_model(path, compile=False)
    except (KeyError, TypeError, ValueError) as error:
        raise WorkdirError(
            f"{workdir}: expected a recipe and a model of this version of "
            f"stalstm. Received: {str(error).splitlines()[0]}"
        ) from error
    return Trained(model, recipe, data, records)


def check(workdir: pathlib.Path) -> None:
    """Checks that the files of a run are as they were written.

    Raises:
        WorkdirError: One is not. The message says what can be done.
    """
    # A file that was put there would be taken for what a stage has trained.
    checkpoints = sorted((workdir / "checkpoints").glob("*"))
    found = manifest.damaged(
        workdir,
        [
            x.relative_to(workdir).as_posix()
            for x in checkpoints
            if not x.name.startswith(files.TEMPORARY)
        ],
    )
    if found:
        raise WorkdirError(
            "\n".join(
                f"{workdir / name}: expected {expected}. Received: {received}. "
                f"{_remedy(name)}"
                for name, expected, received in found
            )
        )


def _remedy(name: str) -> str:
    folder, _, file = name.rpartition("/")
    if folder == "checkpoints":
        stage = file.partition(".")[0]
        return f"Delete it, and the training's command trains {stage} again"
    if name in ("evaluation.json", "report.html") or folder:
        return "Delete it; the training's command writes it again"
    return "Put back a copy of it, or train in another --workdir"


def _read_config(path: pathlib.Path) -> dict[str, Any]:
    try:
        config = files.read_json(path)
    except ValueError as error:
        raise WorkdirError(f"{error}. {_remedy(path.name)}") from None
    received = config.get("format") if isinstance(config, dict) else config
    if received != FORMAT:
        raise WorkdirError(
            f"{path.parent} was written by another version of stalstm: "
            f"expected format {FORMAT}. Received: {received}. "
            "Choose another --workdir and train again"
        )
    return config


def _flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _surroundings() -> dict[str, Any]:
    versions = {x: importlib.metadata.version(x) for x in PACKAGES}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "commit": _commit(),
        "processor": machine.processor(),
    }


def _commit() -> str | None:
    """The commit of this code, marked where files differ from it."""
    root = pathlib.Path(__file__).parents[1]
    if not (root / ".git").exists():  # an installed package
        return None
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
