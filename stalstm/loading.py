"""Opens a model, whatever form it has; imports TensorFlow only if needed."""

import os
import pathlib
from typing import Any

from stalstm.runtime import litert

# Models that come with the repository.
SHIPPED = pathlib.Path(__file__).parents[1] / "models"


class LoadError(Exception):
    """There is no model to open; the message says what was expected."""


def load(name_or_path: str | os.PathLike[str], **options: Any) -> Any:
    """Opens a model.

    Args:
        name_or_path: A workdir of `train.py`; a `.keras` file; a folder that
            `export.py` wrote, a SavedModel or LiteRT, or the folder of its
            versions, of which the last one is taken; a LiteRT file; or the
            name of a model that comes with the repository.
        **options: For a workdir or a `.keras` file, those of
            `stalstm.predictors.KerasModel`; for LiteRT, `threads`.

    Returns:
        An object with `predict(clip_or_clips)`, `stream()` and `metadata`. The
        answer for a clip `(frames, bodies, joints, 3)`, metres in camera
        space, is a dict: `label`, `class_index`, `probabilities` and `logits`
        `(classes,)`, and where the model has them `spatial_attention`
        `(frames, bodies * joints)` and `temporal_attention` `(frames,)`.

    Raises:
        LoadError: There is no model.
        stalstm.workdir.WorkdirError: The workdir holds no finished training,
            or a file of it is damaged; a `LoadError`.
        stalstm.runtime.litert.ModelError: The LiteRT file cannot be run.
    """
    path = pathlib.Path(name_or_path).expanduser()
    if not path.exists() and str(name_or_path) in _shipped():
        path = SHIPPED / str(name_or_path)
    if path.is_dir():
        path = _last_version(path)
    if path.suffix == ".tflite" or (path / "model.json").exists():
        return litert.load(path, **options)
    if (path / "saved_model.pb").exists():
        from stalstm.export import saved_model

        return saved_model.load(path, **options)
    if (path / "config.json").exists() or path.suffix == ".keras":
        from stalstm import predictors

        return predictors.load_keras(path, **options)
    raise LoadError(
        f"{name_or_path}: expected a workdir, a .keras file, a folder that "
        "export.py wrote, a LiteRT file or the name of a model that comes with "
        f"the repository ({', '.join(_shipped()) or 'there is none yet'}). "
        f"Received: {_kind(path)}"
    )


def _kind(path: pathlib.Path) -> str:
    exported = [
        *path.glob("*/*/saved_model.pb"),
        *path.glob("*/*/*/model.json"),
    ]
    if exported:
        models = {str(x.parents[1].relative_to(path)) for x in exported}
        return f"a folder of several models, {', '.join(sorted(models))}"
    if path.is_dir():
        return "a folder of another kind"
    return "a file of another kind" if path.exists() else "no file or folder"


def _last_version(folder: pathlib.Path) -> pathlib.Path:
    """The version of the highest number, or the folder if it has none."""
    versions = [x for x in folder.iterdir() if x.name.isdecimal()]
    return max(versions, key=lambda x: int(x.name), default=folder)


def _shipped() -> list[str]:
    # Next to an installed package, `models` would be somebody else's.
    if not SHIPPED.is_dir() or not SHIPPED.with_name("train.py").exists():
        return []
    return sorted(x.name for x in SHIPPED.iterdir() if x.is_dir())
