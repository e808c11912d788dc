"""One version of an exported model, in all forms."""

import contextlib
import pathlib
import shutil
from collections.abc import Sequence
from typing import Any

from stalstm import files
from stalstm.export import (
    agreement,
    clips,
    litert,
    saved_model,
    server_files,
    web,
)
from stalstm.workdir import Trained

# Folders of the forms, in the folder of the exports.
KINDS = ("", "litert", "web")
LOCK = ".lock"
# Names the version that is being written.
UNFINISHED = ".unfinished"


def write(
    trained: Trained,
    export_dir: pathlib.Path,
    name: str,
    compared: Sequence[clips.Labelled],
    source: str,
    frames: int,
    content: web.Content,
) -> tuple[str, dict[str, dict[str, Any]]]:
    """Writes the next version; it appears only if it agrees with the model.

    Args:
        trained: The model and the records of its training.
        export_dir: Folder of exported models.
        name: Name of the model.
        compared: Clips to compare on.
        source: Where these are from, for `agreement.json`.
        frames: Maximum clip length, in frames, of the LiteRT clip model.
        content: What the live page begins with.

    Returns:
        The version, which is the name of its folders: `<name>/<version>`, the
        SavedModel, `litert/<name>/<version>` and, of a model that streams,
        `web/<name>/<version>`; and what `agreement.measure` returned.

    Raises:
        ExportError: The model cannot be exported, or a file does not agree
            with it.
    """
    litert.check_installed()
    with files.alone(export_dir / LOCK):
        remove_unfinished(export_dir)
        version = next_version(export_dir, name)
        files.write_text(export_dir / UNFINISHED, f"{name}/{version}")
        try:
            result = _write(
                trained,
                export_dir,
                f"{name}/{version}",
                compared,
                source,
                frames,
                content,
            )
            (export_dir / UNFINISHED).unlink()
        finally:
            remove_unfinished(export_dir)
        server_files.write(export_dir)
    return version, result


def _write(trained, export_dir, place, compared, source, frames, content):
    name = place.partition("/")[0]
    with contextlib.ExitStack() as stack:

        def new(kind: str) -> pathlib.Path:
            folder = export_dir / kind / place
            folder.parent.mkdir(parents=True, exist_ok=True)
            return stack.enter_context(files.replacing(folder))

        served, on_device = new(""), new("litert")
        saved_model.write(trained, served, name, compared[0][0])
        example = clips.random(trained.model, min(frames, 40))
        litert.write(trained, on_device, name, example, frames)
        result = agreement.measure(trained.model, served, on_device, compared)
        for folder in (served / "assets.extra", on_device):
            files.write_json(
                folder / "agreement.json", {"clips_of": source, **result}
            )
        saved_model.seal(served)
        if trained.model.cannot_stream is None:
            web.write(new("web"), on_device, content)
    return result


def remove_unfinished(export_dir: pathlib.Path) -> None:
    """Removes what is there of a version that an export did not finish."""
    record = export_dir / UNFINISHED
    if not record.exists():
        return
    name, _, version = record.read_text(encoding="utf-8").partition("/")
    if name and version.isdecimal():
        for kind in KINDS:
            folder = export_dir / kind / name
            for left in (
                folder / version,
                folder / f"{files.TEMPORARY}{version}",
            ):
                shutil.rmtree(left, ignore_errors=True)
    record.unlink()


def next_version(export_dir: pathlib.Path, name: str) -> str:
    """One more than the last version that any of the folders has."""
    versions = [
        int(path.name)
        for kind in KINDS
        for folder in [export_dir / kind / name]
        if folder.exists()
        for path in folder.iterdir()
        if path.name.isdecimal()
    ]
    return str(max(versions, default=0) + 1)
