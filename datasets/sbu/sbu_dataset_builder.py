"""The SBU Kinect Interaction data set for TensorFlow Datasets."""

import pathlib
import shutil
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from datasets import building, raw
from datasets.raw import RawDataError
from datasets.sbu import checksums, folds, recordings
from datasets.sbu.recordings import SETS, Recording

PAGE = "http://vision.cs.stonybrook.edu/~kiwon/Datasets/SBU_Kinect_Interactions"

# Clips and frames that others count.
PUBLISHED = {
    "The public clean set": (282, 6822),
    "The paper of the STA-LSTM": (230, 6614),
}


class Builder(building.OneAtATime, tfds.core.GeneratorBasedBuilder):
    """Reads raw recordings, from folders or zips, into `fold_1` to `fold_5`.

    Args:
        download: Whether to download the zips of the official sets that are
            missing from the raw folder (the `manual_dir` of TFDS).
    """

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "2.0.0": "The metadata states skeleton, bodies, classes and protocols.",
        "1.0.0": "First release.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""\
Download the {len(SETS)} zips of the clean set, one for each pair, from
  {PAGE}/
and put them into that folder (train.py --raw_dir=FOLDER), either as they are or
extracted to <set>/<action>/<take>/skeleton_pos.txt:
  {" ".join(f"{name}.zip" for name in SETS[:7])}
  {" ".join(f"{name}.zip" for name in SETS[7:14])}
  {" ".join(f"{name}.zip" for name in SETS[14:])}
Or let `train.py --download` download them. They are large, because they contain
images too."""

    def __init__(self, *, download: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self._download = download

    def _info(self) -> tfds.core.DatasetInfo:
        return folds.dataset_info(self, homepage=f"{PAGE}/README.txt")

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, folds.Examples]:
        raw_dir = None
        try:
            raw_dir = building.manual_dir(dl_manager)
        except RawDataError:
            if not self._download:
                raise
        found = recordings.survey(raw_dir)
        if self._download:
            here = {recording.set for recording in found.recordings}
            zips = {
                name: self._fetch(name, dl_manager)
                for name in SETS
                if name not in here
            }
            found = recordings.survey(raw_dir, zips)
            self._check_public(zips, found.recordings)
        if not found.recordings:
            ignored = "".join(f"\n{x}" for x in raw.counted(found.ignored))
            raise RawDataError(
                f"No SBU recording in {raw_dir}.{ignored}\n"
                f"{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            )
        clips = folds.read(found)
        self._print_comparison(clips)
        return {
            split: self._generate_examples(clips_of_split)
            for split, clips_of_split in folds.splits(clips).items()
        }

    def _fetch(
        self, name: str, dl_manager: tfds.download.DownloadManager
    ) -> pathlib.Path:
        """Downloads the zip of a set, unless TFDS has downloaded it before."""
        url = f"{PAGE}/{name}.zip"
        print(f"Fetching {url}")
        try:
            return pathlib.Path(
                dl_manager.download(
                    tfds.download.Resource(url=url, relative_download_dir=name)
                )
            )
        except (OSError, tfds.download.DownloadError) as error:
            # TFDS leaves an incomplete file behind.
            shutil.rmtree(
                dl_manager.download_dir / self.name / name, ignore_errors=True
            )
            raise RawDataError(
                f"{url} could not be downloaded: {error}\n"
                f"{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            ) from None

    def _check_public(
        self, zips: Mapping[str, pathlib.Path], found: Iterable[Recording]
    ) -> None:
        """Checks that downloaded zips, by set, hold the public recordings.

        Raises:
            RawDataError: One has others, or none.
        """
        downloaded = {x.absolute() for x in zips.values()}
        received = checksums.of_sets(x for x in found if x.path in downloaded)
        for name in zips:
            if received.get(name) != checksums.PUBLIC[name]:
                raise RawDataError(
                    f"{PAGE}/{name}.zip: expected the recordings of the public "
                    f"set, SHA-256 {checksums.PUBLIC[name]}. Received: "
                    f"{received.get(name, 'none')}. To use them all the same, "
                    "download the zip yourself and put it into --raw_dir"
                )
        print(
            "The recordings of the downloaded sets are those of the public "
            "set, by their SHA-256; sizes and checksums of the zips are "
            "published nowhere"
        )

    def _print_comparison(self, clips: folds.Clips) -> None:
        for where, published in PUBLISHED.items():
            print(
                f"{where} has {published[0]} clips, {published[1]} frames: "
                f"here {len(clips) - published[0]:+d} clips, "
                f"{folds.frames(clips) - published[1]:+d} frames"
            )
        here = {recording.set for recording, _ in clips}
        if missing := [name for name in SETS if name not in here]:
            print(
                f"Official sets without a recording: {' '.join(missing)}. "
                f"To add them later, delete {self.data_dir_root / self.name}"
            )

    def _generate_examples(self, clips: folds.Clips) -> folds.Examples:
        return folds.examples(clips)
