"""Prepares recordings in parts, on all cores, and resumes where it was killed.

A part is at most 500 clips of one split. Once read, it is a file, whose name
depends on the content of the recordings and on how they are read, and which
appears when it is complete. A preparation that was killed continues with the
parts that are missing.
"""

import concurrent.futures
import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import pickle
import queue
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic

import numpy as np
import tqdm

from datasets.raw import AnyRecording, RawDataError

# TFDS keeps the clips of a part in memory while it writes them: 25 MB of usual
# clips of NTU RGB+D.
CLIPS_PER_PART = 500


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """What one recording becomes.

    Attributes:
        skeleton: `(frames, bodies, joints, 3)`, float32, metres. A recording
            without frames is left out of the prepared data.
        features: What else the clip has in the prepared data, besides
            `skeleton` and `clip_id`, as JSON values.
        counts: How many things were changed or left out in it, by kind of
            thing; no zeros.
    """

    skeleton: np.ndarray
    features: dict[str, Any]
    counts: dict[str, int]


@dataclasses.dataclass
class Report:
    """What became of the recordings of one part or of all parts.

    Attributes:
        lengths: Numbers of frames of the prepared clips.
        bodies: Number of prepared clips by number of bodies.
        empty: The `clip_id`s of the recordings without frames, skipped.
        bad: Error messages of the damaged recordings, skipped, by `clip_id`.
        counts: Numbers by `clip_id`, for each kind of `Clip.counts`.
    """

    lengths: list[int] = dataclasses.field(default_factory=list)
    bodies: dict[int, int] = dataclasses.field(default_factory=dict)
    empty: list[str] = dataclasses.field(default_factory=list)
    bad: dict[str, str] = dataclasses.field(default_factory=dict)
    counts: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)

    @property
    def clips(self) -> int:
        """Number of prepared clips."""
        return len(self.lengths)

    @property
    def frames(self) -> int:
        """Number of their frames."""
        return sum(self.lengths)

    def add_clip(self, clip_id: str, clip: Clip) -> None:
        frames, bodies = clip.skeleton.shape[:2]
        for kind, number in clip.counts.items():
            self.counts.setdefault(kind, {})[clip_id] = number
        if frames:
            self.lengths.append(frames)
            self.bodies[bodies] = self.bodies.get(bodies, 0) + 1
        else:
            self.empty.append(clip_id)

    def add(self, other: "Report") -> None:
        self.lengths += other.lengths
        for bodies, clips in other.bodies.items():
            self.bodies[bodies] = self.bodies.get(bodies, 0) + clips
        self.empty += other.empty
        self.bad |= other.bad
        for kind, numbers in other.counts.items():
            self.counts.setdefault(kind, {}).update(numbers)


@dataclasses.dataclass(frozen=True)
class Part(Generic[AnyRecording]):
    """Some recordings of one split; called, it yields TFDS examples.

    Args:
        recordings: Recordings in the order of the examples.
        read: Reads one of them, and raises `RawDataError` if it is damaged. A
            function of a module that does without TensorFlow, a
            `functools.partial` of one, or a frozen dataclass that can be
            called: other processes import it. The `repr` of its arguments or
            fields must say all that matters about them, and nothing that
            changes from process to process.
        folder: Folder for the file of the part.
        on_bad_file: What to do about a damaged recording: `"error"` raises;
            `"skip"` leaves it out and reports it.
    """

    recordings: tuple[AnyRecording, ...]
    read: Callable[[AnyRecording], Clip]
    folder: pathlib.Path
    on_bad_file: str

    @functools.cached_property
    def file(self) -> pathlib.Path:
        """The file of the part.

        Another one if a recording was changed, or is to be read in another way.
        """
        sources = repr((_named(self.read), self.recordings))
        digest = hashlib.sha256(sources.encode()).hexdigest()
        return self.folder / f"{digest[:32]}.zip"

    def is_ready(self) -> bool:
        """Whether the part has been read in the way of `on_bad_file`."""
        if not self.file.exists():
            return False
        return self.on_bad_file == "skip" or not self.report().bad

    def report(self) -> Report:
        with zipfile.ZipFile(self.file) as archive:
            values = json.loads(archive.read("report.json"))
        # JSON has no numbers as keys.
        bodies = {int(x): clips for x, clips in values.pop("bodies").items()}
        return Report(bodies=bodies, **values)

    def prepare(
        self, begin: Callable[[AnyRecording], object] = lambda _: None
    ) -> None:
        """Reads the recordings and writes the file.

        Args:
            begin: Called with each recording before it is read.

        Raises:
            RawDataError: A recording is damaged and must not be skipped.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # Of this process alone: the empty parts of two splits are one file.
        temporary = self.file.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._write(temporary, begin)
            temporary.replace(self.file)
        finally:
            temporary.unlink(missing_ok=True)

    def _write(
        self, path: pathlib.Path, begin: Callable[[AnyRecording], object]
    ) -> None:
        report = Report()
        clips = []  # Index of the recording, and features of the clip.
        with zipfile.ZipFile(path, "w") as archive:
            for index, recording in enumerate(self.recordings):
                begin(recording)
                try:
                    clip = self._read(recording)
                except RawDataError as error:
                    if self.on_bad_file == "error":
                        raise
                    report.bad[recording.clip_id] = str(error)
                    continue
                report.add_clip(recording.clip_id, clip)
                if len(clip.skeleton):
                    clips.append((index, clip.features))
                    with archive.open(
                        _array(index), "w", force_zip64=True
                    ) as f:
                        np.save(f, clip.skeleton)
            archive.writestr("clips.json", json.dumps(clips))
            archive.writestr(
                "report.json", json.dumps(dataclasses.asdict(report))
            )

    def _read(self, recording: AnyRecording) -> Clip:
        """Reads a recording; whatever goes wrong in it is its damage."""
        try:
            return self.read(recording)
        except RawDataError:
            raise
        except Exception as error:
            raise RawDataError(
                f"{recording.place}: expected a recording that can be read. "
                f"Received: {type(error).__name__}: {error}"
            ) from error

    def __call__(
        self, bodies: int | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields the clips as TFDS examples, with their keys.

        Args:
            bodies: Number of bodies of every skeleton; absent ones, all zeros,
                fill up those that have fewer. `None` leaves them as they are.
        """
        if not self.is_ready():  # On a machine of a Beam cluster.
            self.prepare()
        with zipfile.ZipFile(self.file) as archive:
            for index, features in json.loads(archive.read("clips.json")):
                clip_id = self.recordings[index].clip_id
                with archive.open(_array(index)) as file:
                    skeleton = np.lib.format.read_array(file)
                if bodies is not None:
                    absent = bodies - skeleton.shape[1]
                    skeleton = np.pad(
                        skeleton, ((0, 0), (0, absent), (0, 0), (0, 0))
                    )
                yield (
                    clip_id,
                    {"skeleton": skeleton, **features, "clip_id": clip_id},
                )


def _array(index: int) -> str:
    """Where the skeleton of a recording is in the file of its part."""
    return f"{index}.npy"


def _named(read: Callable[[Any], Clip]) -> str:
    """What `read` is. Its own `repr` may contain an address in memory."""
    if isinstance(read, functools.partial):
        keywords = sorted(read.keywords.items())
        return f"{_named(read.func)}, {read.args}, {keywords}"
    if dataclasses.is_dataclass(read):
        return repr(read)
    return f"{read.__module__}.{read.__qualname__}"


def divide(
    recordings: Mapping[str, Sequence[AnyRecording]],
    read: Callable[[AnyRecording], Clip],
    folder: pathlib.Path,
    on_bad_file: str,
) -> dict[str, list[Part[AnyRecording]]]:
    """The parts of each split, its recordings shuffled in a fixed order.

    Recordings of one file stay together, in the order in which they are given,
    so that a reader that keeps the last file need not read it twice.

    Args:
        recordings: Recordings by split.
        read, folder, on_bad_file: As of a `Part`.
    """
    return {
        split: [
            Part(tuple(group), read, folder, on_bad_file)
            for group in _grouped(of_split)
        ]
        for split, of_split in recordings.items()
    }


def _grouped(recordings: Sequence[AnyRecording]) -> list[list[AnyRecording]]:
    files: dict[tuple[pathlib.Path, str | None], list[AnyRecording]] = {}
    for recording in recordings:
        place = (recording.path, recording.member)
        files.setdefault(place, []).append(recording)

    def shuffled(file: list[AnyRecording]) -> bytes:
        return hashlib.sha256(file[0].clip_id.encode()).digest()

    # A split without recordings has one empty part, because Beam needs one.
    groups: list[list[AnyRecording]] = [[]]
    for file in sorted(files.values(), key=shuffled):
        for start in range(0, len(file), CLIPS_PER_PART):
            clips = file[start:][:CLIPS_PER_PART]
            if len(groups[-1]) + len(clips) > CLIPS_PER_PART:
                groups.append([])
            groups[-1] += clips
    return groups


def prepare(parts: Sequence[Part[Any]], processes: int | None = None) -> None:
    """Reads the parts that are not ready, in several processes.

    A process that ends while it reads is replaced once: something else may have
    ended it.

    Args:
        parts: Parts from `divide`.
        processes: Number of processes; `None` for one on each core.

    Raises:
        RawDataError: A recording is damaged and must not be skipped, or the
            process that reads it has ended twice. The parts that were read
            before stay.
    """
    waiting = [part for part in parts if not part.is_ready()]
    if not waiting:
        return
    clips = sum(len(part.recordings) for part in parts)
    ready = clips - sum(len(part.recordings) for part in waiting)
    if ready:
        print(f"Resuming: {ready} of {clips} recordings have been read before")
    processes = min(processes or os.cpu_count() or 1, len(waiting))
    idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()

    def prepare_one(part: Part[Any]) -> int:
        reader = idle.get()
        try:
            try:
                _ask(reader, part)
            except _EndedError:
                reader = readers.enter_context(_reader())
                _ask(reader, part)
        except _EndedError as error:
            raise RawDataError(
                f"{error}: the process has ended, perhaps because it ran out "
                "of memory; and so had another one. Its exit status: "
                f"{reader.wait()}"
            ) from None
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
        [sys.executable, "-c", "from datasets import parts; parts.serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=pathlib.Path(__file__).parents[1],
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            assert process.stdin is not None
            # Closing sends what a process that died did not take.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()


class _EndedError(Exception):
    """A process has ended; the message says what it was doing."""


def _ask(reader: "subprocess.Popen[bytes]", part: Part[Any]) -> None:
    """Has a process prepare a part.

    Raises:
        _EndedError: It has ended.
    """
    assert reader.stdin is not None
    assert reader.stdout is not None
    doing = "before a recording was read"
    try:
        pickle.dump(part, reader.stdin)
        reader.stdin.flush()
        while isinstance(message := pickle.load(reader.stdout), str):
            doing = f"{message}, while it was read"
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        raise _EndedError(doing) from None
    if message is not None:
        raise message


def serve() -> None:
    """Prepares parts from standard input until there are no more.

    Writes the place of each recording before it is read, and at the end of a
    part `None` or the error.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent ends the process.

    def say(message: Any) -> None:
        pickle.dump(message, sys.stdout.buffer)
        sys.stdout.buffer.flush()

    with contextlib.suppress(EOFError):
        while True:
            part = pickle.load(sys.stdin.buffer)
            try:
                part.prepare(lambda recording: say(recording.place))
            except (RawDataError, OSError) as error:
                say(error)
            else:
                say(None)


def report(parts: Sequence[Part[Any]]) -> Report:
    """The reports of all parts, combined."""
    total = Report()
    for part in parts:
        total.add(part.report())
    return total
