"""Made-up recordings in the layout of the SBU set, for a first training."""

import pathlib
import tempfile
from typing import ClassVar

import tensorflow_datasets as tfds

from datasets.sbu import sbu_dataset_builder
from datasets.sbu.recordings import survey
from datasets.synthetic.recordings import write_recordings


class Builder(sbu_dataset_builder.Builder):
    """Writes raw recordings and reads them as the SBU set is read."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "First release."}
    PUBLISHED: ClassVar[dict[str, tuple[int, int]]] = {}
    HOMEPAGE = None
    MANUAL_DOWNLOAD_INSTRUCTIONS = None
    # Else TFDS may take README.md and citation from the SBU folder.
    pkg_dir_path = None

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, sbu_dataset_builder.Examples]:
        del dl_manager
        with tempfile.TemporaryDirectory() as folder:
            raw_dir = pathlib.Path(folder, "raw")
            write_recordings(raw_dir)
            return self._read_folds(survey(raw_dir))
