"""Reads raw recordings of any data set, for the doors that take them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

import datasets
from datasets.raw import RawDataError
from stalstm.description import Description


def readers(
    dataset: str | None, training: Mapping[str, Any]
) -> list[datasets.DataSet]:
    """The data sets whose format the recordings may have.

    Args:
        dataset: Name of a data set, or a folder of own recordings; `None` for
            the one that the model was trained on, or for all if that is not
            known.
        training: The `config.json` of the model's training; empty if unknown.

    Raises:
        ValueError: There is no such data set.
        RawDataError: The folder cannot be read.
    """
    if dataset:
        return [datasets.get(dataset)]
    if training:
        name = training["dataset"].split("/")[0]
        data = Description.from_json(training["data"])
        if data_set := datasets.as_trained(name, data):
            return [data_set]
    return [datasets.get(name) for name in datasets.names()]


def read(
    path: str, data_sets: Iterable[datasets.DataSet]
) -> list[tuple[str, np.ndarray]]:
    """Names and skeletons of all recordings at a path.

    Args:
        path: A file, a folder or a zip.
        data_sets: From `readers`; the first one that can, reads them.

    Raises:
        RawDataError: None of them can; says why.
    """
    reasons = []
    for data_set in data_sets:
        try:
            return list(data_set.recordings(path))
        except RawDataError as error:
            reasons.append(str(error))
    raise RawDataError("\n".join(dict.fromkeys(reasons)))
