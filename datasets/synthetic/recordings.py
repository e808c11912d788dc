"""Writes recordings of people who never lived, in the raw layout of SBU.

    python -m datasets.synthetic.recordings --out=DIR --seed=0

In 21 sets, as in the SBU Kinect Interaction set, seven performers act its eight
interactions in front of a simulated Kinect. Folders, fields, normalisation and
rounding are those of the real files.
"""

import itertools
import os
import pathlib
from collections.abc import Iterator

import numpy as np
from absl import app, flags

from datasets.sbu.recordings import ORIGIN, SCALE, SETS
from datasets.synthetic.figure import (
    ELBOWS,
    FEET,
    HANDS,
    KNEES,
    LEFT,
    RIGHT,
    Figure,
    Performer,
)
from datasets.synthetic.interactions import INTERACTIONS, Scene
from stalstm import files

FRAMES_PER_SECOND = 15
MIN_FRAMES, MAX_FRAMES = 10, 46

# The key of a random generator begins with the seed and one of these uses.
_CAST, _SIDES, _CLIP = range(3)

# Positions of idle hands relative to the shoulder: forward, up and outward, in
# arm lengths. Hanging, half raised, on the hip, folded, behind the back.
_IDLE_HANDS = np.array(
    [
        [0.08, -0.97, 0.1],
        [0.5, -0.55, -0.05],
        [0.02, -0.65, 0.22],
        [0.35, -0.45, -0.25],
        [-0.2, -0.8, -0.15],
    ]
)
_IDLE_HANDS_ODDS = [0.6, 0.15, 0.1, 0.1, 0.05]

# The error of each joint relative to the torso, estimated from the real set.
_JOINT_ERRORS = np.array(
    [1.3, 1, 1, 1.2, 1.7, 2.1, 1.2, 1.8, 2.2, 1.3, 1.8, 2.8, 1.3, 1.8, 2.8]
)
_JITTER, _DRIFT = 0.002, 0.006  # Metres at the torso.
_GLITCH, _GLITCH_ODDS = 0.12, 0.3  # Metres; fraction of clips with a glitch.


def write_recordings(
    folder: str | os.PathLike[str], seed: int = 0, takes: int = 2
) -> None:
    """Writes `<set>/<action>/<take>/skeleton_pos.txt` for the 21 sets.

    The folder appears when it is complete, never before.

    Args:
        folder: Folder to create.
        seed: Random seed. The same seed gives the same bytes.
        takes: Number of clips of each set and action.

    Raises:
        FileExistsError: `folder` exists.
    """
    folder = pathlib.Path(folder).absolute()
    if folder.exists():
        raise FileExistsError(
            f"`folder` must not exist yet. Received: folder={folder}"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with files.replacing(folder) as temporary:
        for clip_id, text in generate(seed, takes):
            path = temporary / clip_id / "skeleton_pos.txt"
            path.parent.mkdir(parents=True)
            path.write_bytes(text)


def generate(seed: int, takes: int) -> Iterator[tuple[str, bytes]]:
    """Yields the clip id and the content of each recording."""
    cast = draw_cast(seed)
    for number, name in enumerate(SETS):
        pair = cast[name[:3]], cast[name[3:]]
        # As in the real set, a pair does not change sides.
        first_is_left = _random(seed, _SIDES, number).random() < 0.5
        for action, take in itertools.product(
            INTERACTIONS, range(1, takes + 1)
        ):
            rng = _random(seed, _CLIP, number, int(action), take)
            skeleton = film(rng, act(rng, action, pair, first_is_left))
            first_frame = int(rng.integers(1, 900))
            yield f"{name}/{action}/{take:03}", encode(skeleton, first_frame)


def draw_cast(seed: int) -> dict[str, Performer]:
    """The performers s01 to s07, different in size and style."""
    rng = _random(seed, _CAST)
    left_handed = rng.integers(7)
    cast = {}
    for number in range(7):
        size = rng.uniform(0.93, 1.07)
        arms, legs = size * rng.uniform(0.96, 1.04, 2)
        # Mean lengths of bones in the real set, in metres.
        cast[f"s{number + 1:02}"] = Performer(
            trunk=0.216 * size,
            shoulder=0.151 * size * rng.uniform(0.95, 1.05),
            hip=0.098 * size,
            head=0.211 * size,
            upper_arm=0.295 * arms,
            forearm=0.281 * arms,
            thigh=0.426 * legs,
            shin=0.410 * legs,
            tempo=rng.uniform(0.85, 1.2),
            energy=rng.uniform(0.85, 1.15),
            stoop=rng.uniform(-0.02, 0.12),
            main_hand=LEFT if number == left_handed else RIGHT,
        )
    return cast


def act(rng, action, pair, first_is_left):
    """Performs one clip, as it is before it is filmed.

    Args:
        rng: Random generator.
        action: Folder of the action, `"01"` to `"08"`.
        pair: The two `Performer`s, in the order of the file.
        first_is_left: Whether the first of them stands on the left of the
            image.

    Returns:
        The joints, `(frames, 2, 15, 3)`, in metres and the world axes of
        `figure`.
    """
    interaction = INTERACTIONS[action]
    actor = rng.integers(2)
    tempo = pair[actor].tempo * rng.uniform(0.85, 1.15)
    # A clip may begin after its interaction does, or end before it is over.
    before, after = interaction.seconds * rng.uniform(-0.05, 0.6, 2)
    seconds = (before + interaction.seconds + after) / tempo
    frames = int(
        np.clip(round(seconds * FRAMES_PER_SECOND), MIN_FRAMES, MAX_FRAMES)
    )
    figures = [
        _stand(rng, performer, direction, frames)
        for performer, direction in zip(
            pair, (-1, 1) if first_is_left else (1, -1), strict=True
        )
    ]
    scene = Scene(
        rng,
        time=np.arange(frames) / FRAMES_PER_SECOND * tempo - before,
        actor=figures[actor],
        reactor=figures[1 - actor],
    )
    interaction.motion(scene)
    return np.stack([figure.joints() for figure in figures], axis=1)


def _stand(rng, performer, direction, frames):
    """A figure with a random posture, which sways and shifts its weight."""
    idle = rng.choice(len(_IDLE_HANDS), 2, p=_IDLE_HANDS_ODDS)
    hands = _IDLE_HANDS[idle] + rng.normal(0, 0.05, (2, 3))
    stance = np.array([0, 0, performer.hip + rng.uniform(0, 0.06)])
    feet = stance + rng.normal(0, [0.08, 0, 0.01], (2, 3))
    hands[RIGHT, 2] *= -1
    feet[RIGHT, 2] *= -1
    figure = Figure(
        performer, direction, rng.normal(0, 0.04), hands, feet, frames
    )
    sway = smooth_noise(rng, (frames, 6), width=15)
    figure.heading += rng.normal(0, 0.16) + 0.06 * sway[:, 0]
    figure.lean += rng.normal(0, 0.05) + 0.03 * sway[:, 1]
    figure.tilt += 0.03 * sway[:, 2]
    figure.nod += rng.normal(0, 0.1) + 0.08 * sway[:, 3]
    figure.crouch += 0.01 * np.abs(sway[:, 4])
    figure.travel += 0.015 * sway[:, 5]
    for hand in (LEFT, RIGHT):
        figure.gesture(hand, 0.05 * smooth_noise(rng, (frames, 3), width=11))
    return figure


def film(rng, world):
    """The measurements of a Kinect at a distance of about 2.2 metres.

    Args:
        rng: Random generator.
        world: True joints, `(frames, 2, 15, 3)`, in metres, with the floor at
            y = 0.

    Returns:
        Measured joints, `(frames, 2, 15, 3)`, in metres in camera space.
    """
    frames = len(world)
    x, y, z = np.moveaxis(world, -1, 0)
    yaw, pitch = rng.normal(0, [0.17, 0.03])
    x, z = np.cos(yaw) * x - np.sin(yaw) * z, np.sin(yaw) * x + np.cos(yaw) * z
    y, z = (
        np.cos(pitch) * y - np.sin(pitch) * z,
        np.sin(pitch) * y + np.cos(pitch) * z,
    )
    skeleton = np.stack([x, y, z], axis=-1)
    skeleton += rng.normal([0, -1.25, 2.18], [0.24, 0.05, 0.1])
    error = _JITTER * rng.standard_normal(skeleton.shape)
    error += _DRIFT * smooth_noise(rng, skeleton.shape, width=7)
    skeleton += _JOINT_ERRORS[:, None] * error
    if rng.random() < _GLITCH_ODDS:
        joint = rng.choice([*ELBOWS, *HANDS, *KNEES, *FEET])
        start = rng.integers(frames)
        skeleton[
            start : start + rng.integers(2, 6), rng.integers(2), joint
        ] += rng.normal(0, _GLITCH, 3)
    return skeleton


def encode(skeleton, first_frame: int) -> bytes:
    """The content of a `skeleton_pos.txt`.

    Args:
        skeleton: Joints, `(frames, 2, 15, 3)`, in metres in camera space.
        first_frame: Frame number of the first frame.
    """
    fields = ((skeleton - ORIGIN) / SCALE).reshape(len(skeleton), -1)
    return "".join(
        ",".join([str(number), *(f"{field:.5g}" for field in row)]) + "\r\n"
        for number, row in enumerate(fields, first_frame)
    ).encode("ascii")


def _random(*key: int) -> np.random.Generator:
    """A separate generator for each key, so that no clip changes another."""
    return np.random.default_rng(key)


def smooth_noise(rng, shape, width):
    """Normal noise of unit variance, `(frames, ...)`, smooth over frames.

    Args:
        rng: Random generator.
        shape: Shape of the noise.
        width: Width of the smoothing window, in frames.
    """
    window = np.hanning(width + 2)[1:-1]
    white = rng.standard_normal((shape[0] + width - 1, *shape[1:]))
    windows = np.lib.stride_tricks.sliding_window_view(white, width, axis=0)
    return windows @ (window / np.linalg.norm(window))


def main(_):
    folder = pathlib.Path(OUT.value).expanduser()
    try:
        write_recordings(folder, SEED.value, TAKES.value)
    except FileExistsError as error:
        raise SystemExit(f"--out: {error}") from None
    clips = len(SETS) * len(INTERACTIONS) * TAKES.value
    print(f"Wrote {clips} recordings to {folder}")


if __name__ == "__main__":
    OUT = flags.DEFINE_string("out", None, "Folder to create.", required=True)
    SEED = flags.DEFINE_integer("seed", 0, "Random seed.", lower_bound=0)
    TAKES = flags.DEFINE_integer(
        "takes",
        2,
        "Number of clips of each set and action.",
        lower_bound=1,
        upper_bound=999,
    )
    app.run(main)
