"""Files that appear complete or not at all, and locks."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

# What the name of a file begins with that is not whole yet.
TEMPORARY = "tmp_"


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A temporary path that replaces `path` if no error occurs.

    Args:
        path: The file or folder to write; its folder exists. An existing file
            is replaced, an existing folder is not.

    Yields:
        A path in the same folder, with the same suffix, for the new content.
    """
    temporary = path.with_name(f"{TEMPORARY}{path.name}")
    _remove(temporary)  # left by a killed process
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException as error:
        _remove(temporary)
        # A disk that is full is told without a name.
        if isinstance(error, OSError) and error.errno and not error.filename:
            error.filename = str(path)
        raise


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write_text(path: pathlib.Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: pathlib.Path, value: Any) -> None:
    """Writes a value as JSON, see `json_text`."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """A value as the text of a JSON file.

    Raises:
        ValueError: It contains NaN or infinity, which JSON does not have.
    """
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def read_json(path: pathlib.Path) -> Any:
    """The value of a JSON file.

    Raises:
        ValueError: It is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path}: expected a JSON file. Received: {error}"
        ) from None


@contextlib.contextmanager
def alone(lock: pathlib.Path) -> Iterator[None]:
    """Waits until no other process holds a lock, and holds it.

    The lock ends with the process, however that ends. Its file says which
    process holds it, on which machine and since when; who has to wait says so.

    Args:
        lock: The file of the lock; it is gone afterwards.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _locked(lock) as file:
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}, ")
        file.write(f"since {since}\n")
        file.flush()
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _locked(lock: pathlib.Path) -> TextIO:
    """The file of a lock, open and locked."""
    while True:
        file = lock.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            print(f"Waiting for {holder}: it holds {lock}", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        # Who held it has removed the file: a third process may lock a new one.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                return file
        file.close()
