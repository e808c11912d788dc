"""Prepares recordings in parts, on all cores, and resumes where it was killed.

A part is 500 clips of one split. Once read, it is a file, whose name depends on
the content of the recordings and which appears when it is complete. A
preparation that was killed continues with the parts that are missing.
"""

import concurrent.futures
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import pickle
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tqdm

from datasets.ntu.performers import PERFORMERS, choose_performers
from datasets.ntu.recordings import JOINTS, Recording
from datasets.raw import RawDataError

CLIPS_PER_PART = 500  # 25 MB of usual clips; at most 45 MB, of 300-frame clips.

# What a report counts, by clip: attributes of `performers.Clip`.
COUNTS = (
    "dropped_frames",
    "continued_ids",
    "short_bodies",
    "wide_bodies",
    "further_bodies",
)


@dataclasses.dataclass
class Report:
    """What became of the recordings of one part or of all parts.

    Attributes:
        clips: Number of prepared clips.
        frames: Number of their frames.
        two_performers: Number of prepared clips with two performers.
        empty: The `clip_id`s of the recordings without a body, skipped.
        bad: Error messages of the damaged recordings, skipped, by `clip_id`.
        counts: Numbers by `clip_id`, for each of `COUNTS`.
    """

    clips: int = 0
    frames: int = 0
    two_performers: int = 0
    empty: list[str] = dataclasses.field(default_factory=list)
    bad: dict[str, str] = dataclasses.field(default_factory=dict)
    counts: dict[str, dict[str, int]] = dataclasses.field(
        default_factory=lambda: {count: {} for count in COUNTS}
    )

    def add(self, other: "Report") -> None:
        self.clips += other.clips
        self.frames += other.frames
        self.two_performers += other.two_performers
        self.empty += other.empty
        self.bad |= other.bad
        for count, clips in self.counts.items():
            clips |= other.counts[count]


@dataclasses.dataclass(frozen=True)
class Part:
    """Some recordings of one split; called, it yields TFDS examples.

    Args:
        recordings: Recordings in the order of the examples.
        folder: Folder for the file of the part.
        on_bad_file: What to do about a damaged recording: `"error"` raises;
            `"skip"` leaves it out and reports it.
    """

    recordings: tuple[Recording, ...]
    folder: pathlib.Path
    on_bad_file: str

    @property
    def file(self) -> pathlib.Path:
        """The file of the part; another if a recording was changed."""
        sources = [(r.clip_id, *r.stamp) for r in self.recordings]
        digest = hashlib.sha256(repr(sources).encode()).hexdigest()
        return self.folder / f"{digest[:32]}.npz"

    def is_ready(self) -> bool:
        """Whether the part has been read in the way of `on_bad_file`."""
        if not self.file.exists():
            return False
        return self.on_bad_file == "skip" or not self.report().bad

    def report(self) -> Report:
        with self.file.open("rb") as file, np.load(file) as arrays:
            return Report(**json.loads(str(arrays["report"])))

    def prepare(self) -> None:
        """Reads the recordings and writes the file.

        Raises:
            RawDataError: A recording is damaged and must not be skipped.
        """
        report = Report()
        clips = []
        for index, recording in enumerate(self.recordings):
            try:
                clip = choose_performers(recording.read())
            except RawDataError as error:
                if self.on_bad_file == "error":
                    raise
                report.bad[recording.clip_id] = str(error)
                continue
            for count, of_clips in report.counts.items():
                if number := getattr(clip, count):
                    of_clips[recording.clip_id] = number
            if clip.bodies:
                clips.append((index, clip))
                report.two_performers += clip.bodies == PERFORMERS
            else:
                report.empty.append(recording.clip_id)
        report.clips = len(clips)
        report.frames = sum(len(clip.skeleton) for _, clip in clips)

        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.file.with_suffix(f".{os.getpid()}.tmp")
        with temporary.open("wb") as file:
            np.savez(
                file,
                skeleton=np.concatenate(
                    [
                        np.empty((0, PERFORMERS, JOINTS, 3), np.float32),
                        *(clip.skeleton for _, clip in clips),
                    ]
                ),
                frames=[len(clip.skeleton) for _, clip in clips],
                bodies=[clip.bodies for _, clip in clips],
                index=[index for index, _ in clips],
                report=json.dumps(dataclasses.asdict(report)),
            )
        temporary.rename(self.file)

    def __call__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if not self.is_ready():  # On a machine of a Beam cluster.
            self.prepare()
        with self.file.open("rb") as file, np.load(file) as arrays:
            skeleton, frames, bodies, index = (
                arrays[key] for key in ("skeleton", "frames", "bodies", "index")
            )
        end = 0
        for at, length, number in zip(
            index.tolist(), frames.tolist(), bodies.tolist(), strict=True
        ):
            recording = self.recordings[at]
            start, end = end, end + length
            yield (
                recording.clip_id,
                {
                    "skeleton": skeleton[start:end],
                    "bodies": number,
                    "label": recording.action - 1,
                    "setup": recording.setup,
                    "camera": recording.camera,
                    "performer": recording.performer,
                    "replication": recording.replication,
                    "clip_id": recording.clip_id,
                },
            )


def divide(
    recordings: Mapping[str, Sequence[Recording]],
    folder: pathlib.Path,
    on_bad_file: str,
) -> dict[str, list[Part]]:
    """The parts of each split, its recordings shuffled in a fixed order."""

    def shuffled(recording: Recording) -> bytes:
        return hashlib.sha256(recording.clip_id.encode()).digest()

    # A split without recordings has one empty part, because Beam needs one.
    return {
        split: [
            Part(tuple(group[start:][:CLIPS_PER_PART]), folder, on_bad_file)
            for start in range(0, max(len(group), 1), CLIPS_PER_PART)
        ]
        for split, group in (
            (split, sorted(unordered, key=shuffled))
            for split, unordered in recordings.items()
        )
    }


def prepare(parts: Sequence[Part], processes: int | None = None) -> None:
    """Reads the parts that are not ready, in several processes.

    Args:
        parts: Parts from `divide`.
        processes: Number of processes; `None` for one on each core.

    Raises:
        RawDataError: A recording is damaged and must not be skipped. The parts
            that were read before stay.
    """
    waiting = [part for part in parts if not part.is_ready()]
    clips = sum(len(part.recordings) for part in parts)
    ready = clips - sum(len(part.recordings) for part in waiting)
    if ready:
        print(f"Resuming: {ready} of {clips} recordings have been read before")
    if not waiting:
        return
    processes = min(processes or os.cpu_count() or 1, len(waiting))
    idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()

    def prepare_one(part: Part) -> int:
        reader = idle.get()
        try:
            _ask(reader, part)
        finally:
            idle.put(reader)
        return len(part.recordings)

    with (
        contextlib.ExitStack() as readers,
        concurrent.futures.ThreadPoolExecutor(processes) as pool,
        tqdm.tqdm(
            desc="Reading", total=clips, initial=ready, unit=" recordings"
        ) as bar,
    ):
        for _ in range(processes):
            idle.put(readers.enter_context(_reader()))
        jobs = [pool.submit(prepare_one, part) for part in waiting]
        try:
            for job in concurrent.futures.as_completed(jobs):
                bar.update(job.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@contextlib.contextmanager
def _reader() -> Iterator[subprocess.Popen[bytes]]:
    """A process that prepares the parts sent to it.

    Not from `multiprocessing`, which either imports the main script again, and
    with it TensorFlow, or forks a process with the threads of TensorFlow.
    """
    with subprocess.Popen(
        [sys.executable, "-c", "from datasets.ntu import parts; parts.serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=pathlib.Path(__file__).parents[2],
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _ask(reader: "subprocess.Popen[bytes]", part: Part) -> None:
    assert reader.stdin is not None
    assert reader.stdout is not None
    try:
        pickle.dump(part, reader.stdin)
        reader.stdin.flush()
        error = pickle.load(reader.stdout)
    except (EOFError, BrokenPipeError):
        raise RuntimeError(
            "A process that reads recordings has ended, perhaps because it "
            f"ran out of memory. Its exit status: {reader.wait()}"
        ) from None
    if error is not None:
        raise error


def serve() -> None:
    """Prepares parts from standard input until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent ends the process.
    with contextlib.suppress(EOFError):
        while True:
            part = pickle.load(sys.stdin.buffer)
            try:
                part.prepare()
            except (RawDataError, OSError) as error:
                pickle.dump(error, sys.stdout.buffer)
            else:
                pickle.dump(None, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def report(parts: Sequence[Part]) -> Report:
    """The reports of all parts, combined."""
    total = Report()
    for part in parts:
        total.add(part.report())
    return total
