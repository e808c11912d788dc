"""Turns raw recordings into a folder of own recordings.

    python -m datasets.custom.convert --from=sbu --raw_dir=~/SBU --out=FOLDER
    python -m datasets.custom.convert --from=ntu --raw_dir=~/NTU --out=FOLDER
        [--split=cross_subject or cross_view]
    python -m datasets.custom.convert --from=mediapipe --raw_dir=DIR
        --out=FOLDER [--visibility=0.5] [--subject_from_name='^([a-z]+)_']

Raw recordings are as `train.py` reads them, extracted or in zips; those of
MediaPipe are results of its pose landmarker as JSON, `<label>/<name>.json`. The
folder appears when it is complete. `datasets.custom.check` checks it, and
`train.py --dataset=FOLDER` trains on it.
"""

import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from absl import app, flags

from datasets import raw
from datasets.custom.convert import mediapipe, ntu, sbu
from datasets.custom.convert.source import Source
from datasets.custom.folder import Clip, write_folder
from datasets.raw import RawDataError
from stalstm.paths import DEFINE_path, command

_SOURCES: Mapping[str, Callable[..., Source]] = {
    "sbu": sbu.source,
    "ntu": ntu.source,
    "mediapipe": mediapipe.source,
}

_FROM = flags.DEFINE_enum(
    "from", None, list(_SOURCES), "What the recordings are.", required=True
)
_RAW_DIR = DEFINE_path(
    "raw_dir", None, "Folder or zip of the raw recordings.", required=True
)
_OUT = DEFINE_path("out", None, "Folder to create.", required=True)
# Arguments of one source, by its name.
_OPTIONS = {
    ("ntu", "split"): flags.DEFINE_enum(
        "split",
        "cross_subject",
        list(ntu.PROTOCOLS),
        "NTU only: the protocol by which clips are for training or test.",
    ),
    ("mediapipe", "visibility"): flags.DEFINE_float(
        "visibility",
        0.0,
        "MediaPipe only: a landmark that is less visible is missing.",
        lower_bound=0.0,
        upper_bound=1.0,
    ),
    ("mediapipe", "subject_from_name"): flags.DEFINE_string(
        "subject_from_name",
        None,
        "MediaPipe only: regular expression whose first group is the subject "
        "in the name of a file.",
    ),
}


def main(argv):
    if argv[1:]:
        raise SystemExit(f"expected flags only. Received: {argv[1:]}")
    name, raw_dir, out = _FROM.value, _RAW_DIR.value, _OUT.value
    options = {}
    for (owner, option), flag in _OPTIONS.items():
        if owner == name:
            options[option] = flag.value
        elif flag.present:
            raise SystemExit(f"--{option}: does not go with --from={name}")
    try:
        if not raw_dir.exists():
            raise RawDataError(
                f"expected a folder or a zip. Received: {raw_dir}, which does "
                "not exist"
            )
        convert(make_source(name, raw_dir, options), out)
    except RawDataError as error:
        raise SystemExit(f"--raw_dir: {error}") from None
    except OSError as error:
        raise SystemExit(f"--out: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("Interrupted. Nothing was written.") from None
    print(f"They are in {out}. Check them:")
    print(f"  {command('-m', 'datasets.custom.check', str(out))}")


def make_source(
    name: str, raw_dir: pathlib.Path, options: Mapping[str, Any]
) -> Source:
    """What a converter finds in the raw folder.

    Raises:
        RawDataError: There is no recording.
    """
    try:
        source = _SOURCES[name](raw_dir, **options)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    if not source.total:
        for line in raw.counted(source.left_out):
            print(line)
        raise RawDataError(
            f"expected files that --from={name} reads. "
            f"Received: none in {raw_dir}"
        )
    return source


def convert(source: Source, out: pathlib.Path) -> None:
    """Writes the folder, and prints what is in it and what is not.

    Raises:
        RawDataError: A recording is damaged, or nobody is in any of them.
        OSError: The folder exists or cannot be written.
    """
    frames = 0
    changed: dict[str, list[int]] = {column: [] for column in source.counted}

    def watched() -> Iterator[Clip]:
        nonlocal frames
        for clip in source.clips:
            frames += len(clip.skeleton)
            for column, numbers in changed.items():
                if number := clip.metadata[column]:
                    numbers.append(number)
            yield clip
        if not frames:
            raise RawDataError(
                "expected recordings with somebody in them. "
                f"Received: none among {source.total}"
            )

    try:
        clips = write_folder(out, source.layout, watched(), source.total)
    finally:
        for line in raw.counted(source.left_out):
            print(line)
    for column, numbers in changed.items():
        if numbers:
            what = source.counted[column]
            print(f"{what}: {sum(numbers)} in {len(numbers)} clips")
    print(f"Wrote {clips} clips, {frames} frames.")


if __name__ == "__main__":
    app.run(main)
