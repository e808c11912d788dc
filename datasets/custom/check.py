"""Says what is wrong or odd about a folder of own recordings, before training.

    python -m datasets.custom.check FOLDER

Reads skeleton.json, manifest.csv and every clip. Draws a frame of each class
into `<folder>_check.png` in the current folder, or --out. Exit status: 2 if
anything is wrong, so that a training would fail or be worthless; 1 if anything
is odd; else 0.
"""

import concurrent.futures.process
import os
import pathlib
import sys

from absl import app, flags

import datasets
from datasets.custom.findings import Severity, wrapped
from datasets.custom.inspection import Inspection, inspect
from datasets.raw import RawDataError
from stalstm.paths import DEFINE_path, command, script

_HEADINGS = {
    Severity.WRONG: "Wrong",
    Severity.ODD: "Odd",
    Severity.NOTE: "Notes",
}
# Classes in the picture.
DRAWN = 40


def check(
    folder: pathlib.Path,
    out: pathlib.Path | None = None,
    processes: int | None = None,
) -> int:
    """Checks a folder, prints what was found, and draws a picture.

    Args:
        folder: The folder.
        out: The picture, a PNG. By default, it is named after the folder.
        processes: Maximum number of processes; `None` for one on each core.

    Returns:
        The exit status.

    Raises:
        ValueError: `out` is inside the folder, or not a PNG.
    """
    out = out or pathlib.Path(f"{folder.resolve().name}_check.png")
    if out.suffix.lower() != ".png":
        raise ValueError(
            f"expected a file that ends with .png. Received: {out}"
        )
    if out.resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"expected a file outside of the recordings. Received: {out}"
        )
    inspection = inspect(folder, processes)
    for severity, heading in _HEADINGS.items():
        found = [x for x in inspection.findings if x.severity == severity]
        if found:
            print(f"{heading}:\n")
            for finding in found:
                print(f"{finding}\n")
    if inspection.severity == Severity.NOTE:
        print(f"Nothing is wrong with {folder}, and nothing is odd.\n")
    for line in inspection.summary:
        print(wrapped(line, others="  "))
    if inspection.samples:
        print(_draw(inspection, out))
    if inspection.summary:
        print()
    if inspection.severity == Severity.WRONG:
        print("Correct what is wrong, then check again:")
        print(f"  {command('-m', 'datasets.custom.check', str(folder))}")
    else:
        is_name = str(folder) in datasets.names()
        path = os.path.join(os.curdir, folder) if is_name else folder
        print("Train on it:")
        print(f"  {command(script('train.py'), f'--dataset={path}')}")
    return int(inspection.severity)


def _draw(inspection: Inspection, out: pathlib.Path) -> str:
    """Draws the picture; returns what to say of it."""
    from stalstm.show import classes  # Matplotlib takes half a second.

    assert inspection.layout is not None
    try:
        poses = inspection.poses(DRAWN)
        classes.write(out, poses, inspection.layout.skeleton)
    except (OSError, RawDataError) as error:
        return f"Picture: not drawn. {error}"
    some = len(inspection.samples)
    what = "every class" if some <= DRAWN else f"{DRAWN} of {some} classes"
    return f"Picture: {out}, a frame of {what}; blue is left, orange right"


def main(argv):
    if len(argv) != 2:
        return _refused(f"expected a folder. Received: {argv[1:] or 'nothing'}")
    try:
        return check(
            pathlib.Path(argv[1]).expanduser(), OUT.value, PROCESSES.value
        )
    except ValueError as error:
        return _refused(f"--out: {error}")
    except concurrent.futures.process.BrokenProcessPool:
        return _refused(
            "A process that reads clips has ended, perhaps because it ran out "
            "of memory. Try --processes=1."
        )
    except KeyboardInterrupt:
        return _refused("Interrupted.")


def _refused(message: str) -> int:
    print(message, file=sys.stderr)
    return int(Severity.WRONG)


if __name__ == "__main__":
    OUT = DEFINE_path("out", None, "The picture, a .png file.")
    PROCESSES = flags.DEFINE_integer(
        "processes",
        None,
        "Maximum number of processes that read clips. Default: all cores.",
        lower_bound=1,
    )
    app.run(main)
