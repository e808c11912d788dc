"""A TFDS builder that prepares raw recordings in parts."""

import abc
import collections
import dataclasses
import functools
import itertools
import pathlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from datasets import building, parts
from datasets.data_set import ON_BAD_FILE
from datasets.raw import counted
from stalstm import files

DETAILS = "preparation.json"

Examples = Iterator[tuple[str, dict[str, Any]]]


class PartsBuilder(building.OneAtATime, tfds.core.ShardBasedBuilder):
    """Prepares raw recordings in parts, on all cores; one process at a time.

    A builder of a data set defines `_info`, as every TFDS builder,
    `_divide`, and `COUNTED`.

    What has been read stays in `<data_dir>/<name>/<config>/<version>.parts`
    until everything is prepared; a preparation that was killed resumes from
    there. What became of the recordings is printed, and written to
    `preparation.json` in the folder of the prepared data.

    Args:
        on_bad_file: What to do about a damaged recording: `"error"` names it
            and stops; `"skip"` leaves it out, counts it and names it.
        processes: Number of processes that read; `None` for one on each core.
    """

    # What the summary calls each kind of thing that clips count.
    COUNTED: ClassVar[Mapping[str, str]]

    def __init__(
        self,
        *,
        on_bad_file: str = ON_BAD_FILE.default,
        processes: int | None = None,
        **kwargs: Any,
    ):
        if on_bad_file not in ON_BAD_FILE.choices:
            raise ValueError(
                "`on_bad_file` must be one of "
                f"{', '.join(ON_BAD_FILE.choices)}. "
                f"Received: on_bad_file={on_bad_file!r}"
            )
        super().__init__(**kwargs)
        self._on_bad_file = on_bad_file
        self._processes = processes
        self._parts: list[parts.Part[Any]] = []
        self._with_beam = False

    @abc.abstractmethod
    def _divide(
        self, dl_manager: tfds.download.DownloadManager
    ) -> Mapping[str, Sequence[parts.Part[Any]]]:
        """The parts of each split, by `parts.divide` into `_parts_folder`.

        Parts that are ready are not read again.

        Args:
            dl_manager: Knows the raw folder: see `building.manual_dir`.

        Raises:
            RawDataError: There is nothing to prepare.
        """

    def _headline(self, report: parts.Report) -> str:
        """What the summary says first."""
        return f"{report.clips} clips, {report.frames} frames"

    def _details(self, report: parts.Report) -> dict[str, Any]:
        """The content of `preparation.json`, as JSON values."""
        return {
            "clips": report.clips,
            "frames": report.frames,
            "bodies": dict(sorted(report.bodies.items())),
            "empty": report.empty,
            "bad": report.bad,
            "counts": {x: report.counts.get(x, {}) for x in self.COUNTED},
        }

    @property
    def _parts_folder(self) -> pathlib.Path:
        return self._folder / f"{self.version}.parts"

    def download_and_prepare(self, **kwargs: Any) -> None:
        """As in TFDS, but by one process at a time, and able to resume."""
        super().download_and_prepare(**kwargs)
        shutil.rmtree(self._parts_folder, ignore_errors=True)

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

        report = parts.report(self._parts)
        self._print_summary(report)
        files.write_json(
            pathlib.Path(self.data_dir) / DETAILS, self._details(report)
        )

    def _shard_iterators_per_split(
        self, dl_manager: tfds.download.DownloadManager
    ) -> dict[str, list[functools.partial[Examples]]]:
        divided = self._divide(dl_manager)
        self._parts = list(itertools.chain(*divided.values()))
        if not self._with_beam:
            parts.prepare(self._parts, self._processes)
        bodies = self.info.features["skeleton"].shape[1]
        return {
            split: [functools.partial(part, bodies) for part in of_split]
            for split, of_split in divided.items()
        }

    def _print_summary(self, report: parts.Report) -> None:
        print(f"Prepared {self._headline(report)}, by split:")
        for split, info in self.info.splits.items():
            print(f"  {split}: {info.num_examples} clips")
        skipped = collections.Counter(
            {("no body in any frame", clip_id): 1 for clip_id in report.empty}
            | {("damaged", error): 1 for error in report.bad.values()}
        )
        print(*counted(skipped), sep="\n", end="\n" if skipped else "")
        for kind in sorted(report.counts, key=list(self.COUNTED).index):
            clips = report.counts[kind]
            print(
                f"{self.COUNTED[kind]}: {sum(clips.values())} in "
                f"{len(clips)} clips"
            )
        print(f"{DETAILS}, in the folder of the prepared data, names them")
