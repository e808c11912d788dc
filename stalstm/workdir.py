"""The folder of one training run."""

import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
from typing import Any

PACKAGES = ("tensorflow", "keras", "numpy", "tensorflow-datasets", "stalstm")


class OtherRunError(Exception):
    """A workdir holds another run than the one that is to go on in it."""


def write_json(path: pathlib.Path, value: Any) -> None:
    """Writes beside the place and renames: no reader sees half a file."""
    beside = path.with_name(path.name + ".tmp")
    beside.write_text(json.dumps(value, indent=2) + "\n")
    os.replace(beside, path)


def read_json(path: pathlib.Path) -> Any:
    return json.loads(path.read_text())


def begin(workdir: pathlib.Path, run: dict[str, Any]) -> None:
    """Begins a run in a new workdir, or goes on with the same run.

    Args:
        workdir: the folder; made if it is not there.
        run: what makes this run this run, as JSON values: data set, fold,
            seed, recipe. Written to `config.json` with versions and commit.

    Raises:
        OtherRunError: the workdir holds another run; says what differs.
    """
    path = workdir / "config.json"
    if not path.exists():
        workdir.mkdir(parents=True, exist_ok=True)
        write_json(path, {**run, **_surroundings()})
        return
    before = _flat(read_json(path))
    different = [
        f"{name}: {before.get(name)} there, {value} now"
        for name, value in _flat(run).items()
        if before.get(name) != value
    ]
    if different:
        raise OtherRunError(
            f"{workdir} holds another run; choose another --workdir, or the "
            f"same settings to go on with it. {'; '.join(different)}"
        )


def _flat(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _surroundings() -> dict[str, Any]:
    versions = {x: importlib.metadata.version(x) for x in PACKAGES}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "commit": _commit(),
    }


def _commit() -> str | None:
    """The commit of this code, marked where files differ from it."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty"],
            cwd=pathlib.Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
