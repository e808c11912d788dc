"""Runs a stream and a client for very long.

    python -m benchmarks.reliability.soak

The model that comes with the repository takes so many frames of one movement
again and again: memory must stay flat, and the summed logits must be the first
ones plus what each repetition adds. A client asks a small server, on loopback,
so many times.
"""

import pathlib
import tempfile
import time
from typing import Any

import numpy as np
import psutil
import tqdm
from absl import app, flags

import datasets
from benchmarks import programs
from benchmarks.reliability import victims
from stalstm import files, loading, machine
from stalstm.runtime.litert import FrameModel

MODEL = loading.SHIPPED / "sbu_paper" / "frame_float16.tflite"
# Repetitions after which the network's memory repeats too.
SETTLED = 200


def memory_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


def frames(number: int) -> dict[str, Any]:
    """Feeds a stream; returns JSON values."""
    ((_, clip), *_) = datasets.get("synthetic").examples()
    model = FrameModel(MODEL)
    stream = model.stream()
    repetitions = max(number // len(clip), 3 * SETTLED)

    def repeat(times: int) -> np.ndarray:
        """The summed logits after some repetitions more."""
        for _ in tqdm.trange(times, unit=f" x {len(clip)} frames"):
            for frame in clip:
                answer = stream.step(frame)
        return answer["logits"].astype(np.float64)

    repeat(SETTLED)
    begin = time.monotonic()
    first = repeat(SETTLED)
    memory = memory_mib()
    second = repeat(SETTLED)
    each = (second - first) / SETTLED
    last = repeat(repetitions - 3 * SETTLED)
    expected = second + each * (repetitions - 3 * SETTLED)
    seconds = time.monotonic() - begin
    answer = stream.finish()
    fresh = model.stream()
    for frame in clip:
        again = fresh.step(frame)
    other = model.stream()
    for frame in clip:
        anew = other.step(frame)
    return {
        "frames": answer["frames"],
        "microseconds_a_frame": round(
            1e6 * seconds / ((repetitions - SETTLED) * len(clip)), 1
        ),
        "relative_drift": float(
            np.max(np.abs(last - expected)) / np.max(np.abs(expected))
        ),
        "more_memory_mib": round(memory_mib() - memory, 1),
        "a_fresh_stream_equals_another": bool(
            np.array_equal(again["logits"], anew["logits"])
        ),
    }


def requests(number: int, exported: pathlib.Path) -> dict[str, Any]:
    """Asks a server; returns JSON values.

    Args:
        number: Number of requests, half by gRPC and half by REST.
        exported: Folder of a SavedModel.
    """
    from stalstm.runtime.client import connect
    from tests.export import fake_server

    result: dict[str, Any] = {}
    clip = np.random.default_rng(0).normal(size=(1, 2, 15, 3))
    servable = fake_server.Servable("soak", exported)
    for name in ("grpc", "rest"):
        serve = getattr(fake_server, f"{name}_server")
        with serve(servable) as (_, address):
            model = connect(address, "soak", timeout=60)
            answers = [model.predict(clip) for _ in range(200)]
            memory, begin = memory_mib(), time.monotonic()
            for _ in tqdm.trange(number // 2, desc=name):
                answer = model.predict(clip)
                servable.calls.clear()  # It remembers what it was asked.
            result[name] = {
                "requests": number // 2,
                "milliseconds_each": round(
                    1e3 * (time.monotonic() - begin) / (number // 2), 2
                ),
                "more_memory_mib": round(memory_mib() - memory, 1),
                "the_last_equals_the_first": bool(
                    np.array_equal(answer["logits"], answers[0]["logits"])
                ),
            }
    return result


def main(argv: list[str]) -> None:
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    path = programs.RESULTS / "soak.json"
    about = {"frames": FRAMES.value, "requests": REQUESTS.value}
    result: dict[str, Any] = {
        "command": "python -m benchmarks.reliability.soak",
        **about,
        "processor": machine.processor(),
    }
    result |= programs.recorded(path, about)
    if "client" not in result:
        with tempfile.TemporaryDirectory() as folder:
            top = pathlib.Path(folder)
            export = victims.make_programs(top / "inputs")["export"]
            victims.run(export, top / "exported")
            exported = top / "exported/sbu/1"
            result["client"] = requests(REQUESTS.value, exported)
        files.write_json(path, result)
    if "stream" not in result:
        result["stream"] = frames(FRAMES.value)
        files.write_json(path, result)


if __name__ == "__main__":
    FRAMES = flags.DEFINE_integer("frames", 10_000_000, "Of the stream.")
    REQUESTS = flags.DEFINE_integer("requests", 100_000, "Of the client.")
    app.run(main)
