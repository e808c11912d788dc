"""Exports a trained model: a SavedModel for TensorFlow Serving, LiteRT files.

    python export.py --workdir=workdirs/sbu_fold_3_seed_0 --export_dir=models

leaves in models/, <n> being the next number,

    sbu/<n>/            the SavedModel
    litert/sbu/<n>/     frame_*.tflite and clip_*.tflite, with what runs them
    compose.yaml        serves all models of the folder, with models.config,
                        batching.config and monitoring.config

and prints how closely each of them agrees with the Keras model.
"""

import os
import pathlib
import shlex
from collections.abc import Sequence

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow_datasets as tfds
from absl import app, flags, logging

from stalstm import files, input_pipeline, paths
from stalstm.export import agreement, litert, saved_model, server_files
from stalstm.export.errors import ExportError
from stalstm.models.classifier import Classifier
from stalstm.runtime.litert import InputError
from stalstm.workdir import Trained, WorkdirError, load

# Maximum number of clips of the test split to compare on.
COMPARED = 256

_WORKDIR = paths.DEFINE_path(
    "workdir", None, "Workdir of a finished training.", required=True
)
_EXPORT_DIR = paths.DEFINE_path(
    "export_dir", None, "Folder of exported models.", required=True
)
_NAME = flags.DEFINE_string(
    "name", None, "Name of the model. Default: that of the data set."
)
_DATA_DIR = paths.DEFINE_path(
    "data_dir",
    None,
    "Folder of prepared data sets, with the test clips to compare on. Default: "
    "where the training found them.",
)
_FRAMES = flags.DEFINE_integer(
    "frames",
    None,
    "Maximum clip length, in frames, of the LiteRT clip model. Default: that "
    "of the longest test clip, rounded up to a multiple of 8.",
    lower_bound=1,
)


def main(argv):
    logging.set_verbosity(logging.ERROR)
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    try:
        trained = load(_WORKDIR.value)
        config = trained.records["config"]
        name = _NAME.value or config["dataset"].split("/")[0]
        check_name(name)
        data = pathlib.Path(config["data_dir"])
        if _DATA_DIR.value:
            data = _DATA_DIR.value / config["dataset"]
        clips, source = compared_clips(trained, data)
        longest = trained.records["evaluation"]["longest_clip"]
        frames = _FRAMES.value or -(-longest // 8) * 8
        export(trained, _EXPORT_DIR.value, name, clips, source, frames)
    except (ExportError, InputError, WorkdirError) as error:
        raise SystemExit(f"export.py: {error}") from None


def check_name(name: str) -> None:
    """Raises `ExportError` if a model of this name cannot have a folder."""
    if not name.replace("_", "").replace("-", "").isalnum() or name == "litert":
        raise ExportError(
            "--name: expected letters, digits, _ and -, and not litert. "
            f"Received: {name!r}"
        )


def compared_clips(
    trained: Trained, data: pathlib.Path
) -> tuple[list[tuple[np.ndarray, int | None]], str]:
    """Clips to compare on, with their labels; and where they are from.

    Args:
        trained: The training, whose test split is taken.
        data: Folder of the prepared data set. If there is none, the clips are
            random and their labels `None`.
    """
    config = trained.records["config"]
    if (data / "dataset_info.json").exists():
        builder = tfds.builder_from_directory(data)
        clips = input_pipeline.load_clips(builder, config["test_split"])
        return [
            (inputs["skeleton"], int(label))
            for inputs, label in clips.take(COMPARED).as_numpy_iterator()
        ], f"{config['dataset']}, {config['test_split']}"
    print(
        f"No prepared data set in {data}: comparing on random clips. "
        "--data_dir=... says where it is."
    )
    lengths = (1, 2, 3, 5, 20, 40)
    return [
        (random_clip(trained.model, frames), None) for frames in lengths
    ], "random clips"


def random_clip(model: Classifier, frames: int) -> np.ndarray:
    """A clip `(frames, bodies, joints, 3)` of random movement."""
    rng = np.random.default_rng(frames)
    joints = len(model.skeleton.joints)
    pose = rng.normal(scale=0.4, size=(model.bodies, joints, 3))
    noise = rng.normal(scale=0.05, size=(frames, *pose.shape))
    skeleton = pose + noise.cumsum(axis=0) + [0, 0, 3]
    return skeleton.astype(np.float32)


def export(
    trained: Trained,
    export_dir: pathlib.Path,
    name: str,
    clips: Sequence[tuple[np.ndarray, int | None]],
    source: str,
    frames: int,
) -> None:
    """Writes the next version and compares it; it appears when it is whole.

    Args:
        trained: The model and the records of its training.
        export_dir: Folder of exported models.
        name: Name of the model.
        clips: Clips to compare on, with their labels.
        source: Where the clips are from, for the report.
        frames: Maximum clip length, in frames, of the LiteRT clip model.
    """
    litert.check_installed()
    model = trained.model
    if model.cannot_stream:
        print(f"{name} has no files for live streams: {model.cannot_stream}.")
    version = next_version(export_dir, name)
    served = export_dir / name / version
    on_device = export_dir / "litert" / name / version
    for place in (served, on_device):
        place.parent.mkdir(parents=True, exist_ok=True)
    with (
        files.replacing(served) as new_served,
        files.replacing(on_device) as new_on_device,
    ):
        saved_model.write(trained, new_served, name, clips[0][0])
        example = random_clip(model, min(frames, 40))
        litert.write(trained, new_on_device, name, example, frames)
        result = agreement.measure(model, new_served, new_on_device, clips)
        for folder in (new_served / "assets.extra", new_on_device):
            files.write_json(
                folder / "agreement.json", {"clips_of": source, **result}
            )
    server_files.write(export_dir)
    predict = paths.script("predict.py")
    on_recordings = paths.command(predict, f"--model={on_device}", "RECORDING")
    on_device_files = (f"{on_device}/runtime.py", f"{on_device}/clip.npy")
    compose = shlex.quote(f"{export_dir}/compose.yaml")
    on_server = paths.command(
        predict, "--server=localhost:8500", f"--model={name}", "RECORDING"
    )
    print(
        f"Compared with the Keras model on {source}:\n"
        f"{agreement.table(result)}\n"
        f"{name}, version {version}, is in {export_dir}.\n"
        "Predict the actions of recordings:\n"
        f"  {on_recordings}\n"
        f"For a device, copy {on_device}, which is complete by itself:\n"
        f"  {paths.command(*on_device_files)}\n"
        "Serve it, and ask the server:\n"
        f"  docker compose --file {compose} up\n"
        f"  {on_server}"
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
