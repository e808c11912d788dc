"""A folder of own recordings for TensorFlow Datasets."""

import collections
import dataclasses
import hashlib
import itertools
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from datasets import building, parts, raw
from datasets.custom import headings, protocols
from datasets.custom.layout import MANIFEST, Layout, file_of, read_layout
from datasets.custom.manifest import classes, read_manifest
from datasets.custom.recordings import Reader, Recording, listed
from datasets.parts import Part
from datasets.parts_builder import PartsBuilder
from datasets.raw import RawDataError
from stalstm import files
from stalstm.description import Contents, Description

VERSION = tfds.core.Version("1.0.0")
# Clips of a part, at most 500, from which the direction of bodies is known.
SAMPLED = 100


@dataclasses.dataclass(eq=False)
class FolderConfig(tfds.core.BuilderConfig):
    """One state of a folder, and how its clips are divided.

    Attributes:
        data: What the data set says of itself.
        parts: Parts of each split, which have been read; none if the data set
            is prepared already.
        subjects: Subjects of each split.
    """

    data: Description | None = None
    parts: Mapping[str, list[Part[Recording]]] = dataclasses.field(
        default_factory=dict
    )
    subjects: Mapping[str, list[str]] = dataclasses.field(default_factory=dict)


class Builder(PartsBuilder):
    """Prepares what `make` has read."""

    # The folder of the prepared data sets, whatever the builder's module.
    name = "custom"
    COUNTED: ClassVar[dict[str, str]] = {
        "filled_joints": "Missing joints, interpolated",
        "empty_frames": "Frames left out, without a body",
    }
    VERSION = VERSION
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "First release."}

    def _info(self) -> tfds.core.DatasetInfo:
        return building.dataset_info(
            self,
            self.builder_config.data,
            {
                "subject": tfds.features.Text(),
                "group": tfds.features.Text(),
                "metadata": tfds.features.Text(),  # further columns, as JSON
            },
        )

    def _divide(
        self, dl_manager: tfds.download.DownloadManager
    ) -> Mapping[str, list[Part[Recording]]]:
        del dl_manager
        return self.builder_config.parts

    def _details(self, report: parts.Report) -> dict[str, Any]:
        subjects = self.builder_config.subjects
        return {**super()._details(report), "subjects": subjects}

    @property
    def _parts_folder(self) -> pathlib.Path:
        return _parts_folder(self.data_dir_root, self.builder_config.name)


def make(
    folder: pathlib.Path,
    name: str,
    data_dir: Any = None,
    *,
    folds: str,
    fold_seed: str,
    on_bad_file: str,
) -> Builder:
    """The builder of a folder, its recordings read.

    The bodies and the lengths of the clips have to be known beforehand. What
    has been read is kept; if it is interrupted, this function resumes.

    Args:
        folder: The folder.
        name: Name of the data set.
        data_dir: Folder of prepared data sets; by default that of TFDS.
        folds, fold_seed, on_bad_file: Values of the options.

    Raises:
        ValueError: An option has a value that it must not have.
        RawDataError: Something in the folder is wrong.
    """
    layout, unknown = read_layout(folder)
    manifest = read_manifest(file_of(folder, MANIFEST))
    found = listed(folder, manifest)
    division = protocols.divide(
        found.recordings,
        _whole("folds", folds) if folds else None,
        _whole("fold_seed", fold_seed),
    )
    state = repr((layout, found.recordings, sorted(division.splits.items())))
    digest = hashlib.sha256(state.encode()).hexdigest()[:8]
    config = FolderConfig(name=f"{name}_{digest}")
    root = pathlib.Path(data_dir or tfds.core.constants.DATA_DIR).expanduser()
    prepared = root / Builder.name / config.name / str(VERSION)
    if prepared.exists():
        info = tfds.builder_from_directory(prepared).info
        config.data = Description.from_json(info.metadata)
        return Builder(config=config, data_dir=root)

    _say(layout, unknown, manifest.columns, found, division)
    labels = classes(x.label for x in found.recordings if x.label is not None)
    splits: dict[str, list[Recording]] = collections.defaultdict(list)
    for recording in found.recordings:
        splits[division.splits[recording.clip_id]].append(recording)
    config.subjects = {
        split: sorted({x.subject for x in of_split if x.subject})
        for split, of_split in splits.items()
    }
    with files.alone(root / Builder.name / f"{name}.lock"):
        config.parts = parts.divide(
            splits,
            Reader(layout, labels),
            _parts_folder(root, config.name),
            on_bad_file,
        )
        everything = [part for x in config.parts.values() for part in x]
        parts.prepare(everything)
        report = parts.report(everything)
    if not report.clips:
        raise RawDataError(
            f"{folder / MANIFEST}: expected clips with somebody in them. "
            f"Received: {len(found.recordings)} clips, all of them empty or "
            "damaged"
        )
    config.data = Description(
        skeleton=layout.skeleton,
        bodies=layout.bodies or max(report.bodies),
        classes=labels,
        protocols=division.protocols,
        contents=Contents(
            clips=report.clips,
            least_bodies=min(report.bodies),
            median_frames=int(np.median(report.lengths)),
            long_frames=int(np.quantile(report.lengths, 0.9)),
            turned=headings.turned(_samples(everything), layout.skeleton),
        ),
        reading=layout.to_json(),
    )
    return Builder(config=config, data_dir=root, on_bad_file=on_bad_file)


def _samples(everything: list[Part[Recording]]) -> Iterator[np.ndarray]:
    """Some clips of every part."""
    for part in everything:
        for _, example in itertools.islice(part(), SAMPLED):
            yield example["skeleton"]


def _parts_folder(root: Any, config: str) -> pathlib.Path:
    """The same for all states of a folder: what did not change is kept."""
    name = config.rpartition("_")[0]
    return pathlib.Path(root).absolute() / Builder.name / f"{name}.parts"


def _whole(option: str, text: str) -> int:
    if not text.isdecimal():
        raise ValueError(
            f"--{option}: expected a whole number. Received: {text}"
        )
    return int(text)


def _say(
    layout: Layout,
    unknown: list[str],
    columns: tuple[str, ...],
    found: raw.Survey[Recording],
    division: protocols.Division,
) -> None:
    """Prints what is converted, ignored and kept, and the splits."""
    if conversion := layout.conversion():
        print(f"Converted: {conversion}")
    if unknown:
        print(f"Unknown keys of skeleton.json, ignored: {', '.join(unknown)}")
    if columns:
        print(f"Further columns, kept with the clips: {', '.join(columns)}")
    print(*raw.counted(found.ignored), *division.lines, sep="\n")
