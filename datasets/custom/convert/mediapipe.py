"""Results of MediaPipe's pose landmarker, saved as JSON: `<label>/<name>.json`.

A file is a recording: a JSON array with the result of each frame, or a result a
line (JSON Lines). A result is an object as the landmarker returns it:

    {"worldLandmarks": [[{"x": 0.1, "y": -0.6, "z": -0.2, "visibility": 0.99},
                         ... 33 landmarks], ... bodies]}

In Python, the key is `pose_world_landmarks`, and this writes a file, without
`segmentation_masks`, which are no JSON:

    results.append({"pose_world_landmarks": [
        [vars(landmark) for landmark in body]
        for body in result.pose_world_landmarks
    ]})
    ...
    json.dump(results, file)

Only the world landmarks are read, in metres. Each body has its own origin, in
the middle of its hips: that somebody walks is seen by the legs alone, and how
far apart two bodies are is not known. The landmarker does not say who is who:
the first body of a frame is taken for the first of the frame before. A landmark
that is missing for more than the `max_gap` frames of `skeleton.json` is an
error when the folder is read.

https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker
"""

import codecs
import collections
import dataclasses
import json
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from datasets import raw
from datasets.custom.convert.source import Source
from datasets.custom.folder import Clip
from datasets.raw import RawDataError
from stalstm.skeletons import MEDIAPIPE

# In JavaScript, and in Python.
KEYS = ("worldLandmarks", "pose_world_landmarks")
SUFFIXES = (".json", ".jsonl")
COUNTED = {"unseen_landmarks": "Landmarks missing, hardly visible"}


@dataclasses.dataclass(frozen=True)
class Recording(raw.Recording):
    """Where one file of results is; its `clip_id` is `"<label>/<name>"`."""

    @property
    def label(self) -> str:
        """The name of the folder that contains the file."""
        return self.clip_id.split("/")[-2]

    @property
    def name(self) -> str:
        """The name of the file."""
        return pathlib.PurePosixPath(self.member or self.path).name


def source(
    raw_dir: str | os.PathLike[str],
    visibility: float = 0.0,
    subject_from_name: str | None = None,
) -> Source:
    """The recordings in folders that are named after their labels.

    Args:
        raw_dir: A folder or a zip. The folders of the labels may be anywhere in
            it.
        visibility: A landmark that is less visible is missing. The clips'
            metadata say how many are.
        subject_from_name: Regular expression that finds the subject in the name
            of each file: its first group.

    Raises:
        RawDataError: A zip is damaged, or the name of a file is without a
            subject; in `clips`, also: a recording is damaged.
        ValueError: `subject_from_name` is not a regular expression with a
            group.
    """
    found = raw.survey(
        [raw_dir],
        recording=Recording,
        looks_like=lambda name: name.lower().endswith(SUFFIXES),
        clip_id=lambda path, member: _clip_id(
            member or path.relative_to(os.path.abspath(raw_dir)).as_posix()
        ),
        rule="in a folder named after its label",
    )
    subjects = _subjects(found.recordings, subject_from_name)
    left_out = collections.Counter(found.ignored)

    def clips() -> Iterator[Clip]:
        for recording in found.recordings:
            skeleton, unseen = read_results(
                recording.read_bytes(), recording.place, visibility
            )
            if np.isnan(skeleton).all():
                left_out["no body in any frame", recording.place] += 1
                continue
            yield Clip(
                f"{recording.clip_id}.npy",
                label=recording.label,
                skeleton=skeleton,
                subject=subjects.get(recording.clip_id),
                metadata={"unseen_landmarks": unseen} if visibility else {},
            )

    return Source(
        layout={"skeleton": "mediapipe"},
        clips=clips(),
        total=len(found.recordings),
        left_out=left_out,
        counted=COUNTED if visibility else {},
    )


def _clip_id(name: str) -> str | None:
    path = pathlib.PurePosixPath(name)
    # A zip may claim any path for its members.
    if len(path.parts) < 2 or path.is_absolute() or ".." in path.parts:
        return None
    return str(path.with_suffix(""))


def _subjects(
    recordings: list[Recording], subject_from_name: str | None
) -> dict[str, str]:
    """The subjects by `clip_id`; none without a regular expression."""
    if subject_from_name is None:
        return {}
    try:
        pattern = re.compile(subject_from_name)
    except re.error as error:
        raise ValueError(
            "`subject_from_name` must be a regular expression. "
            f"Received: {subject_from_name!r}, {error}"
        ) from None
    if not pattern.groups:
        raise ValueError(
            "`subject_from_name` must have a group, such as '^([a-z]+)_'. "
            f"Received: {subject_from_name!r}"
        )
    subjects = {}
    for recording in recordings:
        match = pattern.search(recording.name)
        if match is None or not match[1]:
            raise RawDataError(
                f"{recording.place}: expected a name with a subject, found by "
                f"{subject_from_name!r}. Received: {recording.name}"
            )
        subjects[recording.clip_id] = match[1]
    return subjects


def read_results(
    data: bytes, place: str, visibility: float = 0.0
) -> tuple[np.ndarray, int]:
    """Reads the world landmarks of one file of results.

    Args:
        data: Content of the file.
        place: Name of the file in error messages.
        visibility: A landmark that is less visible is missing.

    Returns:
        `(frames, bodies, 33, 3)`, float64, metres, x to the right of the image,
        y down, z away from the camera; NaN where a landmark is missing or a
        body is absent. And the number of landmarks that are not visible enough.

    Raises:
        RawDataError: The file is not JSON, or not of results of the landmarker.
    """
    frames = [
        [
            _body(body, f"{where}, body {index}", visibility)
            for index, body in enumerate(_bodies(result, where))
        ]
        for where, result in _results(data, place)
    ]
    most = max(map(len, frames), default=0)
    skeleton = np.full((len(frames), most, len(MEDIAPIPE.joints), 3), np.nan)
    for index, bodies in enumerate(frames):
        if bodies:
            skeleton[index, : len(bodies)] = bodies
    unseen = sum(np.isnan(body[:, 0]).sum() for x in frames for body in x)
    return skeleton, int(unseen)


def _results(data: bytes, place: str) -> Iterator[tuple[str, Any]]:
    """The result of each frame, with its place for error messages."""
    text = data.removeprefix(codecs.BOM_UTF8).strip()
    if text.startswith(b"["):
        for index, result in enumerate(_json(text, place)):
            yield f"{place}, frame {index}", result
        return
    for number, line in enumerate(data.splitlines(), start=1):
        if line.strip():
            where = f"{place}, line {number}"
            yield where, _json(line, where)


def _json(text: bytes, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RawDataError(
            f"{where}: expected a JSON array of results, or a result a line. "
            f"Received: {raw.shown(text)}, {error}"
        ) from None


def _bodies(result: Any, where: str) -> list[Any]:
    keys = list(result) if isinstance(result, dict) else []
    key = next((key for key in KEYS if key in keys), None)
    if key is None:
        raise RawDataError(
            f"{where}: expected a result with {' or '.join(KEYS)}. "
            f"Received: {_shown(keys or result)}"
        )
    bodies = result[key]
    if not isinstance(bodies, list):
        raise RawDataError(
            f"{where}: expected a list of bodies as {key}. "
            f"Received: {_shown(bodies)}"
        )
    # The first releases for the web gave the landmarks of a single body.
    return [bodies] if bodies and isinstance(bodies[0], dict) else bodies


def _body(landmarks: Any, where: str, visibility: float) -> np.ndarray:
    joints = MEDIAPIPE.joints
    if not isinstance(landmarks, list) or len(landmarks) != len(joints):
        received = len(landmarks) if isinstance(landmarks, list) else landmarks
        raise RawDataError(
            f"{where}: expected {len(joints)} landmarks. "
            f"Received: {_shown(received)}"
        )
    return np.array(
        [
            _landmark(landmark, f"{where}, {joint}", visibility)
            for joint, landmark in zip(joints, landmarks, strict=True)
        ]
    )


def _landmark(landmark: Any, where: str, visibility: float) -> list[float]:
    values = landmark if isinstance(landmark, dict) else {}
    needed = ("x", "y", "z", "visibility") if visibility else ("x", "y", "z")
    numbers: list[Any] = [values.get(name) for name in needed]
    if not all(
        type(x) in (int, float) and abs(x) < raw.LARGEST for x in numbers
    ):
        raise RawDataError(
            f"{where}: expected an object with finite numbers as "
            f"{', '.join(needed)}. Received: {_shown(landmark)}"
        )
    if visibility and numbers[3] < visibility:
        return [np.nan] * 3
    return numbers[:3]


def _shown(value: Any) -> str:
    """The beginning of a JSON value, for an error message."""
    return json.dumps(value)[:60]
