"""Clips as JSON lines: `.jsonl`."""

import codecs
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from datasets.custom.missing import all_missing
from datasets.raw import LARGEST, RawDataError, shown
from stalstm.skeletons import Skeleton


def parse_jsonl(data: bytes, place: str, skeleton: Skeleton) -> np.ndarray:
    """Reads one JSON object a line: see `clip_files.parse`.

    The keys of an object are `skeleton`, a list `[joint][x, y, z]` or
    `[body][joint][x, y, z]`, and optionally `frame`, a number that increases
    from line to line. Without it, a line is the frame after the one before.
    A missing coordinate or joint and an absent body are null, an absent body
    may be an empty list; other keys are ignored.
    """
    frames: list[int] = []
    lines: list[np.ndarray] = []
    text = data.removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            where = f"{place}, line {number}"
            record = _object(line, where)
            frames.append(_frame(record.get("frame"), frames, where))
            bodies = _bodies(record["skeleton"], skeleton)
            # In an array, true would have become 1.
            if bodies is None or b"true" in line or b"false" in line:
                bodies = _bodies_one_by_one(
                    record["skeleton"], where, len(skeleton.joints)
                )
            lines.append(bodies)
    first = frames[0] if frames else 0
    clip = all_missing(
        frames[-1] + 1 - first if frames else 0,
        max(map(len, lines), default=0),
        len(skeleton.joints),
        place,
    )
    for frame, bodies in zip(frames, lines, strict=True):
        clip[frame - first, : len(bodies)] = bodies
    return clip


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RawDataError(
            f"{where}: expected a JSON object. Received: {shown(line)}, {error}"
        ) from None
    if not isinstance(record, dict) or "skeleton" not in record:
        raise RawDataError(
            f'{where}: expected an object with the key "skeleton". '
            f"Received: {shown(line)}"
        )
    return record


def _frame(frame: Any, before: Sequence[int], where: str) -> int:
    if frame is None:
        return before[-1] + 1 if before else 0
    if isinstance(frame, float) and frame.is_integer():
        frame = int(frame)
    if type(frame) is not int or (before and frame <= before[-1]):
        raise RawDataError(
            f"{where}: expected a whole number as frame, greater than that of "
            f"the line before. Received: {_shown(frame)}"
        )
    return frame


def _bodies(value: Any, skeleton: Skeleton) -> np.ndarray | None:
    """The bodies of a frame, `(bodies, joints, 3)`.

    `None` if there is anything else than numbers.
    """
    shape = (len(skeleton.joints), 3)
    try:
        bodies = np.array(value)
    except ValueError:  # Lists of different lengths.
        return None
    if bodies.shape == shape:
        bodies = bodies[np.newaxis]
    if bodies.shape[1:] != shape or bodies.dtype.kind not in "fiu":
        return None
    return None if np.any(np.abs(bodies) > LARGEST) else bodies


def _bodies_one_by_one(value: Any, where: str, joints: int) -> np.ndarray:
    """Does what `_bodies` does, slowly: understands null, names an error."""
    if value is None:
        value = []
    if not isinstance(value, list) or not all(
        x is None or isinstance(x, list) for x in value
    ):
        raise RawDataError(
            f"{where}: expected [joint][x, y, z] or [body][joint][x, y, z] as "
            f"skeleton. Received: {_shown(value)}"
        )
    inner = [x for part in value if part for x in part if x is not None]
    if not inner:  # Nobody is there, however that is written.
        return np.empty((0, joints, 3))
    bodies = value if any(isinstance(x, list) for x in inner) else [value]
    return np.array(
        [
            _body(body, f"{where}, body {index}", joints)
            for index, body in enumerate(bodies)
        ]
    )


def _body(body: Any, where: str, joints: int) -> list[list[float]]:
    body = body or [None] * joints
    if len(body) != joints:
        raise RawDataError(
            f"{where}: expected {joints} joints. Received: {len(body)}"
        )
    return [
        _joint(joint, f"{where}, joint {index}")
        for index, joint in enumerate(body)
    ]


def _joint(joint: Any, where: str) -> list[float]:
    joint = [None] * 3 if joint is None else joint
    if (
        not isinstance(joint, list)
        or len(joint) != 3
        or not all(x is None or type(x) in (int, float) for x in joint)
        or any(abs(x) > LARGEST for x in joint if x is not None)
    ):
        raise RawDataError(
            f"{where}: expected three finite numbers or null. "
            f"Received: {_shown(joint)}"
        )
    return [np.nan if x is None else float(x) for x in joint]


def _shown(value: Any) -> str:
    return json.dumps(value)[:60]
