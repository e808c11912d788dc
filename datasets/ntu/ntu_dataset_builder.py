"""The NTU RGB+D and NTU RGB+D 120 data sets for TensorFlow Datasets."""

import collections
import contextlib
import dataclasses
import fcntl
import json
import pathlib
import shutil
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from datasets.ntu import official, parts, recordings
from datasets.ntu.recordings import JOINTS, Recording
from datasets.raw import RawDataError, counted

MISSING = "in the authors' list of missing skeletons"
DETAILS = "preparation.json"
COUNTED = {
    "dropped_frames": "Frames without a performer, left out",
    "continued_ids": "Ids that continue a body tracked under another",
    "short_bodies": "Bodies left out as noise, of few frames",
    "wide_bodies": "Bodies left out as noise, wider than high",
    "further_bodies": "Bodies left out beside the two that move most",
}
PAGE = "https://rose1.ntu.edu.sg/dataset/actionRecognition/"


class Builder(tfds.core.ShardBasedBuilder):
    """Prepares raw recordings, from folders or zips, on all cores.

    The splits are those of `official.split_names`; `official.protocol_splits`
    adds them up to Cross-Subject, Cross-View and Cross-Setup.

    What is read stays in `<data_dir>/ntu/<config>/<version>.parts` until all is
    prepared: a preparation that was killed goes on from there.

    Args:
        on_bad_file: What to do about a damaged recording: `"error"` names it
            and stops; `"skip"` leaves it out, counts and names it.
        processes: How many processes read; `None` takes one for each core.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "First release."}
    BUILDER_CONFIGS: ClassVar[list[tfds.core.BuilderConfig]] = [
        tfds.core.BuilderConfig(
            name=name,
            description=f"{data_set.title}: {data_set.actions} actions, "
            f"{data_set.samples} samples.",
        )
        for name, data_set in official.DATA_SETS.items()
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""\
Register at {PAGE} and put the
zips of the skeletons into that folder (train.py --raw_dir=FOLDER), as they are
or extracted:
  ntu60:  {" ".join(official.DATA_SETS["ntu60"].archives)}
  ntu120: {" ".join(official.DATA_SETS["ntu120"].archives)}"""

    def __init__(
        self,
        *,
        on_bad_file: str = "error",
        processes: int | None = None,
        **kwargs: Any,
    ):
        if on_bad_file not in parts.ON_BAD_FILE:
            raise ValueError(
                f"`on_bad_file` must be one of {', '.join(parts.ON_BAD_FILE)}. "
                f"Received: on_bad_file={on_bad_file!r}"
            )
        super().__init__(**kwargs)
        self._on_bad_file = on_bad_file
        self._processes = processes
        self._parts: dict[str, list[parts.Part]] = {}
        self._with_beam = False

    def _info(self) -> tfds.core.DatasetInfo:
        names = official.ACTIONS[: self._data_set.actions]
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    # As bytes: a list of numbers takes twenty times as long.
                    "skeleton": tfds.features.Tensor(
                        shape=(None, 2, JOINTS, 3),
                        dtype=np.float32,
                        encoding=tfds.features.Encoding.BYTES,
                    ),
                    "bodies": tfds.features.Scalar(np.int64),
                    "label": tfds.features.ClassLabel(names=names),
                    "setup": tfds.features.Scalar(np.int64),
                    "camera": tfds.features.Scalar(np.int64),
                    "performer": tfds.features.Scalar(np.int64),
                    "replication": tfds.features.Scalar(np.int64),
                    "clip_id": tfds.features.Text(),
                }
            ),
            supervised_keys=("skeleton", "label"),
            homepage=PAGE,
        )

    @property
    def _data_set(self) -> official.DataSet:
        return official.DATA_SETS[self.builder_config.name]

    @property
    def _folder(self) -> pathlib.Path:
        """Holds the versions of this data set."""
        root = pathlib.Path(self.data_dir_root).absolute()
        return root / self.name / self.builder_config.name

    def download_and_prepare(self, **kwargs: Any) -> None:
        """As TFDS says, one at a time; resumes what was killed."""
        if self.data_path.exists():  # Perhaps where nobody may write.
            super().download_and_prepare(**kwargs)
            return
        with _alone(self._folder / f"{self.version}.lock"):
            for left in self._folder.glob(f"incomplete.*_{self.version}"):
                shutil.rmtree(left)  # By TFDS, when it was killed.
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
            # `tfds build --beam_pipeline_options` says it among the options,
            # where a builder by shards does not look.
            options = config.beam_options.get_all_options()
            config = dataclasses.replace(
                config, beam_runner=options["runner"] or "DirectRunner"
            )
        self._with_beam = config.beam_runner is not None
        super()._download_and_prepare(dl_manager, config)

        everything = [part for group in self._parts.values() for part in group]
        report = parts.report(everything)
        self._print_summary(report)
        path = pathlib.Path(self.data_dir) / DETAILS
        path.write_text(json.dumps(dataclasses.asdict(report), indent=1))

    def _shard_iterators_per_split(
        self, dl_manager: tfds.download.DownloadManager
    ) -> Mapping[str, list[parts.Part]]:
        try:
            raw_dir = dl_manager.manual_dir
        except AssertionError as error:  # It does not exist, or is empty.
            raise RawDataError(str(error)) from None
        splits = self._find(raw_dir)
        self._parts = parts.divide(
            splits, self._parts_folder, self._on_bad_file
        )
        if not self._with_beam:
            parts.prepare(
                [part for group in self._parts.values() for part in group],
                self._processes,
            )
        return self._parts

    def _find(self, raw_dir: Any) -> dict[str, list[Recording]]:
        """The recordings of each split; says what it leaves out.

        Raises:
            RawDataError: There is no recording of this data set.
        """
        config, data_set = self.builder_config.name, self._data_set
        found = recordings.survey(raw_dir)
        missing = official.missing_skeletons(config)
        left_out = collections.Counter(found.ignored)
        splits: dict[str, list[Recording]]
        splits = {split: [] for split in official.split_names(config)}
        for recording in found.recordings:
            if not (
                1 <= recording.setup <= data_set.setups
                and 1 <= recording.action <= data_set.actions
            ):
                left_out[f"not of {data_set.title}", str(recording.path)] += 1
            elif recording.clip_id in missing:
                left_out[MISSING, recording.clip_id] += 1
            else:
                split = official.split_of(
                    config,
                    recording.setup,
                    recording.camera,
                    recording.performer,
                )
                splits[split].append(recording)
        print(*counted(left_out), sep="\n", end="\n" if left_out else "")
        read = sum(map(len, splits.values()))
        listed = sum(n for (why, _), n in left_out.items() if why == MISSING)
        print(
            f"{data_set.title} has {data_set.samples} recordings, "
            f"{len(missing)} of them in that list: "
            f"here {read + listed}, {listed} of them in it"
        )
        if not read:
            raise RawDataError(
                f"No recording of {data_set.title} to read in {raw_dir}.\n"
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
        print(f"Which ones: {DETAILS} beside the prepared data")


@contextlib.contextmanager
def _alone(lock: pathlib.Path) -> Iterator[None]:
    """Waits until no other process holds the lock."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
