"""The synthetic data set for TensorFlow Datasets."""

import pathlib
import tempfile
from typing import ClassVar

import tensorflow_datasets as tfds

from datasets import building
from datasets.sbu import folds
from datasets.sbu.recordings import survey
from datasets.synthetic.recordings import write_recordings


class Builder(building.OneAtATime, tfds.core.GeneratorBasedBuilder):
    """Writes raw recordings and reads them as the SBU set is read."""

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "2.0.0": "The metadata states skeleton, bodies, classes and protocols.",
        "1.0.0": "First release.",
    }

    def _info(self) -> tfds.core.DatasetInfo:
        return folds.dataset_info(self)

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, folds.Examples]:
        del dl_manager
        with tempfile.TemporaryDirectory() as folder:
            raw_dir = pathlib.Path(folder, "raw")
            write_recordings(raw_dir)
            clips = folds.read(survey(raw_dir))
        return {
            split: self._generate_examples(clips_of_split)
            for split, clips_of_split in folds.splits(clips).items()
        }

    def _generate_examples(self, clips: folds.Clips) -> folds.Examples:
        return folds.examples(clips)
