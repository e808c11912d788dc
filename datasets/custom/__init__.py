"""Own recordings: a folder is a data set.

`docs/own_data.md` describes the folder and the formats of its files.
"""

import dataclasses
import functools
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from datasets.custom.layout import SKELETON, Layout, read_layout
from datasets.custom.recordings import Reader, read_recording, survey
from datasets.data_set import ON_BAD_FILE, DataSet, Option
from datasets.raw import RawDataError
from stalstm.description import Description

NAME = "custom"
OPTIONS = (
    ON_BAD_FILE,
    Option(
        "folds",
        default="",
        help="Number of folds of whole subjects. Default: the column split of "
        "the manifest, and without it 5, or the number of subjects if there "
        "are fewer.",
    ),
    Option(
        "fold_seed",
        default="0",
        help="Random seed of the assignment of subjects to folds.",
    ),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnRecordings(DataSet):
    """A folder of own recordings, or any that are read in the same way.

    Attributes:
        layout: How they are read.
        bodies: Number of bodies of every clip, absent ones included; `None`
            for as many as each has.
    """

    layout: Layout
    bodies: int | None = None

    def builder(
        self, data_dir: str | os.PathLike[str] | None = None, **options: Any
    ):
        from datasets.custom import custom_dataset_builder

        assert self.folder is not None
        values = {option.name: option.default for option in self.options}
        return custom_dataset_builder.make(
            self.folder, self.name, data_dir, **{**values, **options}
        )

    def recordings(
        self, path: str | os.PathLike[str]
    ) -> Iterator[tuple[str, np.ndarray]]:
        path = pathlib.Path(path).expanduser()
        if not path.is_dir():
            for name, skeleton in super().recordings(path):
                yield name, self._with_bodies(name, skeleton)
            return
        found = survey(path).recordings
        if not found:
            raise RawDataError(
                f"{path}: expected recordings (.npy, .npz, .csv, .jsonl). "
                "Received: a folder without any"
            )
        read = Reader(self._layout_of(path))
        for recording in found:
            skeleton = read(recording).skeleton
            yield (
                recording.clip_id,
                self._with_bodies(recording.place, skeleton),
            )

    def _layout_of(self, folder: pathlib.Path) -> Layout:
        """The folder's own layout, if it has one, of the same joints."""
        if not (folder / SKELETON).exists():
            return self.layout
        layout, _ = read_layout(folder)
        joints, expected = layout.skeleton.joints, self.layout.skeleton.joints
        if joints != expected:
            raise RawDataError(
                f"{folder / SKELETON}: expected the joints that the model "
                f"knows: {', '.join(expected)}. Received: {', '.join(joints)}"
            )
        return layout

    def _with_bodies(self, place: str, skeleton: np.ndarray) -> np.ndarray:
        """Appends absent bodies, up to the number that the model knows."""
        here = skeleton.shape[1]
        if self.bodies is None or here == self.bodies:
            return skeleton
        if here > self.bodies:
            raise RawDataError(
                f"{place}: expected at most {self.bodies} bodies, as in the "
                f"recordings that the model was trained on. Received: {here}"
            )
        absent = [(0, 0), (0, self.bodies - here), (0, 0), (0, 0)]
        return np.pad(skeleton, absent)


def in_folder(folder: pathlib.Path) -> OwnRecordings:
    """The data set in a folder; its name is that of the folder.

    Raises:
        RawDataError: The folder has no `skeleton.json`, or a wrong one.
    """
    folder = folder.absolute()
    layout, _ = read_layout(folder)
    name = re.sub(r"\W+", "_", folder.name, flags=re.ASCII).strip("_").lower()
    return _data_set(name or NAME, layout, folder=folder)


def as_described(data: Description) -> OwnRecordings:
    """Recordings like those that a model was trained on."""
    layout = Layout.from_json(data.skeleton, data.reading)
    return _data_set(NAME, layout, bodies=data.bodies)


def _data_set(name: str, layout: Layout, **further: Any) -> OwnRecordings:
    return OwnRecordings(
        name=name,
        options=OPTIONS,
        survey=survey,
        read=functools.partial(read_recording, layout=layout),
        layout=layout,
        **further,
    )
