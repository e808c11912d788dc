"""One version of an exported model, in all forms."""

import pathlib
from collections.abc import Sequence
from typing import Any

from stalstm import files
from stalstm.export import agreement, clips, litert, saved_model, server_files
from stalstm.workdir import Trained


def write(
    trained: Trained,
    export_dir: pathlib.Path,
    name: str,
    compared: Sequence[clips.Labelled],
    source: str,
    frames: int,
) -> tuple[str, dict[str, dict[str, Any]]]:
    """Writes the next version; it appears only if it agrees with the model.

    Args:
        trained: The model and the records of its training.
        export_dir: Folder of exported models.
        name: Name of the model.
        compared: Clips to compare on.
        source: Where these are from, for `agreement.json`.
        frames: Maximum clip length, in frames, of the LiteRT clip model.

    Returns:
        The version, which is the name of its folders: `<name>/<version>`, the
        SavedModel, and `litert/<name>/<version>`; and what
        `agreement.measure` returned.

    Raises:
        ExportError: The model cannot be exported, or a file does not agree
            with it.
    """
    litert.check_installed()
    version = next_version(export_dir, name)
    served = export_dir / name / version
    on_device = export_dir / "litert" / name / version
    for place in (served, on_device):
        place.parent.mkdir(parents=True, exist_ok=True)
    with (
        files.replacing(served) as new_served,
        files.replacing(on_device) as new_on_device,
    ):
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
    server_files.write(export_dir)
    return version, result


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
