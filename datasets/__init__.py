"""Data sets: raw recordings to TensorFlow Datasets.

Each folder here is a data set; `datasets/data_set.py` tells how to add one.
"""

import importlib
import pkgutil

from datasets.data_set import DataSet, Option, options


def names() -> list[str]:
    """Names of the data sets, sorted."""
    return sorted(x.name for x in pkgutil.iter_modules(__path__) if x.ispkg)


def get(name: str) -> DataSet:
    """The data set of a name.

    Raises:
        ValueError: There is none.
    """
    if name not in names():
        raise ValueError(
            f"`name` must be one of {', '.join(names())}. "
            f"Received: name={name!r}"
        )
    return importlib.import_module(f"datasets.{name}").DATA_SET


__all__ = ["DataSet", "Option", "get", "names", "options"]
