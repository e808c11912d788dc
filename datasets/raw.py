"""What the readers of raw recordings share.

A reader is a module `recordings.py` with a `Recording`, a function
`read_recording(data, place)` and a function `survey(path)`.
"""

import collections
import contextlib
import dataclasses
import functools
import lzma
import os
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

# In any unit, far beyond what a sensor sees.
LARGEST = 1e9

# How much one recording may hold. A damaged file may claim anything; what it
# claims is checked before memory is allocated.
# Bytes: an hour and a half of 20 joints as text, at 30 frames a second.
LARGEST_FILE = 200 * 2**20
# Frames x bodies x joints: half a gigabyte; seven hours of one body of 25
# joints at 30 frames a second.
MOST_JOINTS = 20_000_000

# Raised while reading a damaged file or zip. OSError: also by a zip whose
# beginning is missing. RuntimeError: by one that is encrypted or compressed by
# an unknown method. ValueError: by names that are no UTF-8. KeyError: by a zip
# that no longer has the member.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    ValueError,
)
# Of a number. Whatever `float` makes of these alone, the formats write too.
_DIGITS = b"0123456789+-.eE"


class RawDataError(Exception):
    """Raw recordings are missing or damaged; the message tells the user all."""


@dataclasses.dataclass(frozen=True)
class Recording:
    """Where one raw recording is.

    Attributes:
        clip_id: Name of the clip, unique in its data set.
        path: The file, or the zip that contains it.
        member: Name of the file inside the zip; `None` for a plain file.
        stamp: Size and modification time, or size and checksum inside a zip;
            changes when the content does.
    """

    clip_id: str
    path: pathlib.Path
    member: str | None = None
    stamp: tuple[int, int] = (0, 0)

    @property
    def place(self) -> str:
        """The name of the file in messages."""
        return str(self.path / self.member if self.member else self.path)

    def read_bytes(self) -> bytes:
        """The content of the file.

        Raises:
            RawDataError: The file or its zip is missing or damaged, or it is
                larger than `LARGEST_FILE`.
        """
        with _damage_named(self.place, "a file that can be read"):
            status = os.stat(self.path)  # TFDS has paths of its own
            if self.member is None:
                check_size(status.st_size, self.place)
                return self.path.read_bytes()
            archive = _open_zip(self.path, status.st_mtime_ns)
            check_size(archive.getinfo(self.member).file_size, self.place)
            return archive.read(self.member)


AnyRecording = TypeVar("AnyRecording", bound=Recording)


@dataclasses.dataclass(frozen=True)
class Survey(Generic[AnyRecording]):
    """The raw recordings found in a folder or a zip.

    Attributes:
        recordings: One recording for each clip, sorted by `clip_id`.
        ignored: Number of files that look like recordings but are not read, by
            (reason, file or zip).
    """

    recordings: list[AnyRecording]
    ignored: collections.Counter[tuple[str, str]]


def survey(
    paths: Iterable[str | os.PathLike[str]],
    recording: Callable[..., AnyRecording],
    looks_like: Callable[[str], bool],
    clip_id: Callable[[pathlib.Path, str | None], str | None],
    rule: str,
) -> Survey[AnyRecording]:
    """Finds recordings in folders and zips, at any depth.

    Zips are listed, never extracted. A clip that is both in a folder and in a
    zip is read from the folder, so that a half extracted set is completed from
    its zip. A link to nothing is a recording that cannot be read.

    Args:
        paths: Folders, and single zip files. A path that does not exist
            contributes nothing.
        recording: Class of the recordings to return.
        looks_like: Whether a file of a given name, without its folders, might
            be a recording.
        clip_id: The `clip_id` of such a file, from the arguments `path` and
            `member` of a `Recording`; `None` if it breaks the rule.
        rule: Where recordings must be or how they must be named, such as
            `"named <clip>.txt"`.

    Raises:
        RawDataError: A zip is damaged, a folder cannot be read, or a link leads
            back to a folder that contains it.
    """
    files: list[pathlib.Path] = []
    zips: set[pathlib.Path] = set()
    for top in map(os.path.abspath, paths):
        if os.path.isfile(top):
            zips.add(pathlib.Path(top))
        for folder, names in walk(top):
            for name in names:
                path = pathlib.Path(folder, name)
                if looks_like(name) and "__MACOSX" not in path.parts:
                    files.append(path)
                elif path.suffix.lower() == ".zip" and not name.startswith("."):
                    zips.add(path)

    recordings: dict[str, AnyRecording] = {}
    ignored: collections.Counter[tuple[str, str]] = collections.Counter()

    def add(
        path: pathlib.Path, member: str | None, stamp: tuple[int, int]
    ) -> None:
        name = clip_id(path, member)
        if name is None:
            place = Recording("", path, member).place
            ignored[f"not {rule}", place] += 1
        elif name in recordings:
            ignored[
                "copies of clips found in a folder or an earlier zip", str(path)
            ] += 1
        else:
            recordings[name] = recording(name, path, member, stamp)

    for path in sorted(files):
        # Of the link itself, if it leads to nothing.
        status = path.stat() if path.exists() else path.lstat()
        add(path, None, (status.st_size, status.st_mtime_ns))
    for path in sorted(zips):
        members = [
            member
            for member in _list_zip(path)
            if _is_to_read(member.filename, looks_like)
        ]
        for member in sorted(members, key=lambda member: member.filename):
            add(path, member.filename, (member.file_size, member.CRC))
        if not members:
            ignored["zip without a recording", str(path)] += 1
    return Survey([recordings[name] for name in sorted(recordings)], ignored)


def walk(top: str | os.PathLike[str]) -> Iterator[tuple[str, list[str]]]:
    """Folders at any depth, links followed, and the names of their files.

    Raises:
        RawDataError: A folder cannot be read, or a link leads back to a folder
            that contains it.
    """

    def refuse(error: OSError) -> None:
        raise RawDataError(
            f"{error.filename}: expected a folder that can be read. "
            f"Received: {error}"
        )

    if not os.path.isdir(top):
        return
    for folder, folders, names in os.walk(
        os.fspath(top), onerror=refuse, followlinks=True
    ):
        yield folder, names
        paths = [os.path.join(folder, name) for name in folders]
        for path in filter(os.path.islink, paths):
            here, target = os.path.realpath(folder), os.path.realpath(path)
            if os.path.commonpath([here, target]) == target:
                raise RawDataError(
                    f"{path}: expected a folder of recordings. "
                    "Received: a link to a folder that contains it"
                )


def _is_to_read(member: str, looks_like: Callable[[str], bool]) -> bool:
    # Zips made on a Mac contain `__MACOSX/.../._name` for each file.
    *folders, name = member.split("/")
    return looks_like(name) and "__MACOSX" not in folders


def _list_zip(path: pathlib.Path) -> list[zipfile.ZipInfo]:
    with (
        _damage_named(str(path), "a whole zip file"),
        zipfile.ZipFile(path) as archive,
    ):
        return archive.infolist()


@functools.lru_cache(maxsize=4)
def _open_zip(path: pathlib.Path, changed: int) -> zipfile.ZipFile:
    """An open zip, kept open.

    Listing the 57,000 members of a zip of NTU RGB+D takes as long as reading
    300 of them.

    Args:
        path: The zip.
        changed: Its modification time, so that a zip that was replaced is
            opened again.
    """
    del changed
    return zipfile.ZipFile(path)


@contextlib.contextmanager
def _damage_named(place: str, expected: str) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise RawDataError(
            f"{place}: expected {expected}. "
            f"Received: {error or type(error).__name__}. "
            "If the file is damaged, delete it and download it again"
        ) from None


def check_size(size: int, place: str) -> None:
    """Checks the size of a file, in bytes.

    Raises:
        RawDataError: It is larger than `LARGEST_FILE`.
    """
    if size > LARGEST_FILE:
        raise RawDataError(
            f"{place}: expected a file of at most {LARGEST_FILE} bytes. "
            f"Received: {size} bytes"
        )


def check_shape(frames: int, bodies: int, joints: int, place: str) -> None:
    """Checks the size of a clip.

    Raises:
        RawDataError: It has more than `MOST_JOINTS` joints.
    """
    if frames * bodies * joints > MOST_JOINTS:
        raise RawDataError(
            f"{place}: expected at most {MOST_JOINTS} joints in all frames "
            f"together. Received: {frames} frames x {bodies} bodies x "
            f"{joints} joints. Divide the recording into several files"
        )


def number(field: bytes, place: str) -> float:
    """The finite number that a field of a text file contains.

    Args:
        field: Text of the field.
        place: File, line and field, for the error message.

    Raises:
        RawDataError: The field is not a number of digits, sign, point and
            exponent, not finite, or beyond `LARGEST`.
    """
    value = float("nan")
    if not field.translate(None, _DIGITS):
        with contextlib.suppress(ValueError):
            value = float(field)
    if not abs(value) < LARGEST:  # Also true for "nan".
        raise RawDataError(
            f"{place}: expected a finite number. Received: {shown(field)}"
        )
    return value


def shown(text: bytes) -> str:
    """The beginning of a line or a field, quoted, for an error message."""
    return repr(text.decode("ascii", "backslashreplace")[:60])


def counted(left_out: collections.Counter[tuple[str, str]]) -> list[str]:
    """One line for each reason: how many files were left out, and which.

    Args:
        left_out: Number of files by (reason, place).
    """
    lines = []
    for reason in sorted({reason for reason, _ in left_out}):
        places = {
            place: count
            for (why, place), count in sorted(left_out.items())
            if why == reason
        }
        what = ", ".join(
            place if count == 1 else f"{count} x {place}"
            for place, count in places.items()
        )
        lines.append(f"Left out, {reason}: {sum(places.values())} ({what})")
    return lines
