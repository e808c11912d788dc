"""The live page: the frame model in a browser, with all that it needs."""

import gzip
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from stalstm.runtime.litert import read_metadata
from stalstm.show import clips, page
from stalstm.skeletons import Skeleton

FILE = "index.html"
MODULES = (
    "live",
    "live_clip",
    "frame_model",
    "readers",
    "viewer",
    "player",
    "charts",
    "clip",
    "colors",
    "dom",
)
LIBRARIES = (*page.VIEWER, "@litertjs/core", "@litertjs/wasm-utils")
# Of `web/vendor/`, as the page asks for them.
RUNTIME = ("litert_wasm.wasm", "litert_wasm.js")
# LiteRT.js compiles WebAssembly, and a stream may come from anywhere that the
# user types.
POLICY = (
    "default-src 'none'; "
    "script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; connect-src ws: wss:"
)
MODEL = "frame_float16.tflite"


class Content(NamedTuple):
    """What the page begins with.

    Attributes:
        examples: Names and skeletons `(frames, bodies, joints, 3)`, metres in
            camera space, to play.
        frames: Number of frames after which a clip ends.
        rate: Frames a second at which recordings are played.
    """

    examples: Sequence[tuple[str, np.ndarray]]
    frames: int
    rate: float


def write(
    folder: pathlib.Path, litert_folder: pathlib.Path, content: Content
) -> None:
    """Writes `index.html`, which opens from disk and needs nothing else.

    Args:
        folder: The new folder.
        litert_folder: A LiteRT export of a model that streams.
        content: What the page begins with.
    """
    metadata = read_metadata(litert_folder)
    joints = Skeleton.from_json(metadata["skeleton"])
    data: dict[str, Any] = {
        "shared": clips.shared(joints, metadata["labels"]),
        "metadata": metadata,
        "clips": [clips.describe(*x, None) for x in content.examples],
        "frames": content.frames,
        "rate": content.rate,
    }
    runtime = {
        name: (page.WEB / f"vendor/{name}.gz").read_bytes() for name in RUNTIME
    }
    model = (litert_folder / MODEL).read_bytes()
    folder.mkdir()
    page.write(
        folder / FILE,
        title="Live recognition",
        main="live",
        data=data,
        modules=MODULES,
        assets={**runtime, "model.tflite": gzip.compress(model, mtime=0)},
        libraries=LIBRARIES,
        policy=POLICY,
    )
