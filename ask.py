"""Asks a server what raw recordings show.

    python ask.py --model=sbu ~/SBU/s01s02/03/001/skeleton_pos.txt
    python ask.py --model=sbu ~/SBU                 all recordings of a folder
    python ask.py --model=sbu --stream RECORDING    a frame at a time, as live
    python ask.py --model=sbu --server=http://localhost:8501 RECORDING

A recording is a `skeleton_pos.txt` of SBU or a `.skeleton` of NTU RGB+D.
"""

import os
import pathlib

# Before TensorFlow is imported, or it tells what the machine has not.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import app, flags

from datasets.ntu import performers
from datasets.ntu import recordings as ntu
from datasets.sbu import recordings as sbu
from stalstm.serving.client import Client
from stalstm.serving.errors import ServingError
from stalstm.serving.inputs import InputError

_SERVER = flags.DEFINE_string(
    "server", "localhost:8500", "host:port for gRPC, http://host:port for REST."
)
_MODEL = flags.DEFINE_string(
    "model", None, "Its name on the server.", required=True
)
_STREAM = flags.DEFINE_bool(
    "stream", False, "Show the answer after every frame."
)
_TIMEOUT = flags.DEFINE_float(
    "timeout", 10.0, "Seconds that an answer may take.", lower_bound=0.0
)


def main(argv):
    if not argv[1:]:
        raise app.UsageError("expected recordings, or folders of them.")
    try:
        recordings = [x for path in argv[1:] for x in read(pathlib.Path(path))]
        client = Client(_SERVER.value, _MODEL.value, timeout=_TIMEOUT.value)
        if _STREAM.value:
            for name, skeleton in recordings:
                show_stream(client, name, skeleton)
        else:
            answers = client.recognise([x for _, x in recordings])
            for (name, _), answer in zip(recordings, answers, strict=True):
                print(f"{name}: {told(answer)}")
    except (OSError, sbu.RawDataError, InputError, ServingError) as error:
        raise SystemExit(f"ask.py: {error}") from None


def read(path: pathlib.Path) -> list[tuple[str, np.ndarray]]:
    """Names and skeletons of a recording, or of all in a folder."""
    path = path.expanduser()
    if path.is_dir():
        found = sbu.find_recordings(path)
        clips = [(x.clip_id, x.read().skeleton) for x in found]
        for inside in sorted(path.rglob("*.skeleton")):
            clips.extend(read(inside))
        if not clips:
            raise sbu.RawDataError(f"{path}: expected recordings in it")
        return clips
    if path.suffix == ".skeleton":
        raw = ntu.read_recording(path.read_bytes(), str(path))
        return [(str(path), performers.choose_performers(raw).skeleton)]
    with path.open("rb") as file:
        clip = sbu.read_recording(file, str(path))
    return [(str(path), clip.skeleton)]


def show_stream(client: Client, name: str, skeleton: np.ndarray) -> None:
    print(name)
    stream = client.stream()
    for number, frame in enumerate(skeleton, start=1):
        answer = stream.step(frame)
        # Smoothing looks ahead: the first frames have no answer yet.
        text = told(answer) if answer["frames"] else "..."
        print(f"  frame {number:3}  {text}", flush=True)
    print(f"  at the end {told(stream.finish())}")


def told(answer: dict) -> str:
    return f"{answer['label']} ({max(answer['probabilities']):.1%})"


if __name__ == "__main__":
    app.run(main)
