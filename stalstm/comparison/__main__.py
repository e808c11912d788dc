"""Compares models and recipes on a data set: a training for each seed and fold.

    python -m stalstm.comparison --table=figure_7 --dataset=sbu --raw_dir=~/SBU
    python -m stalstm.comparison --models=sta_lstm,deep_lstm \\
        --set=stages=joint --dataset=FOLDER --seeds=0,1
    python -m stalstm.comparison --recipes=sbu,sbu_strong --validate ...

Each training is one `train.py` in a process of its own and in a workdir below
--workdir; an interrupted comparison is resumed by the same command. Writes the
results as JSON, and as a Markdown table next to it, after every training.
"""

import importlib.util
import os
import pathlib
import shlex
import time
from collections.abc import Callable, Sequence
from typing import Any

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow_datasets as tfds
from absl import app, flags, logging

# This module is a door: it alone of the package knows the readers.
import datasets
from datasets import building
from datasets.raw import RawDataError
from stalstm import files, recipes, training
from stalstm.comparison import pools, summary
from stalstm.comparison import rows as rows_lib
from stalstm.comparison.results import Known, write
from stalstm.comparison.rows import TABLES, Row
from stalstm.comparison.runs import Run, RunError
from stalstm.description import Description, Protocol
from stalstm.paths import DEFINE_path
from stalstm.recipe import Recipe
from stalstm.show import report
from stalstm.workdir import CANNOT_WRITE

INTERRUPTED = "Interrupted. Run the same command to resume."

_TABLE = flags.DEFINE_enum(
    "table", None, list(TABLES), "Table of the paper, or another one of ours."
)
_ROWS = flags.DEFINE_list("rows", None, "Rows of the table. Default: all.")
_MODELS = flags.DEFINE_list("models", [], "Instead of a table: models, and")
_RECIPES = flags.DEFINE_list("recipes", [], "recipes to train them by.")
_SET = flags.DEFINE_multi_string(
    "set", [], "With --models or --recipes: name=value for all recipes."
)
_DATASET = flags.DEFINE_string(
    "dataset", "sbu", "Data set, or a folder of own recordings."
)
_RAW_DIR = DEFINE_path("raw_dir", None, "Folder of the raw recordings.")
_DATA_DIR = DEFINE_path(
    "data_dir", "~/tensorflow_datasets", "Folder of prepared data sets."
)
_PROTOCOLS = flags.DEFINE_list(
    "protocols",
    None,
    "Protocols of the data set, such as fold_1. Default: all.",
)
_SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Random seeds.")
_VALIDATE = flags.DEFINE_bool(
    "validate",
    False,
    "Hold out one of the training folds and evaluate on it, to choose a recipe "
    "without the test folds.",
)
_EVALUATE_EVERY = flags.DEFINE_integer(
    "evaluate_every",
    250,
    "Number of iterations between two evaluations, for the column of the best "
    "epoch; 0 leaves it out.",
    lower_bound=0,
)
_PARALLEL = flags.DEFINE_integer(
    "parallel",
    len(os.sched_getaffinity(0)),
    "Number of trainings that run at once on this machine. Default: one for "
    "each core.",
    lower_bound=1,
)
_CLUSTER = flags.DEFINE_string(
    "cluster",
    None,
    "Run on Ray: local, or the address of a cluster. Needs the extra cluster.",
)
_WORKDIR = DEFINE_path(
    "workdir", "workdirs/comparison", "Folder of the trainings' workdirs."
)
_KNOWN = flags.DEFINE_list(
    "known",
    [],
    "Files of results: trainings that they tell of are taken from there, not "
    "made again.",
)
_OUT = DEFINE_path(
    "out", None, "File for the results. Default: <workdir>/<table>.json."
)


def main(argv):
    logging.set_verbosity(logging.ERROR)  # TFDS logs warnings about itself
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    out = _OUT.value or _WORKDIR.value / f"{_TABLE.value or 'comparison'}.json"
    try:
        if out.suffix != ".json":  # its table ends in .md
            raise ValueError(
                f"--out: expected a file that ends in .json. Received: {out}"
            )
        if _CLUSTER.value and importlib.util.find_spec("ray") is None:
            raise ValueError(
                "--cluster: expected Ray, which pip install 'stalstm[cluster]' "
                "installs. Received: a Python without it"
            )
        rows = choose_rows()
        data_set = datasets.get(_DATASET.value)
        builder = data_set.builder(data_dir=_DATA_DIR.value)
        data = Description.from_json(builder.info.metadata)
        protocols = choose_protocols(data)
        seeds = choose_seeds()
        # Once, before several trainings would do so at a time.
        building.prepare(builder, _RAW_DIR.value)
        building.check_clips(builder, protocols.values())
        folder = _WORKDIR.value.absolute() / data_set.name
        known = read_known()
        runs = [
            make_run(builder, data, row, protocol, splits, seed, folder, known)
            for seed in seeds
            for row in rows
            for protocol, splits in protocols.items()
            if not row.missing and (seed == seeds[0] or not row.once)
        ]
    except ValueError as error:
        raise app.UsageError(str(error)) from None
    except RawDataError as error:
        raise SystemExit(f"--raw_dir: {error}") from None
    except CANNOT_WRITE as error:
        raise SystemExit(
            f"--data_dir: expected that {_DATA_DIR.value} can be written. "
            f"Received: {error}"
        ) from None
    about = {
        "command": written_command(),
        "dataset": builder.info.full_name,
        "validate": _VALIDATE.value,
        "protocols": list(protocols),
    }
    try:
        write(out, about, rows, runs)  # what is finished already
    except OSError as error:
        raise app.UsageError(
            f"--out: expected a file that can be written. Received: {error}"
        ) from None
    page = out.with_suffix(".html")
    try:
        failures = run_all(runs, lambda: write(out, about, rows, runs))
        result = write(out, about, rows, runs)
        report.of_comparison(page, result, data)
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except OSError as error:
        raise SystemExit(
            f"--out: expected that {out} and {page} can be written. Received: "
            f"{error}. Make space, if that is missing, and run the same "
            "command to resume"
        ) from None
    table = "\n".join(summary.table(result))
    print(table, f"Written: {out}, {page}", sep="\n\n")
    if failures:
        raise SystemExit(
            f"{len(failures)} of {len(runs)} failed; the same command tries "
            "them again:\n" + "\n".join(map(str, failures))
        )


def choose_rows() -> tuple[Row, ...]:
    """The rows of the table, or those of the given models and recipes.

    Raises:
        ValueError: Both are given or neither, or there is no such row or
            recipe.
    """
    own = [*_MODELS.value, *_RECIPES.value, *_SET.value]
    if bool(_TABLE.value) == bool(own):
        raise ValueError(
            "expected --table, or --models and --recipes. "
            f"Received: {'both' if own else 'neither'}"
        )
    if unknown := [x for x in _RECIPES.value if x not in recipes.names()]:
        raise ValueError(
            f"--recipes: expected some of {', '.join(recipes.names())}. "
            f"Received: {', '.join(unknown)}"
        )
    if own:
        return rows_lib.of(_MODELS.value, _RECIPES.value, _SET.value)
    rows = {row.name: row for row in TABLES[_TABLE.value]}
    names = rows if _ROWS.value is None else _ROWS.value
    if unknown := [x for x in names if x not in rows]:
        raise ValueError(
            f"--rows: expected some of {', '.join(rows)}. "
            f"Received: {', '.join(unknown)}"
        )
    return tuple(rows[x] for x in names)


def read_known() -> Known:
    """The trainings that the files of --known tell of.

    Raises:
        ValueError: There is no such file, or it is none of results.
    """
    try:
        known = Known(pathlib.Path(x).expanduser() for x in _KNOWN.value)
    except ValueError as error:
        raise ValueError(f"--known: {error}") from None
    for row in known.left_out:
        print(f"Not known, as its recipe is of another version: {row}")
    return known


def choose_seeds() -> list[int]:
    """The seeds.

    Raises:
        ValueError: One of them is not a number.
    """
    if not _SEEDS.value or not all(x.isdecimal() for x in _SEEDS.value):
        raise ValueError(
            "--seeds: expected numbers with commas between them. "
            f"Received: {','.join(_SEEDS.value)}"
        )
    return [int(x) for x in _SEEDS.value]


def choose_protocols(data: Description) -> dict[str, Protocol]:
    """The protocols; with --validate a training split is tested on.

    Raises:
        ValueError: There is no such protocol, or none to validate by.
    """
    names = _PROTOCOLS.value or list(data.protocols)
    if unknown := [x for x in names if x not in data.protocols]:
        raise ValueError(
            f"--protocols: expected some of {', '.join(data.protocols)}. "
            f"Received: {', '.join(unknown)}"
        )
    if _VALIDATE.value:
        return {x: data.validation(x) for x in names}
    return {x: data.protocols[x] for x in names}


def make_run(
    builder: tfds.core.DatasetBuilder,
    data: Description,
    row: Row,
    protocol: str,
    splits: Protocol,
    seed: int,
    folder: pathlib.Path,
    known: Known,
) -> Run:
    """A training, and how to start it.

    Args:
        builder: The prepared data set.
        data: What it says of itself.
        row: What to train.
        protocol: Name of the protocol.
        splits: What to train on and to evaluate on.
        seed: Random seed.
        folder: Where the workdirs of this data set are.
        known: Trainings that were made before.

    Raises:
        ValueError: The recipe does not fit the data, or the workdir holds a
            finished training by another one.
    """
    part = "validation" if _VALIDATE.value else "test"
    workdir = folder / part / row.folder / f"{protocol}_seed_{seed}"
    if row.baseline:
        command = [
            "-m",
            "stalstm.comparison.baseline",
            f"--name={row.baseline}",
            f"--prepared={pathlib.Path(builder.data_dir).absolute()}",
            f"--train={splits.train}",
            f"--test={splits.test}",
        ]
        fields = None
        about: dict[str, Any] = {"baseline": row.baseline}
    else:
        base, _ = recipes.get(row.recipe or builder.name, data)
        recipe = base.override(row.settings)
        recipe.check(data)
        training.stages(recipe)
        command = [
            "train.py",
            f"--dataset={_DATASET.value}",
            f"--data_dir={_DATA_DIR.value.absolute()}",
            f"--protocol={protocol}",
            f"--evaluate_every={_EVALUATE_EVERY.value}",
            "--noreport",
            *([f"--recipe={row.recipe}"] if row.recipe else []),
            *(f"--set={x}" for x in row.settings),
            *(["--validate"] if _VALIDATE.value else []),
        ]
        fields = recipe.to_dict(base)
        about = {"recipe": recipe}
    command += [f"--seed={seed}", f"--workdir={workdir}"]
    about |= {
        "dataset": builder.info.full_name,
        "training_split": splits.train,
        "test_split": splits.test,
        "seed": seed,
    }
    result = known.find(about)
    run = Run(row, protocol, seed, workdir, tuple(command), fields, result)
    if run.finished and result is None:
        config = files.read_json(workdir / "config.json")
        if "recipe" in config:
            config["recipe"] = Recipe.from_dict(config["recipe"])
        if different := [x for x, y in about.items() if config.get(x) != y]:
            raise ValueError(
                f"{workdir} holds a finished training with another "
                f"{', '.join(different)}. Delete that folder, or choose "
                "another --workdir"
            )
    return run


def run_all(
    runs: Sequence[Run], finished_one: Callable[[], object]
) -> list[RunError]:
    """Runs what is not finished, and shows the progress.

    Args:
        runs: All trainings.
        finished_one: Called after each of them.

    Returns:
        Why some have failed.
    """
    waiting = [run for run in runs if not run.finished]
    at_once = min(_PARALLEL.value, len(waiting))
    print(
        f"{len(runs)} trainings, of which {len(runs) - len(waiting)} are "
        f"finished; {at_once} at once",
        flush=True,
    )
    if _CLUSTER.value:
        ended = pools.on_ray(waiting, _CLUSTER.value, _PARALLEL.value)
    else:
        ended = pools.in_processes(waiting, _PARALLEL.value)
    failures = []
    start = time.monotonic()
    for number, (run, error) in enumerate(ended, start=1):
        if error:
            failures.append(error)
            print(error, flush=True)
            continue
        finished_one()
        result = run.result()
        each = (time.monotonic() - start) / number
        left = each * (len(waiting) - number) / 60
        print(
            f"{number} of {len(waiting)}: {run}: {result['accuracy']:.2%} in "
            f"{result['seconds']} s; about {left:.0f} min left",
            flush=True,
        )
    return failures


def written_command() -> str:
    """The command, with the flags that decide the numbers."""
    words = ["python", "-m", "stalstm.comparison"]
    for flag in (_TABLE, _DATASET):
        if flag.present:
            words.append(f"--{flag.name}={flag.value}")
    for flag in (_ROWS, _MODELS, _RECIPES, _PROTOCOLS, _SEEDS):
        if flag.present:
            words.append(f"--{flag.name}={','.join(flag.value)}")
    words += [f"--{_SET.name}={x}" for x in _SET.value]
    if _VALIDATE.value:
        words.append(f"--{_VALIDATE.name}")
    return shlex.join(words)


if __name__ == "__main__":
    app.run(main)
