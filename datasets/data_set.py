"""A data set, as the command line and the trainer see it.

To add a data set, add a folder `datasets/<name>/`; nothing else changes. The
shortest real example is `datasets/synthetic`, which borrows the reader of
`datasets/sbu`.

1. `recordings.py` reads raw files with NumPy only: a `Recording` derived from
   `datasets.raw.Recording`, `read_recording(data, place)` for one file, and
   `survey(path)`, which calls `datasets.raw.survey`. Damage is a `RawDataError`
   that names file and line.
2. `<name>_dataset_builder.py` defines a TFDS builder called `Builder`. Its
   `_info` returns `datasets.building.dataset_info(self, description, ...)`,
   where the `Description` states the skeleton, the number of bodies, the
   classes and the protocols. Its splits are those that the protocols name. Its
   raw folder is `datasets.building.manual_dir(dl_manager)`. `README.md`,
   `CITATIONS.bib` and `TAGS.txt` stand next to it.
   For many thousand recordings, derive it from `datasets.parts_builder`.
3. `__init__.py` defines `DATA_SET`, a `DataSet`, without importing TensorFlow.

`train.py --dataset=<name>` and `predict.py` then find it, with its options as
flags. Test it like `tests/datasets/test_sbu_dataset_builder.py`.
"""

import dataclasses
import importlib
import itertools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from datasets import raw


@dataclasses.dataclass(frozen=True)
class Option:
    """A command-line flag that only some data sets understand.

    Attributes:
        name: Name of the flag, and of the argument of the builder that
            receives its value.
        default: Default value; a bool makes a boolean flag.
        help: Help text of the flag; which data sets have it is added.
        choices: Values that the flag accepts; empty for any value.
    """

    name: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()


# Of the data sets that `datasets/parts_builder.py` prepares.
ON_BAD_FILE = Option(
    "on_bad_file",
    default="error",
    help="Stop at a damaged recording, or skip it and report its name.",
    choices=("error", "skip"),
)


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A data set.

    Attributes:
        name: Name of its folder in `datasets/`.
        options: Flags that its builder understands.
        survey: Finds the raw recordings in a folder, at any depth and in zips
            too, or in a single zip.
        read: Reads one raw file, given its content and the name that error
            messages call it. Returns the skeleton, `(frames, bodies, joints,
            3)`, float32, metres in camera space; raises `RawDataError`.
        folder: The folder of own recordings that is this data set; `None` for
            the data sets of this package.
        rate: Frames a second.
        generate: Generates a few recordings of nobody: the name and the content
            of each file.
    """

    name: str
    options: tuple[Option, ...]
    survey: Callable[[str | os.PathLike[str]], raw.Survey[Any]]
    read: Callable[[bytes, str], np.ndarray]
    folder: pathlib.Path | None = None
    rate: float = 30.0
    generate: Callable[[], Iterable[tuple[str, bytes]]] = tuple

    def examples(self) -> list[tuple[str, np.ndarray]]:
        """Names and skeletons of generated recordings, free of any terms."""
        return [(x, self.read(data, x)) for x, data in self.generate()]

    def builder(
        self, data_dir: str | os.PathLike[str] | None = None, **options: Any
    ):
        """The TFDS builder. Imports TensorFlow.

        Args:
            data_dir: Folder of prepared data sets; by default that of TFDS.
            **options: Values of `options`, by name.
        """
        module = importlib.import_module(
            f"datasets.{self.name}.{self.name}_dataset_builder"
        )
        return module.Builder(data_dir=data_dir, **options)

    def recordings(
        self, path: str | os.PathLike[str]
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Reads raw recordings, one after the other.

        Args:
            path: One raw file, wherever it is and whatever its name; or a
                folder or a zip, in which `survey` finds them.

        Yields:
            Name of the clip, and its skeleton as `read` returns it. A clip in
            which nobody was tracked has no frames.

        Raises:
            RawDataError: There is nothing at `path`, the folder or zip contains
                no recording, or a recording is damaged.
        """
        path = pathlib.Path(path).expanduser()
        if not path.exists():
            raise raw.RawDataError(
                f"{path}: expected a recording, a zip or a folder. "
                "Received: a path where there is nothing"
            )
        if not path.is_dir() and path.suffix.lower() != ".zip":
            recording = raw.Recording(str(path), path)
            yield str(path), self.read(recording.read_bytes(), str(path))
            return
        found = self.survey(path)
        if not found.recordings:
            ignored = "".join(f"\n{x}" for x in raw.counted(found.ignored))
            raise raw.RawDataError(
                f"{path}: expected recordings of {self.name}. Received: none"
                f"{ignored}"
            )
        for recording in found.recordings:
            yield (
                recording.clip_id,
                self.read(recording.read_bytes(), recording.place),
            )


def users_of(
    options: Mapping[str, Iterable[Option]],
) -> dict[Option, list[str]]:
    """The names of the data sets that have an option, for each.

    Args:
        options: The options of each data set, by its name.

    Raises:
        ValueError: Two data sets mean different options by one name.
    """
    users: dict[Option, list[str]] = {}
    for name, of_name in options.items():
        for option in of_name:
            users.setdefault(option, []).append(name)
    for one, other in itertools.combinations(users, 2):
        if one.name == other.name:
            raise ValueError(
                f"`{one.name}` must be the same option everywhere. Received: "
                f"{one} of {', '.join(users[one])}; "
                f"{other} of {', '.join(users[other])}"
            )
    return users
