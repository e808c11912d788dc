"""What the readers of raw recordings have in common."""

import collections
import zipfile
import zlib

# What a damaged file or zip raises while it is read. OSError: also a zip cut in
# front of its table of contents. RuntimeError: one that is encrypted, or
# compressed by an unknown method.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
)


class RawDataError(Exception):
    """Raw recordings are missing or damaged; the message says it all."""


def counted(left_out: collections.Counter[tuple[str, str]]) -> list[str]:
    """A line for each reason: how many were left out, and what."""
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
