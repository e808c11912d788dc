"""The NTU RGB+D and NTU RGB+D 120 data sets for TensorFlow Datasets."""

import collections
import contextlib
import dataclasses
import fcntl
import pathlib
import shutil
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from datasets import building
from datasets.ntu import official, parts, recordings
from datasets.ntu.performers import PERFORMERS
from datasets.ntu.recordings import ON_BAD_FILE, Recording
from datasets.raw import RawDataError, counted
from stalstm import files
from stalstm.description import Description
from stalstm.skeletons import KINECT2

MISSING = "in the authors' list of missing skeletons"
DETAILS = "preparation.json"
COUNTED = {
    "dropped_frames": "Frames left out, without a performer",
    "continued_ids": "Ids that continue a body tracked under another id",
    "short_bodies": "Bodies left out as noise, in few frames only",
    "wide_bodies": "Bodies left out as noise, wider than high",
    "further_bodies": "Bodies left out because two others move more",
}
PAGE = "https://rose1.ntu.edu.sg/dataset/actionRecognition/"


class Builder(tfds.core.ShardBasedBuilder):
    """Prepares raw recordings, from folders or zips, on all cores.

    The splits are those of `official.split_names`, of which the protocols
    Cross-Subject, Cross-View and Cross-Setup are sums.

    What has been read stays in `<data_dir>/ntu/<config>/<version>.parts` until
    everything is prepared; a preparation that was killed resumes from there.

    Args:
        on_bad_file: What to do about a damaged recording: `"error"` names it
            and stops; `"skip"` leaves it out, counts it and names it.
        processes: Number of processes that read; `None` for one on each core.
    """

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

    def __init__(
        self,
        *,
        on_bad_file: str = "error",
        processes: int | None = None,
        **kwargs: Any,
    ):
        if on_bad_file not in ON_BAD_FILE:
            raise ValueError(
                f"`on_bad_file` must be one of {', '.join(ON_BAD_FILE)}. "
                f"Received: on_bad_file={on_bad_file!r}"
            )
        super().__init__(**kwargs)
        self._on_bad_file = on_bad_file
        self._processes = processes
        self._parts: dict[str, list[parts.Part]] = {}
        self._with_beam = False

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

    @property
    def _folder(self) -> pathlib.Path:
        """The folder of all versions of this data set."""
        root = pathlib.Path(self.data_dir_root).absolute()
        return root / self.name / self.builder_config.name

    def download_and_prepare(self, **kwargs: Any) -> None:
        """As in TFDS, but by one process at a time, and able to resume."""
        if self.data_path.exists():  # The folder may be read-only.
            super().download_and_prepare(**kwargs)
            return
        with _alone(self._folder / f"{self.version}.lock"):
            # TFDS leaves such a folder behind when it is killed.
            for left in self._folder.glob(f"incomplete.*_{self.version}"):
                shutil.rmtree(left)
            super().download_and_prepare(**kwargs)
            shutil.rmtree(self._parts_folder, ignore_errors=True)

    @property
    def _parts_folder(self) -> pathlib.Path:
        return self._folder / f"{self.version}.parts"

    def _download_and_prepare(
        self,
        dl_manager: tfds.download.DownloadManager,
        download_config: tfds.download.DownloadConfig | None = None,
    ) -> None:
        config = download_config or tfds.download.DownloadConfig()
        if config.beam_options is not None and config.beam_runner is None:
            # `tfds build --beam_pipeline_options` puts the runner among the
            # options, where a `ShardBasedBuilder` does not look for it.
            options = config.beam_options.get_all_options()
            config = dataclasses.replace(
                config, beam_runner=options["runner"] or "DirectRunner"
            )
        self._with_beam = config.beam_runner is not None
        super()._download_and_prepare(dl_manager, config)

        everything = [part for group in self._parts.values() for part in group]
        report = parts.report(everything)
        self._print_summary(report)
        files.write_json(
            pathlib.Path(self.data_dir) / DETAILS, dataclasses.asdict(report)
        )

    def _shard_iterators_per_split(
        self, dl_manager: tfds.download.DownloadManager
    ) -> Mapping[str, list[parts.Part]]:
        splits = self._find(building.manual_dir(dl_manager))
        self._parts = parts.divide(
            splits, self._parts_folder, self._on_bad_file
        )
        if not self._with_beam:
            parts.prepare(
                [part for group in self._parts.values() for part in group],
                self._processes,
            )
        return self._parts

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

    def _print_summary(self, report: parts.Report) -> None:
        print(
            f"Prepared {report.clips} clips, {report.frames} frames, "
            f"{report.two_performers} clips of two performers, by split:"
        )
        for split, info in self.info.splits.items():
            print(f"  {split}: {info.num_examples} clips")
        skipped = collections.Counter(
            {("no body in any frame", clip_id): 1 for clip_id in report.empty}
            | {("damaged", error): 1 for error in report.bad.values()}
        )
        print(*counted(skipped), sep="\n", end="\n" if skipped else "")
        for count, what in COUNTED.items():
            if clips := report.counts[count]:
                print(f"{what}: {sum(clips.values())} in {len(clips)} clips")
        print(f"{DETAILS}, in the folder of the prepared data, names them")


@contextlib.contextmanager
def _alone(lock: pathlib.Path) -> Iterator[None]:
    """Waits for the lock and holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
