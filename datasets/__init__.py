"""Data sets: raw recordings to TensorFlow Datasets.

Each folder here is a data set; `datasets/data_set.py` tells how to add one. A
folder of own recordings is a data set too, which `datasets/custom` reads.
"""

import importlib
import os
import pathlib
import pkgutil

from datasets import custom
from datasets.data_set import DataSet, Option, users_of
from stalstm.description import Description


def names() -> list[str]:
    """Names of the data sets of this package, sorted."""
    packages = {x.name for x in pkgutil.iter_modules(__path__) if x.ispkg}
    return sorted(packages - {custom.NAME})


def get(name: str | os.PathLike[str]) -> DataSet:
    """The data set of a name, or that in a folder of own recordings.

    Raises:
        ValueError: There is none.
        RawDataError: The folder cannot be read.
    """
    if name in names():
        return importlib.import_module(f"datasets.{name}").DATA_SET
    folder = pathlib.Path(name).expanduser()
    if folder.is_dir():
        return custom.in_folder(folder)
    raise ValueError(
        f"expected a data set, {', '.join(names())}, or the path of a folder "
        f"of own recordings. Received: {name}"
    )


def as_trained(name: str, data: Description) -> DataSet | None:
    """The data set that a model was trained on, to read more of its recordings.

    Args:
        name: Name of its TFDS builder.
        data: What it says of itself.

    Returns:
        `None` if there is no data set of that name here.
    """
    if name == custom.NAME:
        return custom.as_described(data)
    return get(name) if name in names() else None


def options() -> dict[Option, list[str]]:
    """All options, each with the data sets that have it."""
    by_name = {name: get(name).options for name in names()}
    return users_of({**by_name, "FOLDER": custom.OPTIONS})


__all__ = ["DataSet", "Option", "as_trained", "get", "names", "options"]
