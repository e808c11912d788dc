"""Checksums of the files of a workdir or an export, by which damage is noticed.

`manifest.json` lists size and SHA-256 of every file. It is written before a
file is replaced, with the checksums of both the old and the new content: at
whatever moment a process is killed, what is there is listed.
"""

import contextlib
import hashlib
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stalstm import files

FILE = "manifest.json"

Entry = dict[str, Any]


class Damage(NamedTuple):
    """A file that is not as it was written.

    Attributes:
        name: Its path in the folder.
        expected, received: What is listed, and what is there.
    """

    name: str
    expected: str
    received: str


@contextlib.contextmanager
def replacing(folder: pathlib.Path, name: str) -> Iterator[pathlib.Path]:
    """As `files.replacing`, and lists the file.

    Args:
        folder: The workdir.
        name: Path of the file in it.
    """
    path = folder / name
    with files.replacing(path) as temporary:
        yield temporary
        listed = _read(folder)
        old = _entry(path) if path.exists() else None
        listed[name] = [
            *(x for x in listed.get(name, []) if x == old),
            _entry(temporary),
        ]
        _write(folder, listed)


def write_text(folder: pathlib.Path, name: str, text: str) -> None:
    with replacing(folder, name) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(folder: pathlib.Path, name: str, value: Any) -> None:
    write_text(folder, name, files.json_text(value))


def remove(folder: pathlib.Path, name: str) -> None:
    """Removes a file, if it is there, and its entry."""
    (folder / name).unlink(missing_ok=True)
    listed = _read(folder)
    if listed.pop(name, None):
        _write(folder, listed)


def add(folder: pathlib.Path, paths: Iterable[pathlib.Path]) -> None:
    """Lists files as they are now, such as logs that no longer grow."""
    listed = _read(folder)
    for path in paths:
        listed[path.relative_to(folder).as_posix()] = [_entry(path)]
    _write(folder, listed)


def damaged(folder: pathlib.Path, names: Iterable[str] = ()) -> list[Damage]:
    """Files that are not as they were written. A missing one is not damaged.

    Args:
        folder: The workdir.
        names: Files that must be listed, besides those that are.
    """
    try:
        listed = _read(folder)
    except ValueError as error:
        return [Damage(FILE, "a list of the files", str(error))]
    found = []
    for name in dict.fromkeys([*listed, *names]):
        path = folder / name
        if not path.exists():
            continue
        there = _entry(path)
        if there not in listed.get(name, []):
            expected = " or ".join(map(_shown, listed.get(name, [])))
            found.append(
                Damage(name, expected or "no such file", _shown(there))
            )
    return found


def _entry(path: pathlib.Path) -> Entry:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _shown(entry: Entry) -> str:
    return f"{entry['bytes']} bytes with SHA-256 {entry['sha256'][:12]}..."


def _write(folder: pathlib.Path, listed: Mapping[str, list[Entry]]) -> None:
    content = {"sha256": _digest(listed), "files": listed}
    files.write_json(folder / FILE, content)


def _read(folder: pathlib.Path) -> dict[str, list[Entry]]:
    """The list; empty if there is none.

    Raises:
        ValueError: It is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    content = files.read_json(path)
    try:
        digest, listed = content["sha256"], content["files"]
    except (KeyError, TypeError):
        raise ValueError("another JSON value") from None
    if digest != _digest(listed):
        raise ValueError("a list of another checksum")
    return listed


def _digest(listed: Mapping[str, list[Entry]]) -> str:
    return hashlib.sha256(files.json_text(listed).encode()).hexdigest()
