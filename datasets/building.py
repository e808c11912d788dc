"""What the TFDS builders share, and what is done with all of them."""

import dataclasses
import pathlib
import shutil
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from datasets.raw import RawDataError
from stalstm import files
from stalstm.description import Description, Protocol


class OneAtATime(tfds.core.DatasetBuilder):
    """A builder that one process at a time prepares with.

    Others wait, and find the data prepared. What a process left behind that was
    killed is removed.
    """

    @property
    def _folder(self) -> pathlib.Path:
        """The folder of all versions of this data set."""
        return pathlib.Path(self.data_path).absolute().parent

    def download_and_prepare(self, **kwargs: Any) -> None:
        """As in TFDS, but by one process at a time."""
        if self.data_path.exists():  # The folder may be read-only.
            super().download_and_prepare(**kwargs)
        else:
            with files.alone(self._folder / f"{self.version}.lock"):
                self._prepare_alone(kwargs)
        if not self.info.splits:  # Another process has prepared it.
            self.info.read_from_directory(self.data_path)

    def _prepare_alone(self, kwargs):
        if self.data_path.exists():
            return
        # TFDS leaves such a folder behind when it is killed.
        for left in self._folder.glob(f"incomplete.*_{self.version}"):
            shutil.rmtree(left)
        super().download_and_prepare(**kwargs)


def dataset_info(
    builder: tfds.core.DatasetBuilder,
    description: Description,
    features: Mapping[str, Any],
    homepage: str | None = None,
) -> tfds.core.DatasetInfo:
    """The return value of a builder's `_info`.

    Its metadata is the description, which `Description.from_json` reads back
    from the prepared data.

    Args:
        builder: The builder.
        description: What the data set says of itself.
        features: Features that only this data set has, besides `skeleton`,
            `label` and `clip_id`.
        homepage: Address of the web page of the data set.
    """
    joints = len(description.skeleton.joints)
    return builder.dataset_info_from_configs(
        features=tfds.features.FeaturesDict(
            {
                # As bytes: a list of numbers takes twenty times as long.
                "skeleton": tfds.features.Tensor(
                    shape=(None, description.bodies, joints, 3),
                    dtype=np.float32,
                    encoding=tfds.features.Encoding.BYTES,
                ),
                "label": tfds.features.ClassLabel(names=description.classes),
                "clip_id": tfds.features.Text(),
                **features,
            }
        ),
        supervised_keys=("skeleton", "label"),
        homepage=homepage,
        metadata=tfds.core.MetadataDict(description.to_json()),
    )


def manual_dir(dl_manager: tfds.download.DownloadManager) -> pathlib.Path:
    """The folder of the raw recordings.

    Raises:
        RawDataError: The folder does not exist or is empty.
    """
    try:
        return dl_manager.manual_dir
    except AssertionError as error:
        raise RawDataError(str(error)) from None


def prepare(
    builder: tfds.core.DatasetBuilder, raw_dir: pathlib.Path | None
) -> None:
    """Prepares a data set from raw recordings, unless it is prepared.

    Raises:
        RawDataError: The raw recordings cannot be read.
        OSError: The prepared data cannot be written.
    """
    if builder.is_prepared():
        print(
            f"Already prepared in {builder.data_dir}. To read the raw "
            "recordings again, delete that folder."
        )
    if raw_dir is not None and raw_dir.is_file():
        raise RawDataError(f"expected a folder. Received: the file {raw_dir}")
    tfds.disable_progress_bar()
    config = tfds.download.DownloadConfig(manual_dir=raw_dir)
    try:
        builder.download_and_prepare(download_config=config)
    except Exception as error:
        import tensorflow as tf  # TFDS has imported it by now.

        # TFDS makes another error of some that TensorFlow raises.
        if isinstance(error.__cause__ or error, tf.errors.OpError):
            raise OSError(str(error)) from None
        raise


def check_clips(
    builder: tfds.core.DatasetBuilder, protocols: Iterable[Protocol]
) -> None:
    """Checks that a prepared set has clips to train on and to test on.

    Raises:
        RawDataError: A split of one of the protocols is empty.
    """
    for protocol in protocols:
        for split in dataclasses.astuple(protocol):
            names = split.split("+")
            if not sum(builder.info.splits[x].num_examples for x in names):
                raise RawDataError(
                    f"expected clips in {split}. Received: none in "
                    f"{builder.data_dir}, which --raw_dir was prepared into"
                )
