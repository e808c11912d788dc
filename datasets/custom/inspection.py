"""Looks at a whole folder of own recordings before any training."""

import collections
import dataclasses
import difflib
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from datasets.custom import body_checks, clip_checks, manifest_checks
from datasets.custom.anatomy import Anatomy
from datasets.custom.clip_checks import Clip
from datasets.custom.facts import Totals, gather
from datasets.custom.findings import (
    Finding,
    Severity,
    counted,
    enumerated,
    note,
    odd,
    relative,
    wrong,
)
from datasets.custom.layout import (
    MANIFEST,
    SKELETON,
    Layout,
    file_of,
    read_layout,
)
from datasets.custom.manifest import (
    OPTIONAL,
    Manifest,
    classes,
    read_manifest,
)
from datasets.custom.protocols import Division, divide
from datasets.custom.recordings import (
    Recording,
    frames_of,
    in_camera_space,
    listed,
)
from datasets.raw import RawDataError
from stalstm.description import Protocol

_KEYS = ("unit", "up", "handedness", "bodies", "max_gap", "mirror", "roles")


@dataclasses.dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        findings: The findings, the worst first.
        summary: What is in the folder, in lines.
        layout: How the clips are read; `None` if nobody knows.
        samples: A typical clip of each class, by label.
    """

    findings: tuple[Finding, ...]
    summary: tuple[str, ...] = ()
    layout: Layout | None = None
    samples: Mapping[str, Recording] = dataclasses.field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """That of the worst finding."""
        severities = (x.severity for x in self.findings)
        return max(severities, default=Severity.NOTE)

    def poses(self, most: int) -> list[tuple[str, np.ndarray]]:
        """The label and the middle frame of each sample.

        Args:
            most: Maximum number of samples.

        Returns:
            Labels, and poses, `(bodies, joints, 3)`, metres in camera space.
        """
        poses = []
        for label, recording in list(self.samples.items())[:most]:
            assert self.layout is not None
            frames = frames_of(recording, self.layout.skeleton)
            clip, _ = in_camera_space(frames, recording.place, self.layout)
            poses.append((label, clip[len(clip) // 2]))
        return poses


def inspect(
    folder: str | os.PathLike[str], processes: int | None = None
) -> Inspection:
    """Reads a folder and all its clips.

    Args:
        folder: The folder.
        processes: Maximum number of processes; `None` for one on each core.

    Raises:
        BrokenProcessPool: A process has ended.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        text = f"{folder}: expected a folder. Received: a path that is none"
        return Inspection((wrong(text),))
    found: list[Finding] = []
    layout = manifest = None
    try:
        layout, unknown = read_layout(folder)
        found += _ignored_keys(unknown)
    except RawDataError as error:
        found.append(wrong(relative(str(error), folder)))
    try:
        manifest = read_manifest(file_of(folder, MANIFEST))
        found += _further_columns(manifest)
    except RawDataError as error:
        found.append(wrong(relative(str(error), folder)))
    if manifest is None:
        return _inspection(found)
    rows, unusable = manifest_checks.usable(folder, manifest)
    found += unusable
    found += _manifest_findings(manifest)
    survey = listed(folder, Manifest(tuple(rows), manifest.columns))
    if survey.ignored:
        files = [relative(place, folder) for _, place in survey.ignored]
        found.append(
            odd(f"{counted(len(files), 'file')} not in {MANIFEST}:", files)
        )
    division = None
    if survey.recordings:
        try:
            division = divide(survey.recordings)
        except RawDataError as error:
            found.append(wrong(relative(str(error), folder)))
    if layout is None or not survey.recordings:
        return _inspection(found)
    facts, totals = gather(survey.recordings, layout, processes)
    by_clip = {(folder / x.file, x.start or 0, x.end): x for x in rows}
    clips = [
        Clip(
            by_clip[recording.path, recording.start, recording.end],
            recording,
            of_clip,
            division.splits[recording.clip_id] if division else "",
        )
        for recording, of_clip in zip(survey.recordings, facts, strict=True)
    ]
    divided = division is not None and any(row.split for row in rows)
    protocols = division.protocols if division and divided else {}
    found += _clip_findings(clips, totals, layout, protocols, folder)
    return _inspection(
        found,
        tuple(_summary(clips, layout, division, divided)),
        layout,
        _samples(clips),
    )


def _inspection(found, *others) -> Inspection:
    # Stable: of one severity, as they were found.
    found = sorted(found, key=lambda x: -x.severity)
    return Inspection(tuple(found), *others)


def _ignored_keys(unknown: Sequence[str]) -> Iterator[Finding]:
    if unknown:
        yield note(
            f"{SKELETON} has keys that are ignored:",
            _guessed(unknown, _KEYS),
        )


def _further_columns(manifest: Manifest) -> Iterator[Finding]:
    if manifest.columns:
        yield note(
            f"{MANIFEST} has further columns, which are kept with the clips:",
            _guessed(manifest.columns, OPTIONAL),
        )


def _guessed(names: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """The names, with those that they may have been meant to be."""
    for name in names:
        close = difflib.get_close_matches(name.lower(), known, 1, cutoff=0.8)
        yield f"{name}, perhaps meant to be {close[0]}" if close else name


def _manifest_findings(manifest: Manifest) -> Iterator[Finding]:
    for check in (
        manifest_checks.one_class,
        manifest_checks.similar_labels,
        manifest_checks.few_clips,
        manifest_checks.subjects,
        manifest_checks.one_subject,
        manifest_checks.overlaps,
    ):
        yield from check(manifest.rows)
    yield from manifest_checks.frame_rates(manifest)


def _clip_findings(
    clips: Sequence[Clip],
    totals: Totals,
    layout: Layout,
    protocols: Mapping[str, Protocol],
    folder: pathlib.Path,
) -> Iterator[Finding]:
    anatomy, skeleton = Anatomy(layout.skeleton), layout.skeleton
    of_unit = list(body_checks.unit(clips, layout))
    unit_is_wrong = any(x.severity == Severity.WRONG for x in of_unit)
    yield from of_unit
    yield from clip_checks.unreadable(clips, folder, unit_is_wrong)
    yield from clip_checks.duplicates(clips, protocols)
    yield from clip_checks.shared_subjects(clips, protocols)
    yield from clip_checks.missing_classes(clips, protocols)
    yield from body_checks.up(clips, layout, anatomy)
    yield from body_checks.sides(clips, layout, anatomy)
    yield from body_checks.opposed_pairs(totals, layout)
    yield from clip_checks.missing_joints(clips, totals, skeleton)
    yield from clip_checks.zero_joints(clips, totals, skeleton)
    yield from clip_checks.still_joints(totals, skeleton)
    for check in (
        clip_checks.motionless,
        clip_checks.lengths,
        clip_checks.nobody,
        clip_checks.speeds,
        clip_checks.empty_frames,
        clip_checks.bodies,
    ):
        yield from check(clips)


def _summary(
    clips: Sequence[Clip],
    layout: Layout,
    division: Division | None,
    divided: bool,
) -> Iterator[str]:
    labels = collections.Counter(x.row.label for x in clips)
    each = [f"{label} {labels[label]:,}" for label in classes(labels)]
    yield (
        f"Clips: {len(clips):,}, in {counted(len(labels), 'class')}: "
        f"{enumerated(each)}"
    )
    names = {x.row.subject for x in clips} - {None}
    if names:
        yield f"Subjects: {len(names):,}"
    if division:
        yield f"Protocols: {_protocols(division, divided)}"
    lengths = sorted(x.facts.frames for x in clips if x.facts.frames)
    if lengths:
        yield (
            f"Frames of a clip: {lengths[0]:,} to {lengths[-1]:,}, median "
            f"{lengths[len(lengths) // 2]:,}; {sum(lengths):,} in total"
        )
        most = max(x.facts.bodies for x in clips)
        yield f"Bodies: {most}"
    skeleton = layout.skeleton
    yield f"Joints: {len(skeleton.joints)} ({skeleton.name})"
    filled = [x.facts.filled_joints for x in clips if x.facts.filled_joints]
    if filled:
        yield (
            f"Interpolated: {counted(sum(filled), 'position')} of joints, in "
            f"{counted(len(filled), 'clip')}"
        )
    changes = layout.conversion()
    yield f"Converted: {changes or 'nothing, they are in metres, y up'}"


def _protocols(division: Division, divided: bool) -> str:
    names = list(division.protocols)
    if not divided:
        return f"{len(names)} folds, {names[0]} to {names[-1]}"
    if all(x.train == "train" for x in division.protocols.values()):
        return f"{enumerated(names)}, trained on train"
    return f"{enumerated(names)}, each tested while the others train"


def _samples(clips: Sequence[Clip]) -> dict[str, Recording]:
    """For each class, a clip of usual length and number of bodies."""
    by_label = collections.defaultdict(list)
    for clip in clips:
        if clip.facts.frames:
            by_label[clip.row.label].append(clip)
    samples = {}
    for label in classes(by_label):
        of_class = by_label[label]
        bodies = collections.Counter(x.facts.bodies for x in of_class)
        usual = bodies.most_common(1)[0][0]
        length = np.median([x.facts.frames for x in of_class])
        samples[label] = min(
            of_class,
            key=lambda x: (
                x.facts.bodies != usual,
                abs(x.facts.frames - length),
            ),
        ).recording
    return samples
