"""Writes made-up recordings in the format of NTU RGB+D, which can be learned.

    python -m datasets.ntu.fake_recordings FOLDER_OR_ZIP --clips=200

An action is a limb, a way to move it and a pace, performed by a stick figure of
25 joints. In the last quarter of the actions, a second figure performs it too,
as a mirror image. Performers differ in size, place, heading and timing. Some
recordings are as awkward as real ones: CRLF line ends, frames without a body, a
body whose id changes, a third body that is noise.
"""

import contextlib
import pathlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from absl import app, flags

from datasets.ntu import official
from datasets.ntu.recordings import JOINTS
from stalstm import files

# A standing figure that faces the sensor, in metres around the middle of the
# body; joints in the order of `stalstm.skeletons.KINECT2`.
_FIGURE = np.array(
    [
        (0.00, -0.25, 0.00),  # base of the spine
        (0.00, 0.05, 0.00),  # middle of the spine
        (0.00, 0.42, 0.00),  # neck
        (0.00, 0.55, 0.00),  # head
        (-0.18, 0.30, 0.00),  # left shoulder
        (-0.22, 0.05, 0.02),  # left elbow
        (-0.23, -0.18, -0.02),  # left wrist
        (-0.23, -0.25, -0.03),  # left hand
        (0.18, 0.30, 0.00),  # right shoulder
        (0.22, 0.05, 0.02),  # right elbow
        (0.23, -0.18, -0.02),  # right wrist
        (0.23, -0.25, -0.03),  # right hand
        (-0.08, -0.26, 0.00),  # left hip
        (-0.10, -0.65, -0.02),  # left knee
        (-0.11, -1.02, 0.02),  # left ankle
        (-0.12, -1.07, -0.08),  # left foot
        (0.08, -0.26, 0.00),  # right hip
        (0.10, -0.65, -0.02),  # right knee
        (0.11, -1.02, 0.02),  # right ankle
        (0.12, -1.07, -0.08),  # right foot
        (0.00, 0.34, 0.00),  # spine between the shoulders
        (-0.23, -0.32, -0.04),  # tip of the left hand
        (-0.20, -0.26, -0.06),  # left thumb
        (0.23, -0.32, -0.04),  # tip of the right hand
        (0.20, -0.26, -0.06),  # right thumb
    ]
)

# By limb: the fraction of its movement that each joint follows.
_LIMBS: tuple[dict[int, float], ...] = (
    {9: 0.4, 10: 0.8, 11: 0.9, 23: 1.0, 24: 0.95},  # right arm
    {5: 0.4, 6: 0.8, 7: 0.9, 21: 1.0, 22: 0.95},  # left arm
    {17: 0.5, 18: 0.9, 19: 1.0},  # right leg
    {13: 0.5, 14: 0.9, 15: 1.0},  # left leg
    {2: 0.8, 3: 1.0, 20: 0.6, 4: 0.6, 8: 0.6},  # upper body
)
_REACH = 0.45  # Movement of the end of the limb, in metres.
_NOISE = 0.004  # Noise of each joint in each frame, in metres.

_FIRST_BODY_ID = 72057594037927936
_BODY_LINE = "0 1 1 1 1 0 0.02764709 0.05745083 2"
# The fields after x, y and z in a joint line; the reader ignores them.
_REST = "277.419 191.8218 1036.233 519.1677 -0.2059419 0.05349901 0.9692109"
_BODY = "\n".join(
    [
        f"%d {_BODY_LINE}",
        str(JOINTS),
        *[f"%.7g %.7g %.7g {_REST} -0.1239193 2"] * JOINTS,
        "",
    ]
)


def format_recording(frames: Sequence[Mapping[int, np.ndarray]]) -> bytes:
    """The content of a `.skeleton` file.

    Args:
        frames: For each frame, the joints of each body by id, `(25, 3)`, in
            metres. They are written with seven digits, as in the real files.
    """
    text = [f"{len(frames)}\n"]
    for bodies in frames:
        text.append(f"{len(bodies)}\n")
        for body_id, joints in bodies.items():
            text.append(_BODY % (body_id, *joints.ravel().tolist()))
    return "".join(text).encode()


def write_fake_recordings(
    path: pathlib.Path, clips: int = 2000, classes: int = 20, seed: int = 0
) -> None:
    """Writes clips of A001, A002, ... in turn, for all splits.

    The zip or the folder appears when it is complete, never before.

    Args:
        path: Zip to write, if its suffix is `.zip`, or folder for the files.
        clips: Number of clips.
        classes: Number of actions, at most 120.
        seed: Random seed.

    Raises:
        FileExistsError: `path` exists.
    """
    if path.exists():
        raise FileExistsError(
            f"`path` must not exist yet. Received: path={path}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    missing = official.missing_skeletons("ntu120")
    written = 0
    with files.replacing(path) as temporary, _destination(temporary) as write:
        for number in range(clips + len(missing)):
            action, take = number % classes, number // classes
            # Performers, cameras and setups change at different paces, so that
            # every split has some clips.
            name = (
                f"S{take // 3 % 17 + 1:03d}C{take % 3 + 1:03d}"
                f"P{take // 3 % 40 + 1:03d}R{take // 2040 + 1:03d}"
                f"A{action + 1:03d}"
            )
            if name not in missing and written < clips:
                write(f"{name}.skeleton", _recording(action, classes, rng))
                written += 1


def examples(number: int = 4) -> list[tuple[str, bytes]]:
    """Names and contents of a few recordings, each of another action."""
    rng = np.random.default_rng(0)
    return [
        (f"action {x + 1}", _recording(x, number, rng)) for x in range(number)
    ]


@contextlib.contextmanager
def _destination(path: pathlib.Path) -> Iterator:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            yield lambda name, data: archive.writestr(
                f"nturgb+d_skeletons/{name}", data
            )
    else:
        path.mkdir()
        yield lambda name, data: (path / name).write_bytes(data)


def _recording(action: int, classes: int, rng: np.random.Generator) -> bytes:
    # 84 frames on average, as in the real set; few clips are long.
    count = int(np.clip(rng.gamma(6, 14), 30, 300))
    two = action >= classes - classes // 4
    heading = rng.uniform(-0.6, 0.6)
    place = rng.uniform((-0.5, -0.1, 2.5), (0.5, 0.2, 3.5))
    bodies = [_performance(action, count, rng) @ _turn(heading) + place]
    if two:
        mirrored = _performance(action, count, rng) * (-1, 1, 1)
        apart = np.array([1.0, 0.0, 0.2]) @ _turn(heading)
        bodies.append(mirrored @ _turn(heading) + place + apart)

    ids = _FIRST_BODY_ID + rng.choice(10_000, size=4, replace=False)
    frames = [
        {int(ids[index]): body[frame] for index, body in enumerate(bodies)}
        for frame in range(count)
    ]
    awkward = rng.random(4) < 0.05
    if awkward[0]:  # The first body is lost and found again under another id.
        for bodies_of_frame in frames[count // 2 :]:
            bodies_of_frame[int(ids[2])] = bodies_of_frame.pop(int(ids[0]))
    if awkward[1]:
        for bodies_of_frame in frames[: count // 10]:
            bodies_of_frame.clear()
    if awkward[2]:  # A chair, for a moment.
        chair = _FIGURE * (1.5, 0.3, 1.0) + place + (1.5, -0.5, 0.5)
        for bodies_of_frame in frames[-8:]:
            bodies_of_frame[int(ids[3])] = chair
    data = format_recording(frames)
    return data.replace(b"\n", b"\r\n") if awkward[3] else data


def _performance(
    action: int, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Joints of a figure, `(count, 25, 3)`, in metres around its middle."""
    limb, way, pace = action % 5, action // 5 % 3, action // 15
    hertz = (0.8 + 0.5 * pace) * rng.uniform(0.9, 1.1)
    turn = 2 * np.pi * (hertz * np.arange(count) / 30 + rng.random())
    out, around = 0.5 - 0.5 * np.cos(turn), 0.5 * np.sin(turn)
    still = np.zeros(count)
    side = np.sign(sum(_FIGURE[joint, 0] for joint in _LIMBS[limb])) or 1.0
    path = (
        _REACH
        * (
            np.stack([side * out, out, still], axis=-1),  # to the side and up
            np.stack([still, still, -out], axis=-1),  # forwards
            np.stack([around, still, -out], axis=-1),  # in circles
        )[way]
    )
    follow = np.zeros(JOINTS)
    follow[list(_LIMBS[limb])] = list(_LIMBS[limb].values())
    joints = _FIGURE + path[:, None] * follow[:, None]
    joints = joints * rng.uniform(0.85, 1.1)
    return joints + rng.normal(scale=_NOISE, size=joints.shape)


def _turn(heading: float) -> np.ndarray:
    """A rotation around the vertical axis, to multiply rows of joints with."""
    cosine, sine = np.cos(heading), np.sin(heading)
    return np.array([[cosine, 0, -sine], [0, 1, 0], [sine, 0, cosine]])


def main(argv):
    if len(argv) != 2:
        raise SystemExit(
            "expected the folder or the zip to write. "
            f"Received: {argv[1:] or 'nothing'}"
        )
    path = pathlib.Path(argv[1]).expanduser()
    try:
        write_fake_recordings(path, CLIPS.value, CLASSES.value, SEED.value)
    except OSError as error:
        raise SystemExit(f"{path}: {error}") from None
    print(f"Wrote {CLIPS.value} recordings to {path}")


if __name__ == "__main__":
    CLIPS = flags.DEFINE_integer(
        "clips", 2000, "Number of recordings.", lower_bound=1
    )
    CLASSES = flags.DEFINE_integer(
        "classes",
        20,
        "Number of actions.",
        lower_bound=1,
        upper_bound=official.CONFIGS["ntu120"].actions,
    )
    SEED = flags.DEFINE_integer("seed", 0, "Random seed.", lower_bound=0)
    app.run(main)
