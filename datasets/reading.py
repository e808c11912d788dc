"""Reads raw recordings of any data set, for the doors that take them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from absl import app, flags

import datasets
from datasets.raw import RawDataError
from stalstm.description import Description
from stalstm.paths import DEFINE_path


def DEFINE_dataset() -> flags.FlagHolder:
    """Defines --dataset, for `readers`."""
    return flags.DEFINE_string(
        "dataset",
        None,
        "Data set whose format the recordings have: "
        f"{', '.join(datasets.names())}, or a folder of own recordings. "
        "Default: the one that the model was trained on; if that is not known, "
        "whichever can read them.",
    )


def DEFINE_data_dir() -> flags.FlagHolder:
    """Defines --data_dir, for `stalstm.prepared.clips`."""
    return DEFINE_path(
        "data_dir",
        None,
        "With --split, the folder of prepared data sets. Default: where a "
        "workdir says that its data was, else ~/tensorflow_datasets.",
    )


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
        absl.app.UsageError: There is no such data set.
        RawDataError: The folder cannot be read.
    """
    if dataset:
        try:
            return [datasets.get(dataset)]
        except ValueError as error:
            raise app.UsageError(f"--dataset: {error}") from None
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
