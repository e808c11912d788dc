"""Writes an example of a folder of own recordings: stick figures that move.

    python -m datasets.custom.example FOLDER
    python -m datasets.custom.example FOLDER --kind=one --skeleton=mediapipe
    python -m datasets.custom.example FOLDER --kind=three --seed=1

`one`: eight people, one at a time, in the 20 joints of a Kinect (or another
skeleton that ships), `.npy` files, subjects to divide the clips by. `three`:
teams of three, 17 joints with a `skeleton.json` in full, centimetres, z up,
`.csv` and `.jsonl` files, training and test clips; now and then somebody is out
of sight, or a single joint.
"""

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Iterator

import numpy as np
from absl import app, flags

from datasets.custom.folder import Clip, write_folder
from datasets.custom.layout import Layout
from stalstm.paths import command
from stalstm.skeletons import H36M, MEDIAPIPE, SHIPPED, Skeleton, standing

KINDS = ("one", "three")

_X, _Y, _Z = range(3)

# By action, what turns in it: a part of the body, the axis, how far it has
# turned in the middle of the action, and how far it swings there to and fro, in
# degrees. A figure faces the camera, its left hand at negative x.
_ACTIONS: dict[str, tuple[tuple[str, int, float, float], ...]] = {
    "bow": (("upper_body", _X, -60, 0),),
    "clap": (
        ("left_arm", _X, 80, 0),
        ("right_arm", _X, 80, 0),
        ("left_arm", _Y, -5, 20),
        ("right_arm", _Y, 5, -20),
    ),
    "kick": (("right_leg", _X, 70, 0),),
    "march": (
        ("left_leg", _X, 20, 35),
        ("right_leg", _X, 20, -35),
        ("left_arm", _X, 0, -35),
        ("right_arm", _X, 0, 35),
    ),
    "raise_arms": (("left_arm", _Z, -160, 0), ("right_arm", _Z, 160, 0)),
    "wave": (("right_arm", _Z, 140, 30),),
}
_SWINGS = 2  # In the course of an action.
_NOISE = 0.005  # Of each joint in each frame, in metres.


@dataclasses.dataclass(frozen=True)
class _Person:
    """A figure that stays the same from clip to clip.

    Attributes:
        size: Size relative to the average.
        energy: How far it moves, relative to the average.
        place: Where the pelvis is, `(3,)`, in metres in camera space.
        heading: Angle away from the camera, in radians.
    """

    size: float
    energy: float
    place: np.ndarray
    heading: float


def write_example(
    folder: str | os.PathLike[str],
    kind: str = "one",
    skeleton: Skeleton = SHIPPED["kinect1"],
    seed: int = 0,
) -> int:
    """Writes an example; the folder appears when it is complete.

    Args:
        folder: Folder to create.
        kind: `"one"` or `"three"`, the number of bodies.
        skeleton: The joints of `one`, one of those that ship.
        seed: Random seed. The same seed gives the same bytes.

    Returns:
        The number of clips.

    Raises:
        FileExistsError: `folder` exists.
    """
    rng = np.random.default_rng(seed)
    if kind == "three":
        layout = Layout(
            dataclasses.replace(H36M, name="stage"),
            unit="cm",
            up="z",
            bodies=3,
        )
        record = {
            **layout.skeleton.to_json(),
            **layout.to_json(),
            "bodies": layout.bodies,
        }
        return write_folder(folder, record, _three(layout, rng))
    # In world landmarks of MediaPipe, y points down.
    layout = Layout(skeleton, up="-y" if skeleton is MEDIAPIPE else "y")
    return write_folder(folder, {"skeleton": skeleton.name}, _one(layout, rng))


def _one(layout: Layout, rng: np.random.Generator) -> Iterator[Clip]:
    """Eight people perform six actions three times each."""
    for number in range(1, 9):
        person = _person(rng)
        for action, take in itertools.product(_ACTIONS, range(1, 4)):
            frames = int(rng.integers(10, 41))
            clip = _perform(action, layout.skeleton, person, frames, rng)
            yield Clip(
                f"{action}/person_{number}_{take}.npy",
                label=action,
                skeleton=_as_recorded(clip[:, None], layout),
                subject=f"person_{number}",
            )


def _three(layout: Layout, rng: np.random.Generator) -> Iterator[Clip]:
    """Five teams perform four actions three times each, in two formats."""
    actions = ("bow", "kick", "raise_arms", "wave")
    suffixes = itertools.cycle((".csv", ".jsonl"))
    for number in range(1, 6):
        team = [_person(rng, beside) for beside in (-1.2, 0.0, 1.2)]
        for action, take in itertools.product(actions, range(1, 4)):
            frames = int(rng.integers(10, 31))
            clip = np.stack(
                [
                    _perform(action, layout.skeleton, person, frames, rng)
                    for person in team
                ],
                axis=1,
            )
            _lose_sight(clip, rng)
            yield Clip(
                f"team_{number}/{action}_{take}{next(suffixes)}",
                label=action,
                skeleton=_as_recorded(clip, layout).round(1),
                subject=f"team_{number}",
                split="train" if number <= 3 else "test",
            )


def _person(rng: np.random.Generator, beside: float = 0.0) -> _Person:
    size = rng.uniform(0.85, 1.1)
    x, z = rng.uniform((beside - 0.3, 2.5), (beside + 0.3, 3.5))
    return _Person(
        size=size,
        energy=rng.uniform(0.8, 1.1),
        # The camera is a metre above the floor.
        place=np.array([x, 0.92 * size - 1, z]),
        heading=rng.uniform(-0.5, 0.5),
    )


def _perform(
    action: str,
    skeleton: Skeleton,
    person: _Person,
    frames: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """One clip, `(frames, joints, 3)`, in metres in camera space."""
    clip = np.tile(standing(skeleton), (frames, 1, 1))
    begin, end = rng.uniform((0.0, 0.85), (0.15, 1.0))
    time = np.clip((np.linspace(0, 1, frames) - begin) / (end - begin), 0, 1)
    # Out in the first third, there in the second, back in the last.
    out = np.sin(np.pi / 2 * np.clip(3 * np.minimum(time, 1 - time), 0, 1)) ** 2
    energy = person.energy * rng.uniform(0.9, 1.1)
    swing = np.sin(2 * np.pi * _SWINGS * time)
    for part, axis, degrees, swinging in _ACTIONS[action]:
        names, pivot = _part(skeleton, part)
        joints = [skeleton.index(name) for name in names]
        angle = np.radians(energy * out * (degrees + swinging * swing))
        clip[:, joints] = _turned(clip[:, joints], pivot, axis, angle)
    heading = person.heading + rng.normal(scale=0.1)
    clip = _turned(clip, np.zeros(3), _Y, np.full(frames, heading))
    place = person.place + rng.normal(scale=(0.1, 0.02, 0.1))
    clip = person.size * clip + place
    return clip + rng.normal(scale=_NOISE, size=clip.shape)


def _part(skeleton: Skeleton, part: str) -> tuple[tuple[str, ...], np.ndarray]:
    """The joints that turn with a part of the body, and around what."""
    if part == "upper_body":
        legs = {*skeleton.parts["left_leg"], *skeleton.parts["right_leg"]}
        upper = tuple(name for name in skeleton.joints if name not in legs)
        return upper, np.zeros(3)
    side, limb = part.split("_")
    root = f"{side}_{'shoulder' if limb == 'arm' else 'hip'}"
    joints = skeleton.parts[part]
    pivot = standing(skeleton)[skeleton.index(root)]
    return joints[joints.index(root) :], pivot


def _turned(
    points: np.ndarray, pivot: np.ndarray, axis: int, angle: np.ndarray
) -> np.ndarray:
    """Points turned around an axis through `pivot`.

    Args:
        points: `(frames, points, 3)`.
        pivot: `(3,)`.
        axis: Index of the axis. A positive angle turns the next axis towards
            the one after: around x, it turns y towards z.
        angle: Radians, `(frames,)`.
    """
    first, second = (axis + 1) % 3, (axis + 2) % 3
    offset = points - pivot
    turned = offset.copy()
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    turned[..., first] = cos * offset[..., first] - sin * offset[..., second]
    turned[..., second] = sin * offset[..., first] + cos * offset[..., second]
    return turned + pivot


def _lose_sight(clip: np.ndarray, rng: np.random.Generator) -> None:
    """Half of the clips begin without one of the bodies; all miss a joint."""
    frames, bodies, joints, _ = clip.shape
    late, body, joint = rng.integers((frames // 2, bodies, joints))
    if rng.random() < 0.5:
        clip[:late, body] = np.nan
    begin, length, other = rng.integers((0, 1, 0), (frames - 5, 6, bodies))
    clip[begin : begin + length, other, joint] = np.nan


def _as_recorded(clip: np.ndarray, layout: Layout) -> np.ndarray:
    """The reverse of `layout.to_camera`."""
    return clip @ np.linalg.inv(layout.to_camera(np.eye(3)))


def main(argv):
    if len(argv) != 2:
        raise SystemExit(
            f"expected the folder to create. Received: {argv[1:] or 'nothing'}"
        )
    if SKELETON.present and KIND.value != "one":
        raise SystemExit(f"--skeleton: does not go with --kind={KIND.value}")
    folder = pathlib.Path(argv[1]).expanduser()
    try:
        clips = write_example(
            folder, KIND.value, SHIPPED[SKELETON.value], SEED.value
        )
    except OSError as error:
        raise SystemExit(f"{folder}: {error}") from None
    print(f"Wrote {clips} clips to {folder}. Check them:")
    print(f"  {command('-m', 'datasets.custom.check', str(folder))}")


if __name__ == "__main__":
    KIND = flags.DEFINE_enum("kind", "one", KINDS, "Number of bodies.")
    SKELETON = flags.DEFINE_enum(
        "skeleton", "kinect1", list(SHIPPED), "With --kind=one: the joints."
    )
    SEED = flags.DEFINE_integer("seed", 0, "Random seed.", lower_bound=0)
    app.run(main)
