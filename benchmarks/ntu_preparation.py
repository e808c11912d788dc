"""Time and memory of preparing NTU RGB+D, on generated recordings.

    python -m benchmarks.ntu_preparation --samples=FOLDER

Prepares 2,000 recordings from a zip with one and with two processes, each time
in a Python of its own, and in the same run reads them with a plain line-by-line
reader. Preparing 500 recordings then shows how memory depends on their number.
--samples also times the reader on a folder of real `.skeleton` files. Takes
about two minutes. Writes `benchmarks/results/ntu_preparation.json`; without
--samples the result is printed, but not written.
"""

import io
import json
import pathlib
import platform
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable

import numpy as np
from absl import app

from benchmarks import programs
from datasets.ntu import official
from datasets.ntu.fake_recordings import write_fake_recordings
from datasets.ntu.performers import choose_performers
from datasets.ntu.recordings import read_recording, survey
from datasets.raw import RawDataError
from stalstm import files, machine
from stalstm.paths import DEFINE_path

RESULTS = programs.RESULTS / "ntu_preparation.json"
CLIPS, FEWER_CLIPS = 2000, 500

PREPARE = """
import sys, time
import tensorflow_datasets as tfds
from datasets.ntu.ntu_dataset_builder import Builder

raw_dir, data_dir, processes = sys.argv[1:]
builder = Builder(
    config="ntu60", data_dir=data_dir, processes=int(processes)
)
start = time.perf_counter()
builder.download_and_prepare(
    download_config=tfds.download.DownloadConfig(manual_dir=raw_dir)
)
print("seconds:", time.perf_counter() - start)
"""

_SAMPLES = DEFINE_path(
    "samples", None, "Folder of real recordings, to time the reader on."
)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    reader = {}
    if _SAMPLES.value:
        try:
            reader["real"] = reader_milliseconds(_SAMPLES.value, 200)
        except RawDataError as error:
            raise SystemExit(f"--samples: {error}") from None
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        write_fake_recordings(scratch / "all" / "raw.zip", CLIPS)
        write_fake_recordings(scratch / "fewer" / "raw.zip", FEWER_CLIPS)
        start = time.perf_counter()
        with zipfile.ZipFile(scratch / "all" / "raw.zip") as archive:
            for member in archive.namelist():
                read_line_by_line(archive.read(member))
        plain = time.perf_counter() - start
        runs = {
            f"{clips} clips, {processes} processes": prepare(
                scratch / name, scratch / f"{name}{processes}", processes
            )
            for name, clips, processes in (
                ("all", CLIPS, 1),
                ("all", CLIPS, 2),
                ("fewer", FEWER_CLIPS, 2),
            )
        }
        reader["generated"] = reader_milliseconds(scratch / "all", 200)
    fastest = runs[f"{CLIPS} clips, 2 processes"]["seconds"]
    result = {
        "command": "python -m benchmarks.ntu_preparation",
        "processor": machine.processor(),
        "python": platform.python_version(),
        "plain_reader_seconds": plain,
        "prepare": runs,
        # Reading alone, on one core.
        "reader_milliseconds_per_file": reader,
        # In proportion, so the start-up counts once for each 2,000 clips.
        "projected_minutes_with_2_processes": {
            name: fastest / CLIPS * config.samples / 60
            for name, config in official.CONFIGS.items()
        },
        "projected_minutes_of_the_plain_reader": {
            name: plain / CLIPS * config.samples / 60
            for name, config in official.CONFIGS.items()
        },
    }
    print(json.dumps(result, indent=2))
    if _SAMPLES.value:
        files.write_json(RESULTS, result)
    else:
        print(f"Without --samples, {RESULTS.name} is not written.")


def prepare(
    raw_dir: pathlib.Path, data_dir: pathlib.Path, processes: int
) -> dict[str, float]:
    """Seconds, and the peak memory of all processes together."""
    arguments = [str(raw_dir), str(data_dir), str(processes)]
    run = programs.run(
        [sys.executable, "-c", PREPARE, *arguments], sample_every=0.05
    )
    seconds = float(run.output.split("seconds: ")[1].split()[0])
    return {"seconds": seconds, "peak_mebibytes": round(max(run.samples))}


def reader_milliseconds(folder: pathlib.Path, number: int) -> dict[str, float]:
    """Milliseconds of one core for a file, by what is done with it.

    Args:
        folder: Folder of recordings.
        number: Maximum number of recordings to read.

    Raises:
        RawDataError: There is no recording, or one is damaged.
    """
    recordings = survey(folder).recordings[:number]
    if not recordings:
        raise RawDataError(f"{folder}: expected recordings. Received: none")
    texts = [recording.read_bytes() for recording in recordings]

    def parse() -> None:
        for data in texts:
            read_recording(data, "")

    def everything() -> None:
        for recording in recordings:
            choose_performers(recording.read())

    def line_by_line() -> None:
        for data in texts:
            read_line_by_line(data)

    return {
        name: fastest_of_five(function) / len(recordings) * 1000
        for name, function in (
            ("parse", parse),
            ("from_file_to_performers", everything),
            ("plain_reader", line_by_line),
        )
    }


def fastest_of_five(function: Callable[[], None]) -> float:
    """Seconds of processor time, which does not grow with other programs."""
    seconds = []
    for _ in range(5):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds)


def read_line_by_line(data: bytes) -> list[list[np.ndarray]]:
    """Reads as most scripts in this field do: a list of bodies per frame."""
    lines = io.StringIO(data.decode())
    frames = []
    for _ in range(int(lines.readline())):
        bodies = []
        for _ in range(int(lines.readline())):
            lines.readline()
            joints = [
                [float(field) for field in lines.readline().split()]
                for _ in range(int(lines.readline()))
            ]
            bodies.append(np.array(joints)[:, :3])
        frames.append(bodies)
    return frames


if __name__ == "__main__":
    app.run(main)
