"""The NTU RGB+D and NTU RGB+D 120 data sets for TensorFlow Datasets."""

import collections
import pathlib
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from datasets import building, parts
from datasets.ntu import clips, official, recordings
from datasets.ntu.performers import PERFORMERS
from datasets.ntu.recordings import Recording
from datasets.parts_builder import PartsBuilder
from datasets.raw import RawDataError, counted
from stalstm.description import Description
from stalstm.skeletons import KINECT2

MISSING = "in the authors' list of missing skeletons"
PAGE = "https://rose1.ntu.edu.sg/dataset/actionRecognition/"


class Builder(PartsBuilder):
    """Prepares raw recordings, from folders or zips, on all cores.

    The splits are those of `official.split_names`, of which the protocols
    Cross-Subject, Cross-View and Cross-Setup are sums.

    Args:
        on_bad_file, processes: As of `PartsBuilder`.
    """

    COUNTED = clips.COUNTED
    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "2.0.0": "The metadata states skeleton, bodies, classes and protocols.",
        "1.0.0": "First release.",
    }
    BUILDER_CONFIGS: ClassVar[list[tfds.core.BuilderConfig]] = [
        tfds.core.BuilderConfig(
            name=name,
            description=f"{config.title}: {config.actions} actions, "
            f"{config.samples} samples.",
        )
        for name, config in official.CONFIGS.items()
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""\
Register at {PAGE} and put the
zips of the skeletons into that folder (train.py --raw_dir=FOLDER), either as
they are or extracted:
  ntu60:  {" ".join(official.CONFIGS["ntu60"].archives)}
  ntu120: {" ".join(official.CONFIGS["ntu120"].archives)}"""

    def _info(self) -> tfds.core.DatasetInfo:
        description = Description(
            skeleton=KINECT2,
            bodies=PERFORMERS,
            classes=official.ACTIONS[: self._config.actions],
            protocols=official.protocols(self.builder_config.name),
        )
        return building.dataset_info(
            self,
            description,
            {
                "bodies": tfds.features.Scalar(np.int64),
                "setup": tfds.features.Scalar(np.int64),
                "camera": tfds.features.Scalar(np.int64),
                "performer": tfds.features.Scalar(np.int64),
                "replication": tfds.features.Scalar(np.int64),
            },
            homepage=PAGE,
        )

    @property
    def _config(self) -> official.Config:
        return official.CONFIGS[self.builder_config.name]

    def _divide(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, list[parts.Part[Recording]]]:
        return parts.divide(
            self._find(building.manual_dir(dl_manager)),
            clips.read_clip,
            self._parts_folder,
            self._on_bad_file,
        )

    def _find(self, raw_dir: pathlib.Path) -> dict[str, list[Recording]]:
        """The recordings of each split. Prints what is left out.

        Raises:
            RawDataError: There is no recording of this data set.
        """
        name, config = self.builder_config.name, self._config
        found = recordings.survey(raw_dir)
        missing = official.missing_skeletons(name)
        left_out = collections.Counter(found.ignored)
        splits: dict[str, list[Recording]]
        splits = {split: [] for split in official.split_names(name)}
        for recording in found.recordings:
            if not (
                1 <= recording.setup <= config.setups
                and 1 <= recording.action <= config.actions
            ):
                left_out[f"not of {config.title}", str(recording.path)] += 1
            elif recording.clip_id in missing:
                left_out[MISSING, recording.clip_id] += 1
            else:
                split = official.split_of(
                    name,
                    recording.setup,
                    recording.camera,
                    recording.performer,
                )
                splits[split].append(recording)
        print(*counted(left_out), sep="\n", end="\n" if left_out else "")
        read = sum(map(len, splits.values()))
        listed = sum(n for (why, _), n in left_out.items() if why == MISSING)
        print(
            f"{config.title} has {config.samples} recordings, {len(missing)} "
            "of them in the list of missing skeletons: "
            f"here {read + listed}, {listed} of them in the list"
        )
        if not read:
            raise RawDataError(
                f"No recording of {config.title} to read in {raw_dir}.\n"
                f"{self.MANUAL_DOWNLOAD_INSTRUCTIONS}"
            )
        return splits

    def _headline(self, report: parts.Report) -> str:
        two = report.bodies.get(PERFORMERS, 0)
        return f"{super()._headline(report)}, {two} clips of two performers"
