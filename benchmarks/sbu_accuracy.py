"""The tables of accuracies on the real SBU set.

    python -m benchmarks.sbu_accuracy --raw_dir=~/SBU
    python -m benchmarks.sbu_accuracy --raw_dir=~/SBU --tables=strong

Each table is one `python -m stalstm.comparison`, which writes
`benchmarks/results/sbu_<table>.json` and the table in Markdown. Trainings that
are in these files are not made again: delete a file to measure it anew. The
others are kept in --workdir, so the same command resumes an interrupted
measurement. All tables together take about five hours on two cores.
"""

import subprocess
import sys

from absl import app, flags

from benchmarks import programs
from stalstm.comparison.rows import TABLES
from stalstm.paths import DEFINE_path

_RAW_DIR = DEFINE_path("raw_dir", None, "Folder of the raw recordings.")
_DATA_DIR = DEFINE_path(
    "data_dir", "~/tensorflow_datasets", "Folder of prepared data sets."
)
_WORKDIR = DEFINE_path(
    "workdir", "workdirs/comparison", "Folder of the trainings' workdirs."
)
_TABLES = flags.DEFINE_list("tables", list(TABLES), "Which tables to make.")


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    for table in _TABLES.value:
        # Tables share rows, and what is published here need not be made again.
        paths = [programs.RESULTS / f"sbu_{x}.json" for x in TABLES]
        known = [x for x in paths if x.exists()]
        command = [
            *(sys.executable, "-m", "stalstm.comparison"),
            f"--table={table}",
            "--dataset=sbu",
            f"--data_dir={_DATA_DIR.value.absolute()}",
            f"--workdir={_WORKDIR.value.absolute()}",
            f"--known={','.join(map(str, known))}",
            f"--out={programs.RESULTS / f'sbu_{table}.json'}",
        ]
        if _RAW_DIR.value:
            command.append(f"--raw_dir={_RAW_DIR.value.absolute()}")
        done = subprocess.run(command, cwd=programs.ROOT)
        if done.returncode:
            raise SystemExit(done.returncode)


if __name__ == "__main__":
    app.run(main)
