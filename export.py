"""Exports a trained model: a SavedModel for TensorFlow Serving, LiteRT files.

    python export.py --workdir=workdirs/sbu_fold_3_seed_0 --export_dir=exported

leaves in exported/, <n> being the next number,

    sbu/<n>/            the SavedModel
    litert/sbu/<n>/     frame_*.tflite and clip_*.tflite, with what runs them
    web/sbu/<n>/        a page that runs the frame model in a browser
    compose.yaml        serves all models of the folder, with models.config,
                        batching.config and monitoring.config

and prints how closely each of them agrees with the Keras model.
"""

import os
import pathlib
import shlex

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from absl import app, flags, logging

import datasets
from stalstm.export import agreement, clips, version, web
from stalstm.export.errors import ExportError
from stalstm.paths import DEFINE_path, command, script
from stalstm.workdir import CANNOT_WRITE, Trained, WorkdirError, load

# Maximum number of clips of the test split to compare on.
COMPARED = 256
# Frames of the random clips, if there is no data to compare on.
RANDOM = (1, 2, 3, 5, 20, 40)

_WORKDIR = DEFINE_path(
    "workdir", None, "Workdir of a finished training.", required=True
)
_EXPORT_DIR = DEFINE_path(
    "export_dir", None, "Folder of exported models.", required=True
)
_NAME = flags.DEFINE_string(
    "name", None, "Name of the model. Default: that of the data set."
)
_DATA_DIR = DEFINE_path(
    "data_dir",
    None,
    "Folder of prepared data sets, with the test clips to compare on. Default: "
    "where the data of the training was.",
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
        name = _NAME.value or trained.records["config"]["name"]
        check_name(name)
        if reason := trained.model.cannot_stream:
            print(f"{name} has no files for live streams: {reason}.")
        compared, source = clips_to_compare(trained)
        longest = trained.records["evaluation"]["longest_clip"]
        number, result = version.write(
            trained,
            _EXPORT_DIR.value,
            name,
            compared,
            source,
            frames=_FRAMES.value or -(-longest // 8) * 8,
            content=live_content(trained, compared),
        )
    except (ExportError, WorkdirError) as error:
        raise SystemExit(f"export.py: {error}") from None
    except CANNOT_WRITE as error:
        raise SystemExit(
            f"export.py: expected that {_EXPORT_DIR.value} can be written. "
            f"Received: {error}"
        ) from None
    print(f"Compared with the Keras model on {source}:")
    print(agreement.table(result))
    print(f"{name}, version {number}, is in {_EXPORT_DIR.value}.")
    print(commands(trained, name, number))


def check_name(name: str) -> None:
    """Raises `ExportError` if a model of this name cannot have a folder."""
    plain = name.replace("_", "").replace("-", "").isalnum()
    if not plain or name in ("litert", "web"):
        raise ExportError(
            "--name: expected letters, digits, _ and -, and neither litert nor "
            f"web. Received: {name!r}"
        )


def clips_to_compare(trained: Trained) -> tuple[list[clips.Labelled], str]:
    """Clips of the test split, or random ones without it; and their source."""
    model, config = trained.model, trained.records["config"]
    dataset, split = config["dataset"], config["test_split"]
    data_dir = pathlib.Path(config["data_dir"])
    if _DATA_DIR.value:
        data_dir = _DATA_DIR.value / dataset
    if (data_dir / "dataset_info.json").exists():
        compared, refused = clips.load(model, data_dir, split, COMPARED)
        if refused:
            print(
                f"Clips of {split} that are left out, as fewer than "
                f"{model.least_bodies} bodies appear in them: {refused}"
            )
        if compared:
            return compared, f"{dataset}, {split}"
    else:
        print(f"No prepared data in {data_dir}; --data_dir=FOLDER says where.")
    print("Comparing on random clips.")
    return [(clips.random(model, x), None) for x in RANDOM], "random clips"


def live_content(
    trained: Trained, compared: list[clips.Labelled]
) -> web.Content:
    """What the live page begins with: generated recordings, nobody's data."""
    dataset = trained.records["config"]["dataset"].partition("/")[0]
    data_set = datasets.as_trained(dataset, trained.data)
    examples = data_set.examples() if data_set else []
    frames = int(np.median([len(x) for x, _ in compared]))
    return web.Content(
        examples or [("random movement", clips.random(trained.model, 60))],
        frames,
        data_set.rate if data_set else 30.0,
    )


def commands(trained: Trained, name: str, number: str) -> str:
    """Commands to try next."""
    folder = f"{_EXPORT_DIR.value}/litert/{name}/{number}"
    compose = shlex.quote(f"{_EXPORT_DIR.value}/compose.yaml")
    lines = [
        f"Run it on a device: {folder} is all that it needs, and its README "
        "says how. Here:",
        f"  {command(f'{folder}/runtime.py', f'{folder}/clip.npy')}",
    ]
    config = trained.records["config"]
    data_dir = _DATA_DIR.value or config["data_dir"].removesuffix(
        f"/{config['dataset']}"
    )
    if pathlib.Path(data_dir, config["dataset"]).exists():
        arguments = [
            script("predict.py"),
            f"--model={folder}",
            f"--split={config['test_split']}",
            f"--data_dir={data_dir}",
        ]
        lines += [
            "Evaluate it (predict.py predicts your own recordings, too):",
            f"  {command(*arguments)}",
        ]
    if trained.model.cannot_stream is None:
        page = f"{_EXPORT_DIR.value}/web/{name}/{number}/{web.FILE}"
        lines += ["See it live, in a browser:", f"  {page}"]
    lines += [
        "Serve all models of the folder (predict.py --server asks the server):",
        f"  docker compose --file {compose} up",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    app.run(main)
