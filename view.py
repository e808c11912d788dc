"""Shows recordings in 3-D, with where a model looks and what it answers.

    python view.py ~/SBU/s01s02/03/001            the model that comes along
    python view.py --model=workdirs/demo A B      two recordings side by side
    python view.py --model=workdirs/demo FOLDER   all in it, to choose from
    python view.py --model=workdirs/demo --split=fold_1

Writes one page, --out, that needs nothing else; --open opens it. Recordings are
those that predict.py takes; with --split, the clips of prepared data. Of
several clips, those that the model gets wrong come first, the most certain one
on top; then the others, the least certain one on top.
"""

import os
import pathlib
import webbrowser
from collections.abc import Iterator
from typing import Any

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tqdm
from absl import app, flags, logging

import datasets
import stalstm
from datasets import reading
from datasets.raw import RawDataError
from stalstm import prepared
from stalstm.loading import LoadError
from stalstm.paths import DEFINE_path
from stalstm.runtime.litert import InputError, ModelError
from stalstm.show import clips as clips_lib
from stalstm.show import page
from stalstm.skeletons import Skeleton

_MODEL = flags.DEFINE_string(
    "model",
    "sbu",
    "A workdir, a .keras file, an exported folder, a LiteRT file, or the name "
    "of a model that comes with the repository.",
)
_DATASET = reading.DEFINE_dataset()
_SPLIT = flags.DEFINE_string(
    "split", None, "Show this split of the prepared data, e.g. fold_3."
)
_DATA_DIR = reading.DEFINE_data_dir()
_OUT = DEFINE_path("out", "view.html", "Page to write.")
_OPEN = flags.DEFINE_bool("open", False, "Open the page in a browser.")
_RATE = flags.DEFINE_float(
    "rate",
    None,
    "Frames a second at normal speed. Default: that of the data set.",
    lower_bound=0.1,
    upper_bound=1000.0,
)
_MOST = flags.DEFINE_integer(
    "most", 200, "Largest number of clips in a page.", lower_bound=1
)


def main(argv):
    logging.set_verbosity(logging.ERROR)  # TFDS logs warnings about itself
    if bool(argv[1:]) == bool(_SPLIT.value):
        raise app.UsageError("expected recordings, or --split.")
    if _OUT.value.is_dir():
        raise app.UsageError(
            f"--out: expected a file. Received: {_OUT.value}, a folder"
        )
    try:
        model = stalstm.load(_MODEL.value)
        training = model.metadata.get("training", {})
        write(model, reading.readers(_DATASET.value, training), argv[1:])
    except (
        InputError,
        LoadError,
        ModelError,
        OSError,
        RawDataError,
    ) as error:
        raise SystemExit(f"view.py: {error}") from None
    print(f"The page is {_OUT.value}.")
    if _OPEN.value:
        webbrowser.open(_OUT.value.absolute().as_uri())


def find(
    model: Any, readers: list[datasets.DataSet], paths: list[str]
) -> Iterator[tuple[str, np.ndarray, str | None]]:
    """The name, the skeleton and, where it is known, the class of each clip."""
    training = model.metadata.get("training", {})
    if split := _SPLIT.value:
        for clip in prepared.clips(training, split, _DATA_DIR.value):
            label = model.metadata["labels"][clip.label]
            yield clip.name, clip.skeleton, label
        return
    for path in paths:
        for name, skeleton in reading.read(path, readers):
            yield name, skeleton, None


def write(
    model: Any, readers: list[datasets.DataSet], paths: list[str]
) -> None:
    """Asks the model about every clip, and writes the page.

    Raises:
        InputError: There is no clip with frames, or it has other joints than
            the model takes.
    """
    joints = Skeleton.from_json(model.metadata["skeleton"])
    expected = model.metadata["bodies"], len(joints.joints), 3
    described: list[dict[str, Any]] = []
    left_out = 0
    clips = tqdm.tqdm(find(model, readers, paths), unit="clip")
    for name, skeleton, label in clips:
        if len(described) == _MOST.value:
            left_out += 1
            continue
        if not len(skeleton):
            print(f"Left out, nobody was tracked in it: {name}")
            continue
        if skeleton.shape[1:] != expected:
            raise InputError(
                f"{name}: expected the shape (frames, bodies, joints, 3) with "
                f"{expected} of the model. Received: {skeleton.shape}"
            )
        answer = None
        try:
            answer = clips_lib.follow(model, skeleton)
        except InputError as error:
            print(f"No answer about {name}: {error}")
        described.append(clips_lib.describe(name, skeleton, answer, label))
    if left_out:
        print(f"Left out, beyond --most={_MOST.value}: {left_out} clips")
    if not described:
        raise InputError("expected a recording with frames. Received: none")
    if len(described) > 2:
        described.sort(key=clips_lib.interest)
    page.write(
        _OUT.value,
        title=f"What {pathlib.Path(_MODEL.value).name} sees",
        main="view",
        modules=page.VIEW,
        data={
            "shared": clips_lib.shared(joints, model.metadata["labels"]),
            "rate": _RATE.value or readers[0].rate,
            "clips": described,
        },
    )


if __name__ == "__main__":
    app.run(main)
