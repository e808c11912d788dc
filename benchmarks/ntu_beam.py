"""Prepares NTU RGB+D by Apache Beam, and compares clip by clip.

    python -m benchmarks.ntu_beam

Apache Beam does not go with our pinned versions: the extra `beam` is installed
into an environment of its own. There the command of `datasets/ntu/README.md`
prepares generated recordings, with Beam's runner for a single machine and two
processes; the plain preparation makes the same in this environment. Takes about
three minutes and a gigabyte. Writes `benchmarks/results/ntu_beam.json`.
"""

import os
import pathlib
import re
import shlex
import sys
import tempfile

import numpy as np
import tensorflow_datasets as tfds
from absl import app, flags

from benchmarks import programs
from datasets.ntu import ntu_dataset_builder
from datasets.ntu.fake_recordings import write_fake_recordings
from stalstm import files, machine

RESULTS = programs.RESULTS / "ntu_beam.json"
README = programs.ROOT / "datasets/ntu/README.md"
RUNNER = (
    "DirectRunner,direct_num_workers=2,direct_running_mode=multi_processing"
)
VERSIONS = """
import importlib.metadata, json
packages = ("apache-beam", "numpy", "tensorflow", "tensorflow-datasets")
print(json.dumps({x: importlib.metadata.version(x) for x in packages}))
"""

_CLIPS = flags.DEFINE_integer("clips", 400, "Number of recordings to generate.")


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_fake_recordings(folder / "raw" / "ntu.zip", _CLIPS.value)
        bin_folder = install(folder / "environment")
        with_beam = programs.run(
            command(folder), environment(bin_folder), folder / "output.txt"
        )
        versions = programs.run([str(bin_folder / "python"), "-c", VERSIONS])
        plain = ntu_dataset_builder.Builder(
            config="ntu120", data_dir=folder / "plain"
        )
        plain.download_and_prepare(
            download_config=tfds.download.DownloadConfig(
                manual_dir=folder / "raw"
            )
        )
        other = tfds.builder_from_directory(
            folder / "beam" / plain.info.full_name
        )
        result = {
            "command": "python -m benchmarks.ntu_beam",
            "processor": machine.processor(),
            "recordings": _CLIPS.value,
            "versions": versions.json(),
            "runner": RUNNER,
            "seconds": with_beam.seconds,
            "splits": {
                x: equal_clips(plain, other, x) for x in plain.info.splits
            },
        }
    files.write_json(RESULTS, result)
    print(RESULTS.read_text())


def install(environment: pathlib.Path) -> pathlib.Path:
    """Installs this package with its extra `beam`; returns its programs."""
    uv = [sys.executable, "-m", "uv"]
    programs.run([*uv, "venv", str(environment)])
    programs.run(
        [
            *(*uv, "pip", "install", f"{programs.ROOT}[beam]"),
            *("--python", str(environment / "bin/python")),
        ]
    )
    return environment / "bin"


def environment(bin_folder: pathlib.Path) -> dict[str, str]:
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "PYTHONPATH": "."}


def command(folder: pathlib.Path) -> list[str]:
    """The command of the README, for folders of ours."""
    block = re.search(
        r"PYTHONPATH=\. (tfds build (?:.*\\\n)*.*)", README.read_text()
    )
    assert block is not None
    text = block[1].replace("\\\n", " ")
    for name, value in (
        ("=RAW", f"={folder / 'raw'}"),
        ("=DATA", f"={folder / 'beam'}"),
        ("=FlinkRunner,...", f"={RUNNER}"),
    ):
        assert name in text, f"{README}: no {name}"
        text = text.replace(name, value)
    return shlex.split(text)


def equal_clips(
    builder: tfds.core.DatasetBuilder,
    other: tfds.core.DatasetBuilder,
    split: str,
) -> int:
    """Number of clips of a split, all features of which are equal.

    Raises:
        AssertionError: A clip differs, or is missing.
    """
    clips, others = (
        list(x.as_dataset(split=split).as_numpy_iterator())
        for x in (builder, other)
    )
    for clip, same in zip(clips, others, strict=True):
        np.testing.assert_equal(clip, same)
    return len(clips)


if __name__ == "__main__":
    app.run(main)
