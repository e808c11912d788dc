"""The clips of prepared data, for those who look at a trained model."""

import pathlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from stalstm.loading import LoadError


class Clip(NamedTuple):
    """A clip of a prepared data set.

    Attributes:
        name: The place of its recording in the data set.
        skeleton: `(frames, bodies, joints, 3)`, metres in camera space.
        label: Index of its class.
    """

    name: str
    skeleton: np.ndarray
    label: int


def clips(
    training: Mapping[str, Any],
    split: str,
    data_dir: pathlib.Path | None = None,
) -> Iterator[Clip]:
    """The clips of a split of the data that a model was trained on.

    Args:
        training: The `config.json` of its training; empty if unknown.
        split: Name of the split, such as `"fold_3"`, or several with + between
            them.
        data_dir: Folder of prepared data sets. Default: where a workdir says
            that its data was, else `~/tensorflow_datasets`.

    Raises:
        LoadError: The data is not there, or there is no such split.
    """
    import tensorflow_datasets as tfds

    if not training:
        raise LoadError(
            "--split: expected a workdir or an exported folder, which say what "
            "data the model was trained on. Received: a model that does not"
        )
    folder = data_dir or pathlib.Path("~/tensorflow_datasets")
    place = folder.expanduser() / training["dataset"]
    if data_dir is None and "data_dir" in training:
        place = pathlib.Path(training["data_dir"])
    if not (place / "dataset_info.json").exists():
        raise LoadError(
            "expected the prepared data that the model was trained on; set "
            f"--data_dir=FOLDER. Received: {place}, which does not contain it"
        )
    builder = tfds.builder_from_directory(place)
    splits = list(builder.info.splits)
    if not set(split.split("+")) <= set(splits):
        raise LoadError(
            f"--split: expected one of {', '.join(splits)}, or several with + "
            f"between them. Received: {split}"
        )
    wanted = {"skeleton": True, "label": True, "clip_id": True}
    examples = builder.as_dataset(
        split=split, decoders=tfds.decode.PartialDecoding(wanted)
    )
    return (
        Clip(x["clip_id"].decode(), x["skeleton"], int(x["label"]))
        for x in examples.as_numpy_iterator()
    )
