"""One version of an exported model, in all forms."""

import contextlib
import pathlib
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
    version = next_version(export_dir, name)
    served = export_dir / name / version
    on_device = export_dir / "litert" / name / version
    in_browser = export_dir / "web" / name / version
    with contextlib.ExitStack() as stack:

        def new(place: pathlib.Path) -> pathlib.Path:
            place.parent.mkdir(parents=True, exist_ok=True)
            return stack.enter_context(files.replacing(place))

        new_served, new_on_device = new(served), new(on_device)
        saved_model.write(trained, new_served, name, compared[0][0])
        example = clips.random(trained.model, min(frames, 40))
        litert.write(trained, new_on_device, name, example, frames)
        result = agreement.measure(
            trained.model, new_served, new_on_device, compared
        )
        for folder in (new_served / "assets.extra", new_on_device):
            files.write_json(
                folder / "agreement.json", {"clips_of": source, **result}
            )
        if trained.model.cannot_stream is None:
            web.write(new(in_browser), new_on_device, content)
    server_files.write(export_dir)
    return version, result


def next_version(export_dir: pathlib.Path, name: str) -> str:
    """One more than the last version that any of the folders has."""
    versions = [
        int(path.name)
        for kind in (".", "litert", "web")
        for folder in [export_dir / kind / name]
        if folder.exists()
        for path in folder.iterdir()
        if path.name.isdecimal()
    ]
    return str(max(versions, default=0) + 1)
