"""What is wrong or odd about a manifest, whatever is in its clips.

Each check yields a finding for what it finds.
"""

import collections
import pathlib
import re
from collections.abc import Iterator, Sequence

from datasets.custom import clip_files
from datasets.custom.findings import Finding, counted, odd, wrong
from datasets.custom.layout import MANIFEST
from datasets.custom.manifest import Manifest, Row, classes

# With fewer, a class has next to nothing to train and to test on.
LEAST_CLIPS = 5

# Names of columns, without case, spaces and punctuation.
_FRAME_RATES = (
    "fps",
    "framerate",
    "framespersecond",
    "hz",
    "rate",
    "samplingrate",
)


def place(row: Row) -> str:
    """A clip in words: its file, its frames and its line in the manifest."""
    frames = ""
    if row.start or row.end is not None:
        end = "the last" if row.end is None else row.end
        frames = f", frames {row.start or 0} to {end}"
    return f"{row.file}{frames} (line {row.line})"


def usable(
    folder: pathlib.Path, manifest: Manifest
) -> tuple[list[Row], list[Finding]]:
    """The rows that are clips: their files exist, and each is there once.

    Returns:
        The rows, and what is wrong with the others.
    """
    files = {row.file for row in manifest.rows}
    exists = {file: (folder / file).is_file() for file in files}
    rows: dict[tuple[str, int, int | None], Row] = {}
    missing, unknown, repeated = [], [], []
    for row in manifest.rows:
        clip = (row.file, row.start or 0, row.end)
        if clip_files.suffix(row.file) not in clip_files.SUFFIXES:
            unknown.append(place(row))
        elif not exists[row.file]:
            missing.append(place(row))
        elif clip in rows:
            repeated.append(f"{place(row)}, first in line {rows[clip].line}")
        else:
            rows[clip] = row
    suffixes = ", ".join(clip_files.SUFFIXES)
    found = [
        wrong(f"{MANIFEST} lists {what}:", places)
        for what, places in (
            ("files that do not exist", missing),
            (f"files that do not end with {suffixes}", unknown),
            ("clips more than once", repeated),
        )
        if places
    ]
    return list(rows.values()), found


def one_class(rows: Sequence[Row]) -> Iterator[Finding]:
    if len({row.label for row in rows}) == 1:
        yield wrong(
            f"All clips have the label {rows[0].label}: there is nothing to "
            "tell apart."
        )


def similar_labels(rows: Sequence[Row]) -> Iterator[Finding]:
    counts = collections.Counter(row.label for row in rows)
    similar: dict[str, list[str]] = {}
    for label in classes(counts):
        # Numbers may differ in no more than a sign or a point.
        if re.search(r"[^\W\d_]", label):
            similar.setdefault(_plain(label), []).append(label)
    if places := [
        ", ".join(f'"{x}" ({counted(counts[x], "clip")})' for x in labels)
        for labels in similar.values()
        if len(labels) > 1
    ]:
        yield odd(
            "Some labels differ only in case, spaces or punctuation. To the "
            "training they are different classes:",
            places,
        )


def few_clips(rows: Sequence[Row]) -> Iterator[Finding]:
    counts = collections.Counter(row.label for row in rows)
    if few := [x for x in classes(counts) if counts[x] < LEAST_CLIPS]:
        yield odd(
            f"{_have(few)} fewer than {LEAST_CLIPS} clips, which is little to "
            "train and to test on:",
            (f"{label}: {counted(counts[label], 'clip')}" for label in few),
        )


def subjects(rows: Sequence[Row]) -> Iterator[Finding]:
    """Subjects that are not named, or all the same."""
    divided = any(row.split for row in rows)
    names = {row.subject for row in rows} - {None}
    unnamed = [place(row) for row in rows if row.subject is None]
    flatters = (
        ""
        if divided
        else " The folds divide clips, not people, so the same person trains "
        "and tests. Such accuracies flatter: for other people, expect less."
    )
    if not names:
        yield odd(
            f"No clip has a subject.{flatters} Fill in the column subject of "
            f"{MANIFEST} if you can."
        )
    elif unnamed:
        yield odd(
            f"{len(unnamed):,} of {counted(len(rows), 'clip')} without a "
            "subject, which count as those of one person:",
            unnamed,
        )
    elif len(names) == 1 and not divided:
        yield odd(f"{rows[0].subject} is the only subject.{flatters}")


def one_subject(rows: Sequence[Row]) -> Iterator[Finding]:
    """Classes of one subject, where there are others."""
    if len({row.subject for row in rows}) == 1:
        return
    performers = collections.defaultdict(set)
    for row in rows:
        performers[row.label].add(row.subject or "not named")
    if single := [x for x in classes(performers) if len(performers[x]) == 1]:
        yield odd(
            f"{_have(single)} clips of one subject only, which cannot show "
            "whether the action is recognised in other people:",
            (f"{label}: {min(performers[label])}" for label in single),
        )


def overlaps(rows: Sequence[Row]) -> Iterator[Finding]:
    """Frames of one file that have two labels."""
    by_file = collections.defaultdict(list)
    for row in rows:
        by_file[row.file].append(row)
    places = []
    for of_file in by_file.values():
        of_file.sort(key=lambda row: (row.start or 0, _end(row)))
        longest = of_file[0]
        for row in of_file[1:]:
            if (row.start or 0) <= _end(longest) and row.label != longest.label:
                places.append(
                    f"{place(longest)}: {longest.label}; "
                    f"{place(row)}: {row.label}"
                )
            longest = max(longest, row, key=_end)
    if places:
        yield odd("Some frames are in clips of two labels:", places)


def _end(row: Row) -> float:
    return float("inf") if row.end is None else row.end


def frame_rates(manifest: Manifest) -> Iterator[Finding]:
    """A column of frame rates that differ."""
    for column in manifest.columns:
        if _plain(column) not in _FRAME_RATES:
            continue
        rates = collections.Counter(
            _number(row.metadata[column])
            for row in manifest.rows
            if row.metadata[column]
        )
        if len(rates) > 1:
            yield odd(
                f"The column {column} of {MANIFEST} says that frame rates "
                "differ. The training takes frame by frame, whatever the rate: "
                "bring the recordings to one rate first.",
                (
                    f"{rate}: {counted(count, 'clip')}"
                    for rate, count in rates.most_common()
                ),
            )


def _number(text: str) -> str:
    """The same text for 30 and 30.0."""
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


def _plain(name: str) -> str:
    """A name without case, spaces and punctuation."""
    return re.sub(r"[\W_]", "", name).casefold()


def _have(names: Sequence[str]) -> str:
    return "1 class has" if len(names) == 1 else f"{len(names)} classes have"
