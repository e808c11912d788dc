"""Exports a trained model: a SavedModel for TensorFlow Serving, LiteRT files.

    python export.py --workdir=workdirs/sbu_fold_3_seed_0 --export_dir=models

leaves in models/, <n> being the next number,

    sbu/<n>/            the SavedModel
    litert/sbu/<n>/     step_*.tflite and clip_*.tflite, with model.json
    compose.yaml        what serves all models of the folder, with
                        models.config, batching.config, monitoring.config

and says how far each of them agrees with the Keras model.
"""

import os
import pathlib
import shutil
import tempfile
from collections.abc import Sequence

# Before TensorFlow is imported, or it tells what the machine has not.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow_datasets as tfds
from absl import app, flags, logging

from stalstm import input_pipeline
from stalstm import workdir as workdir_lib
from stalstm.serving import agreement, litert, saved_model, server_files
from stalstm.serving.inputs import InputError
from stalstm.serving.trained import ExportError, Trained, load

# At most so many clips of the test split are compared.
COMPARED = 256

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "What train.py left.", required=True
)
_EXPORT_DIR = flags.DEFINE_string(
    "export_dir", None, "Folder of exported models.", required=True
)
_NAME = flags.DEFINE_string(
    "name", None, "Of the model, for its clients. Default: the data set's."
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir",
    "~/tensorflow_datasets",
    "Folder of prepared data sets: the test split is compared on.",
)
_FRAMES = flags.DEFINE_integer(
    "frames",
    64,
    "That LiteRT's model for whole clips takes at most; a stream has no limit.",
    lower_bound=1,
)


def main(argv):
    logging.set_verbosity(logging.ERROR)
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    export_dir = pathlib.Path(_EXPORT_DIR.value).expanduser()
    try:
        trained = load(pathlib.Path(_WORKDIR.value).expanduser())
        name = _NAME.value or dataset(trained).split("/")[0]
        check_name(name)
        clips, source = compared_clips(trained)
        export(trained, export_dir, name, clips, source, _FRAMES.value)
    except (ExportError, InputError) as error:
        raise SystemExit(f"export.py: {error}") from None


def dataset(trained: Trained) -> str:
    return trained.records["config"]["dataset"]


def check_name(name: str) -> None:
    """Raises `ExportError` where a name is none for a folder of its own."""
    if not name.replace("_", "").replace("-", "").isalnum() or name == "litert":
        raise ExportError(
            "--name: expected letters, digits, _ and -, and not litert. "
            f"Received: {name!r}"
        )


def compared_clips(
    trained: Trained,
) -> tuple[list[tuple[np.ndarray, int | None]], str]:
    """Clips of the test split, or without it random ones; and which."""
    split = trained.records["config"]["test_split"]
    folder = pathlib.Path(_DATA_DIR.value).expanduser() / dataset(trained)
    if (folder / "dataset_info.json").exists():
        builder = tfds.builder_from_directory(folder)
        clips = input_pipeline.load_clips(builder, split).take(COMPARED)
        return [
            (inputs["skeleton"], int(label))
            for inputs, label in clips.as_numpy_iterator()
        ], f"{dataset(trained)}, {split}"
    print(f"No data set in {folder}: comparing on random clips.")
    rng = np.random.default_rng(0)
    model = trained.model
    random: list[tuple[np.ndarray, int | None]] = []
    for frames in (1, 2, 3, 5, 20, 40):
        pose = rng.normal(scale=0.4, size=(model.bodies, model.joints, 3))
        noise = rng.normal(scale=0.05, size=(frames, *pose.shape))
        skeleton = pose + noise.cumsum(axis=0) + [0, 0, 3]
        random.append((skeleton.astype(np.float32), None))
    return random, "random clips"


def export(
    trained: Trained,
    export_dir: pathlib.Path,
    name: str,
    clips: Sequence[tuple[np.ndarray, int | None]],
    source: str,
    frames: int,
) -> None:
    """Writes the next version beside its place, compares it, and moves it."""
    export_dir.mkdir(parents=True, exist_ok=True)
    beside = pathlib.Path(tempfile.mkdtemp(prefix=".export_", dir=export_dir))
    served, edge = beside / "served", beside / "edge"
    try:
        saved_model.write(trained, served, name, clips[0][0])
        litert.write(trained, edge, frames)
        result = agreement.measure(trained, served, edge, clips)
        for path in (served / "assets.extra", edge):
            workdir_lib.write_json(
                path / "agreement.json", {"clips_of": source, **result}
            )
        version = next_version(export_dir, name)
        # The server looks for new versions: what it finds is whole.
        for made, place in (
            (edge, export_dir / "litert" / name / version),
            (served, export_dir / name / version),
        ):
            place.parent.mkdir(parents=True, exist_ok=True)
            made.rename(place)
    finally:
        shutil.rmtree(beside)
    server_files.write(export_dir)
    print(f"Compared with the Keras model on {source}:")
    print(agreement.table(result))
    print(
        f"{name}, version {version}, is in {export_dir}. Serve it:\n"
        f"  docker compose --file {export_dir / 'compose.yaml'} up"
    )


def next_version(export_dir: pathlib.Path, name: str) -> str:
    """One more than the last version that either folder has."""
    versions = [
        int(path.name)
        for folder in (export_dir / name, export_dir / "litert" / name)
        if folder.exists()
        for path in folder.iterdir()
        if path.name.isdecimal()
    ]
    return str(max(versions, default=0) + 1)


if __name__ == "__main__":
    app.run(main)
