"""The SBU Kinect Interaction data set for TensorFlow Datasets."""

import collections
import itertools
import pathlib
import shutil
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from datasets.raw import RawDataError, counted
from datasets.sbu import recordings
from datasets.sbu.recordings import ACTIONS, FOLDS

PAGE = "http://vision.cs.stonybrook.edu/~kiwon/Datasets/SBU_Kinect_Interactions"
SETS = sorted(name for sets in FOLDS.values() for name in sets)

Clips = list[tuple[recordings.Recording, recordings.Clip]]
Folds = dict[int, Clips]
Examples = Iterator[tuple[str, dict[str, Any]]]


class Builder(tfds.core.GeneratorBasedBuilder):
    """Reads raw recordings, from folders or zips, into `fold_1` to `fold_5`.

    Another data set of raw recordings in this layout inherits the splits and
    the features. Its `_split_generators` returns
    `self._read_folds(recordings.survey(raw_dir))`, which has read everything
    when it returns; it empties `MANUAL_DOWNLOAD_INSTRUCTIONS`, `HOMEPAGE` and
    `PUBLISHED`.

    Args:
        download: Whether to fetch the zips of the official sets that the raw
            folder (TFDS's `manual_dir`) does not hold.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "First release."}
    # (clips, frames), to compare with what is read.
    PUBLISHED: ClassVar[dict[str, tuple[int, int]]] = {
        "The public clean set": (282, 6822),
        "The paper of the STA-LSTM": (230, 6614),
    }
    HOMEPAGE: str | None = f"{PAGE}/README.txt"
    MANUAL_DOWNLOAD_INSTRUCTIONS: str | None = f"""\
Get the {len(SETS)} zips of the clean set, one a pair of performers, from
  {PAGE}/
and put them into that folder (train.py --raw_dir=FOLDER), as they are or
extracted to <set>/<action>/<take>/skeleton_pos.txt:
  {" ".join(f"{name}.zip" for name in SETS[:7])}
  {" ".join(f"{name}.zip" for name in SETS[7:14])}
  {" ".join(f"{name}.zip" for name in SETS[14:])}
Or let `train.py --download` fetch them; they hold images too, and are large."""

    def __init__(self, *, download: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self._download = download

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "skeleton": tfds.features.Tensor(
                        shape=(None, 2, 15, 3), dtype=np.float32
                    ),
                    "label": tfds.features.ClassLabel(names=ACTIONS),
                    "set": tfds.features.Text(),
                    "action": tfds.features.Text(),
                    "take": tfds.features.Text(),
                    "clip_id": tfds.features.Text(),
                    "frame_numbers": tfds.features.Tensor(
                        shape=(None,), dtype=np.int64
                    ),
                }
            ),
            supervised_keys=("skeleton", "label"),
            homepage=self.HOMEPAGE,
        )

    def _split_generators(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, Examples]:
        try:
            raw_dir = dl_manager.manual_dir
        except AssertionError as error:  # It does not exist, or is empty.
            if not self._download:
                raise RawDataError(str(error)) from None
            raw_dir = None
        found = recordings.survey(raw_dir)
        if self._download:
            here = {recording.set for recording in found.recordings}
            zips = {
                name: self._fetch(name, dl_manager)
                for name in SETS
                if name not in here
            }
            found = recordings.survey(raw_dir, zips)
        if not found.recordings:
            ignored = "".join(f"\n{line}" for line in counted(found.ignored))
            raise RawDataError(
                f"No SBU recording in {raw_dir}.{ignored}\n"
                f"{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            )
        return self._read_folds(found)

    def _fetch(
        self, name: str, dl_manager: tfds.download.DownloadManager
    ) -> pathlib.Path:
        """Downloads one set's zip, or finds it among TFDS's downloads."""
        url = f"{PAGE}/{name}.zip"
        print(f"Fetching {url}")
        try:
            return pathlib.Path(
                dl_manager.download(
                    tfds.download.Resource(url=url, relative_download_dir=name)
                )
            )
        except (OSError, tfds.download.DownloadError) as error:
            # TFDS leaves what it had of the file.
            shutil.rmtree(
                dl_manager.download_dir / self.name / name, ignore_errors=True
            )
            raise RawDataError(
                f"{url} could not be downloaded: {error}\n"
                f"{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            ) from None

    def _read_folds(self, found: recordings.Survey) -> dict[str, Examples]:
        """Reads all recordings, says what they are, and returns the splits.

        Raises:
            RawDataError: A recording is damaged, or a fold has none.
        """
        folds: Folds = {fold: [] for fold in FOLDS}
        left_out = collections.Counter(found.ignored)
        for recording in found.recordings:
            if recording.fold is None:
                left_out["sets of no official fold", recording.set] += 1
            elif recording.label is None:
                left_out["unknown action", recording.clip_id] += 1
            else:
                folds[recording.fold].append((recording, recording.read()))

        self._summarise(folds, left_out)
        for fold, clips in folds.items():
            if not clips:
                raise RawDataError(
                    f"fold_{fold} is empty: expected recordings of "
                    f"{', '.join(FOLDS[fold])}"
                )
        return {
            f"fold_{fold}": self._generate_examples(clips)
            for fold, clips in folds.items()
        }

    def _summarise(
        self, folds: Folds, left_out: collections.Counter[tuple[str, str]]
    ) -> None:
        everything = list(itertools.chain(*folds.values()))
        print(f"Read {_size(everything)}, by the official folds:")
        for fold, clips in folds.items():
            print(f"  fold_{fold}: {_size(clips)}")
        frames = sum(len(clip.frame_numbers) for _, clip in everything)
        for where, published in self.PUBLISHED.items():
            print(
                f"{where} has {published[0]} clips, {published[1]} frames: "
                f"here {len(everything) - published[0]:+d} clips, "
                f"{frames - published[1]:+d} frames"
            )
        repeated = [
            recording.clip_id
            for recording, clip in everything
            for _ in range(clip.repeated_frames)
        ]
        print("Repeated frames, kept:", len(repeated), *repeated)
        for line in counted(left_out):
            print(line)
        here = {recording.set for recording, _ in everything}
        if missing := [name for name in SETS if name not in here]:
            print(
                f"Official sets without a recording: {' '.join(missing)}. "
                f"To add them later, delete {self.data_dir_root / self.name}"
            )

    def _generate_examples(self, clips: Clips) -> Examples:
        for recording, clip in clips:
            yield (
                recording.clip_id,
                {
                    "skeleton": clip.skeleton,
                    "label": recording.label,
                    "set": recording.set,
                    "action": recording.action,
                    "take": recording.take,
                    "clip_id": recording.clip_id,
                    "frame_numbers": clip.frame_numbers,
                },
            )


def _size(clips: Clips) -> str:
    frames = sum(len(clip.frame_numbers) for _, clip in clips)
    return f"{len(clips)} clips, {frames} frames"
