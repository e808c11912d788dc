"""Trains a model on skeleton recordings, by default the STA-LSTM of the paper.

    python train.py                                     synthetic data, a demo
    python train.py --dataset=sbu --fold=3 --raw_dir=~/SBU      one fold
    python train.py --dataset=sbu --fold=all --raw_dir=~/SBU    all five
    python train.py --dataset=sbu --fold=3 --set=n1=500 --set=dropout=0.3
    python train.py --dataset=sbu --fold=3 --recipe=sbu_strong
    python train.py --dataset=ntu --protocol=cross_view --raw_dir=~/NTU
    python train.py --dataset=FOLDER            your own, see docs/own_data.md
    python train.py --set=model=deep_lstm --set=stages=joint    another model

An interrupted run is resumed by the same command.
"""

import gc
import os
import pathlib
import shlex
import sys
from contextlib import nullcontext

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import app, flags, logging

import datasets
from datasets import building
from datasets.protocols import choose as choose_protocols
from datasets.raw import RawDataError
from stalstm import (
    distribution,
    evaluation,
    files,
    input_pipeline,
    manifest,
    recipes,
    training,
)
from stalstm import workdir as workdir_lib
from stalstm.accuracy_curve import AccuracyCurve
from stalstm.description import Description, Protocol
from stalstm.layers.lstm import resolve_recurrence
from stalstm.looks import Looks
from stalstm.models.classifier import Classifier
from stalstm.paths import DEFINE_path, command, script
from stalstm.recipe import Recipe
from stalstm.show import report
from stalstm.stage_log import DivergedError

EXPORT_DIR = "--export_dir=exported"
INTERRUPTED = "Interrupted. Run the same command to resume."

# What to train on.
_DATASET = flags.DEFINE_string(
    "dataset",
    "synthetic",
    f"Data set to train on: {', '.join(datasets.names())}, or the path of a "
    "folder of own recordings.",
)
_FOLD = flags.DEFINE_string(
    "fold", None, "Fold to test on, or all; the other folds train."
)
_PROTOCOL = flags.DEFINE_string(
    "protocol",
    None,
    "Evaluation protocol of the data set, such as cross_subject or fold_1; or "
    "everything, to train on all clips. Default: its first one.",
)
flags.DEFINE_alias("split", "protocol")
_RAW_DIR = DEFINE_path(
    "raw_dir", None, "Folder of the raw recordings: extracted, or the zips."
)
_DATA_DIR = DEFINE_path(
    "data_dir", "~/tensorflow_datasets", "Folder of prepared data sets."
)


def _define(option: datasets.Option, names: list[str]) -> flags.FlagHolder:
    text = f"With --dataset={' or '.join(names)}: {option.help}"
    if option.choices:
        return flags.DEFINE_enum(
            option.name, option.default, list(option.choices), text
        )
    if isinstance(option.default, bool):
        return flags.DEFINE_bool(option.name, option.default, text)
    return flags.DEFINE_string(option.name, option.default, text)


# Flags that only some data sets have.
_OPTIONS = {
    option.name: _define(option, names)
    for option, names in datasets.options().items()
}
# How to train, and where.
_RECIPE = flags.DEFINE_enum(
    "recipe",
    None,
    recipes.names(),
    "Recipe to train by. Default: that of the data set.",
)
_SET = flags.DEFINE_multi_string(
    "set", [], "Another value for a field of the recipe, name=value."
)
_SEED = flags.DEFINE_integer(
    "seed",
    0,
    "Random seed for the initial weights, the batch order and dropout.",
    lower_bound=0,
)
_RECURRENCE = flags.DEFINE_enum(
    "recurrence",
    "auto",
    ["auto", "xla", "keras"],
    "How the LSTM layers compute: xla, our recurrence, fast on a CPU; keras, "
    "that of Keras (cuDNN on a GPU); auto takes keras where there is a GPU.",
)
_STRATEGY = flags.DEFINE_enum(
    "strategy",
    "one_device",
    distribution.STRATEGIES,
    "mirrored: all GPUs of this machine share every batch. multi_worker: all "
    "machines that run this command do, see docs/scale.md.",
)
_VALIDATE = flags.DEFINE_bool(
    "validate",
    False,
    "Hold out one of the training folds, and evaluate on it instead of the "
    "test fold: to choose a recipe.",
)
_EVALUATE_EVERY = flags.DEFINE_integer(
    "evaluate_every",
    0,
    "Evaluate every so many iterations too, for curve.json. Nothing is chosen "
    "by it.",
    lower_bound=0,
)
_REPORT = flags.DEFINE_bool(
    "report", True, f"Write {report.FILE} into the workdir at the end."
)
_WORKDIR = DEFINE_path(
    "workdir",
    None,
    "Folder of the run. Default: workdirs/<dataset>_<protocol>_seed_<seed>.",
)


def main(argv):
    logging.set_verbosity(logging.ERROR)  # TFDS logs warnings about itself
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    try:
        name, builder = make_builder()
        data = Description.from_json(builder.info.metadata)
        protocols = choose_protocols(name, data, _FOLD.value, _PROTOCOL.value)
        if _VALIDATE.value:
            protocols = {x: data.validation(x) for x in protocols}
        base, choices = recipes.get(_RECIPE.value or builder.name, data)
        recipe = base.override(_SET.value)
        # What does not fit is an error now, not after the preparation.
        recipe.check(data)
        training.stages(recipe)
        if _STRATEGY.value == "multi_worker" and _EVALUATE_EVERY.value:
            raise ValueError(
                "--evaluate_every: does not go with --strategy=multi_worker"
            )
        if _STRATEGY.value == "one_device":
            distribution.share_cores(recipe.training.batch_size)
        strategy = distribution.choose(_STRATEGY.value)
        training.check_batch_size(recipe, strategy.num_replicas_in_sync)
    except distribution.WorkersError as error:
        raise SystemExit(f"--strategy: {error}") from None
    except ValueError as error:
        raise app.UsageError(str(error)) from None
    except RawDataError as error:
        raise SystemExit(f"--dataset: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    if choices:
        print("The recipe, chosen by the data; --set=name=value changes it:")
        print(*(f"  {line}" for line in choices), sep="\n")
    run = {
        "name": name,
        "seed": _SEED.value,
        "recurrence": resolve_recurrence(_RECURRENCE.value),
        "strategy": _STRATEGY.value,
        "recipe": recipe.to_dict(base),
    }
    label = "fold_all" if len(protocols) > 1 else next(iter(protocols))
    if _VALIDATE.value:
        label += "_validation"
    workdir = _WORKDIR.value or pathlib.Path(
        f"workdirs/{name}_{label}_seed_{_SEED.value}"
    )

    tf.config.experimental.enable_op_determinism()
    try:
        with distribution.lost_workers(_STRATEGY.value):
            with distribution.chief_first(strategy):
                building.prepare(builder, _RAW_DIR.value)
            building.check_clips(builder, protocols.values())
            run_all(builder, recipe, run, strategy, protocols, workdir)
    except RawDataError as error:
        raise SystemExit(f"--raw_dir: {error}") from None
    except workdir_lib.WorkdirError as error:
        raise SystemExit(f"--workdir: {error}") from None
    except workdir_lib.CANNOT_WRITE as error:
        raise SystemExit(
            f"expected that {workdir} and {_DATA_DIR.value} can be written. "
            f"Received: {error}. Make space, if that is missing, and run the "
            "same command to resume."
        ) from None
    except distribution.WorkersError as error:
        raise SystemExit(f"--strategy: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def make_builder() -> tuple[str, tfds.core.DatasetBuilder]:
    """The data set's name and builder, with the options of the command line.

    Raises:
        ValueError: There is no such data set, or it has no such option.
        RawDataError: A folder of own recordings cannot be read.
    """
    try:
        data_set = datasets.get(_DATASET.value)
    except ValueError as error:
        raise ValueError(f"--dataset: {error}") from None
    mine = {option.name for option in data_set.options}
    not_mine = [x for x, y in _OPTIONS.items() if y.present and x not in mine]
    if data_set.folder is not None and _RAW_DIR.present:
        not_mine.append("raw_dir")
    if not_mine:
        raise ValueError(
            f"--{not_mine[0]}: does not go with --dataset={_DATASET.value}"
        )
    values = {option: _OPTIONS[option].value for option in mine}
    return data_set.name, data_set.builder(data_dir=_DATA_DIR.value, **values)


def run_all(
    builder: tfds.core.DatasetBuilder,
    recipe: Recipe,
    run: dict,
    strategy: tf.distribute.Strategy,
    protocols: dict[str, Protocol],
    workdir: pathlib.Path,
) -> None:
    """Trains and evaluates; of several folds, reports the mean."""
    chief = distribution.is_chief(strategy)
    results = {}
    for name, protocol in protocols.items():
        folder = workdir / name if len(protocols) > 1 else workdir
        with files.alone(folder / "lock") if chief else nullcontext():
            model = train(
                builder, recipe, run, strategy, name, protocol, folder
            )
            with distribution.chief_first(strategy):
                if chief:
                    results[name] = evaluate(builder, model, protocol, folder)
    if len(results) > 1:
        summary = evaluation.cross_validation(results)
        files.write_json(workdir / "cross_validation.json", summary)
        if _REPORT.value:
            report.of_folds(workdir, results)
        print(evaluation.folds_table(summary))


def train(
    builder: tfds.core.DatasetBuilder,
    recipe: Recipe,
    run: dict,
    strategy: tf.distribute.Strategy,
    name: str,
    protocol: Protocol,
    workdir: pathlib.Path,
) -> Classifier:
    """Trains by one protocol."""
    data = Description.from_json(builder.info.metadata)
    run = {
        "dataset": builder.info.full_name,
        "protocol": name,
        "training_split": protocol.train,
        "test_split": protocol.test,
        "data": data.to_json(),
        **run,
    }
    with distribution.chief_first(strategy, workdir / "config.json"):
        workdir_lib.begin(
            workdir,
            run,
            data_dir=str(builder.data_dir),
            command=shlex.join(sys.argv),
        )
    if distribution.is_chief(strategy):
        print(f"{builder.info.full_name}, {name}: training in {workdir}")
    curve = None
    if every := _EVALUATE_EVERY.value:
        batches = test_batches(builder, protocol)
        curve = AccuracyCurve(workdir, batches, data.classes, every)
    try:
        return training.train(
            recipe,
            data,
            clips=input_pipeline.load_clips(builder, protocol.train),
            workdir=workdir,
            seed=run["seed"],
            recurrence=run["recurrence"],
            strategy=strategy,
            curve=curve,
            keep_prepared=input_pipeline.keeps_prepared(builder),
        )
    except DivergedError as error:
        names = input_pipeline.clip_ids(builder, protocol.train)
        raise SystemExit(error.explained(names)) from None


def evaluate(
    builder: tfds.core.DatasetBuilder,
    model: Classifier,
    protocol: Protocol,
    workdir: pathlib.Path,
) -> dict:
    """Evaluates the last weights on the test split, and reports."""
    data = Description.from_json(builder.info.metadata)
    looks = Looks(data)
    result = evaluation.evaluate(
        model, test_batches(builder, protocol), data.classes, looks.add
    )
    result["parameters"] = model.count_params()
    result["attention"] = looks.attention()
    manifest.write_json(workdir, "evaluation.json", result)
    if _REPORT.value:
        names = input_pipeline.clip_ids(builder, protocol.test)
        report.of_run(workdir, looks, names)
    manifest.add(workdir, workdir.glob("logs/**/events.*"))
    print(evaluation.table(result))
    if protocol.test == protocol.train:
        print("These are the clips that it has trained on.")
    last = f", logs and {report.FILE}" if _REPORT.value else " and logs"
    split = f"--split={protocol.test}"
    print(
        f"Model, metrics{last} are in {workdir}.\n"
        "See how it learned and what it sees, and export it:\n"
        f"  {command('-m', 'tensorboard.main', f'--logdir={workdir}/logs')}\n"
        f"  {command(script('view.py'), f'--model={workdir}', split)}\n"
        f"  {command(script('export.py'), f'--workdir={workdir}', EXPORT_DIR)}"
    )
    return result


def test_batches(
    builder: tfds.core.DatasetBuilder, protocol: Protocol
) -> tf.data.Dataset:
    clips = input_pipeline.load_clips(builder, protocol.test)
    return input_pipeline.evaluation_batches(clips, batch_size=64)


if __name__ == "__main__":
    # The garbage collector need not look through all that is imported again
    # and again: a tenth of the time in which TensorFlow builds its graphs.
    gc.freeze()
    app.run(main)
