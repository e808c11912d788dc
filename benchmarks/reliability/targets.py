"""What is fuzzed: each takes bytes, and may raise documented errors only."""

import dataclasses
import io
import itertools
import json
import pathlib
import tempfile
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import requests

import datasets
from datasets.custom import clip_files, layout, manifest
from datasets.custom.convert import mediapipe
from datasets.ntu import recordings as ntu
from datasets.raw import RawDataError
from datasets.sbu import recordings as sbu
from stalstm import loading, workdir
from stalstm.description import Description
from stalstm.recipe import Recipe
from stalstm.runtime import litert
from stalstm.runtime.client import ServedModel
from stalstm.runtime.errors import ServingError
from stalstm.runtime.rest import Rest
from stalstm.skeletons import Skeleton

SKELETON = Skeleton("three", ("a", "b", "c"), bones=(("a", "b"),))
CLIP = np.random.default_rng(0).normal(size=(4, 2, 3, 3)).round(3)


@dataclasses.dataclass(frozen=True)
class Target:
    """Something that reads bytes.

    Attributes:
        seeds: Whole inputs, which it takes.
        read: Takes an input.
        errors: What it may raise, as its documentation says.
    """

    seeds: tuple[bytes, ...]
    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]


def targets() -> dict[str, Target]:
    """All targets, by name."""
    raw: dict[str, tuple[tuple[bytes, ...], Callable[[bytes], object]]] = {
        "sbu": (
            texts_of("synthetic"),
            lambda x: sbu.read_recording(x, "fuzzed"),
        ),
        "ntu": (texts_of("ntu"), lambda x: ntu.read_recording(x, "fuzzed")),
        **{
            f"clip.{suffix}": (seeds, parser(suffix))
            for suffix, seeds in clip_seeds().items()
        },
        "manifest.csv": (
            (
                b"file,label,subject,start,end\nclips/a.npy,wave,anna,0,9\n",
                b'file,label,split\na.csv,"x, y",train\nb.csv,z,test\n',
            ),
            in_folder("manifest.csv", lambda x: manifest.read_manifest(x)),
        ),
        "skeleton.json": (
            layout_seeds(),
            in_folder("skeleton.json", lambda x: layout.read_layout(x.parent)),
        ),
        "mediapipe": (
            mediapipe_seeds(),
            lambda x: mediapipe.read_results(x, "fuzzed.json", 0.5),
        ),
        "sbu zip": (zips("synthetic"), in_folder("raw.zip", read_sbu_zip)),
        "ntu zip": (zips("ntu"), in_folder("raw.zip", read_ntu_zip)),
    }
    all_ = {x: Target(*y, (RawDataError,)) for x, y in raw.items()}
    model = (loading.SHIPPED / "sbu" / "model.json").read_bytes()
    config = json.loads(model)["training"]
    all_["model.json"] = Target(
        (model,),
        in_folder("model.json", lambda x: litert.read_metadata(x.parent)),
        (litert.ModelError,),
    )
    all_["config.json"] = Target(
        (json.dumps({"format": workdir.FORMAT, **config}).encode(),),
        in_folder("config.json", lambda x: workdir.load(x.parent)),
        (workdir.WorkdirError,),
    )
    all_["recipe"] = Target(
        (json.dumps(config["recipe"]).encode(),),
        json_of(Recipe.from_dict),
        (ValueError,),
    )
    all_["description"] = Target(
        (json.dumps(config["data"]).encode(),),
        json_of(Description.from_json),
        (ValueError,),
    )
    shapes, answer = rest_seeds()
    all_["rest metadata"] = Target(
        (shapes,),
        lambda x: served(x, answer),
        (ServingError, litert.InputError),
    )
    all_["rest answer"] = Target(
        (answer,), lambda x: served(shapes, x), (ServingError,)
    )
    return all_


def texts_of(name: str) -> tuple[bytes, ...]:
    """A few generated recordings of a data set."""
    some = itertools.islice(datasets.get(name).generate(), 3)
    return tuple(text for _, text in some)


def parser(suffix: str) -> Callable[[bytes], object]:
    return lambda x: clip_files.parse(x, f"fuzzed.{suffix}", SKELETON)


def clip_seeds() -> dict[str, tuple[bytes, ...]]:
    npy, npz = io.BytesIO(), io.BytesIO()
    np.save(npy, CLIP)
    np.savez(npz, skeleton=CLIP)
    long = ["frame,body,joint,x,y,z"]
    for t, b, j in np.ndindex(CLIP.shape[:3]):
        x, y, z = CLIP[t, b, j]
        long.append(f"{t},{b},{SKELETON.joints[j]},{x},{y},{z}")
    wide = "\n".join(
        ",".join(map(str, [t, *CLIP[t].ravel()])) for t in range(len(CLIP))
    )
    lines = "\n".join(
        json.dumps({"frame": t, "skeleton": frame.tolist()})
        for t, frame in enumerate(CLIP)
    )
    return {
        "npy": (npy.getvalue(),),
        "npz": (npz.getvalue(),),
        "csv": ("\n".join(long).encode(), wide.encode()),
        "jsonl": (lines.encode(),),
    }


def layout_seeds() -> tuple[bytes, ...]:
    own = {
        "joints": ["a", "b", "c"],
        "bones": [["a", "b"]],
        "mirror": [["a", "c"]],
        "unit": "mm",
        "up": "z",
        "max_gap": 3,
        "bodies": 2,
    }
    return json.dumps({"skeleton": "kinect1"}).encode(), json.dumps(
        own
    ).encode()


def mediapipe_seeds() -> tuple[bytes, ...]:
    landmark = {"x": 0.1, "y": 0.2, "z": 0.3, "visibility": 0.9}
    frames = [{"pose_world_landmarks": x} for x in ([33 * [landmark]], [])]
    return (json.dumps(frames).encode(),)


def zips(name: str) -> tuple[bytes, ...]:
    """A zip of two recordings, by each method of compression."""
    some = list(itertools.islice(datasets.get(name).generate(), 2))
    made = []
    for method in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
        zipfile.ZIP_BZIP2,
        zipfile.ZIP_LZMA,
    ):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for clip, text in some:
                file = f"{clip}/skeleton_pos.txt"
                if name == "ntu":
                    file = f"{clip}.skeleton"
                archive.writestr(file, text[:2000])
        made.append(buffer.getvalue())
    return tuple(made)


def read_sbu_zip(path: pathlib.Path) -> None:
    for recording in sbu.survey(path).recordings:
        recording.read_bytes()


def read_ntu_zip(path: pathlib.Path) -> None:
    for recording in ntu.survey(path).recordings:
        recording.read_bytes()


def in_folder(
    name: str, read: Callable[[pathlib.Path], object]
) -> Callable[[bytes], object]:
    """Reads a file of that name, in a folder of its own."""

    def write_and_read(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, name)
            path.write_bytes(data)
            return read(path)

    return write_and_read


def json_of(read: Callable[[Any], object]) -> Callable[[bytes], object]:
    """Reads an object of a JSON text; other texts are a `ValueError`."""

    def parse_and_read(data: bytes) -> object:
        try:
            value = json.loads(data)
        except RecursionError:
            raise ValueError("too deep") from None
        if not isinstance(value, dict):
            raise ValueError("no object")
        return read(value)

    return parse_and_read


def rest_seeds() -> tuple[bytes, bytes]:
    """What a server says of a model's inputs, and its answer about `CLIP`."""
    sizes = (-1, -1, *CLIP.shape[1:])
    shape = {"dim": [{"size": str(x)} for x in sizes]}
    inputs = {"skeleton": {"tensor_shape": shape}}
    signature = {"signature_def": {"attend": {"inputs": inputs}}}
    frames, bodies, joints, _ = CLIP.shape
    answer = {
        "label": ["kick"],
        "class_index": [0],
        "logits": [[0.5, 0.25]],
        "probabilities": [[0.6, 0.4]],
        "spatial_attention": np.ones((1, frames, bodies * joints)).tolist(),
        "temporal_attention": np.ones((1, frames)).tolist(),
    }
    return (
        json.dumps({"metadata": {"signature_def": signature}}).encode(),
        json.dumps({"outputs": answer}).encode(),
    )


def served(shapes: bytes, answer: bytes) -> None:
    """Asks a server about a clip, which answers with these bytes."""
    client = Rest("http://nowhere", "model", timeout=60.0, retries=0)

    def request(method: str, url: str, **options: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response._content = shapes if method == "GET" else answer
        return response

    client._session.request = request
    ServedModel(client).predict(CLIP)
