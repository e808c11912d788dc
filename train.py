"""Trains the STA-LSTM on skeleton recordings by the paper's Algorithm 1.

    python train.py                                     synthetic data, a demo
    python train.py --dataset=sbu --fold=3 --raw_dir=~/SBU      one fold
    python train.py --dataset=sbu --fold=all --raw_dir=~/SBU    all five
    python train.py --dataset=sbu --fold=3 --set=n1=500 --set=dropout=0.3

The same command again goes on where an interrupted run stopped.
"""

import importlib
import os
import pathlib

# Before TensorFlow is imported, or it tells what the machine has not.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import app, flags, logging

from datasets.sbu.recordings import RawDataError
from stalstm import algorithm1, evaluation, input_pipeline
from stalstm import workdir as workdir_lib
from stalstm.recipe import Recipe

FOLDS = ("1", "2", "3", "4", "5")

# What to train on.
_DATASET = flags.DEFINE_enum(
    "dataset", "synthetic", ["synthetic", "sbu"], "Recordings to train on."
)
_FOLD = flags.DEFINE_string(
    "fold", "1", "Fold to test on, 1 to 5; the others train. Or all, in turn."
)
_RAW_DIR = flags.DEFINE_string(
    "raw_dir", None, "Folder of the raw recordings: extracted, or the zips."
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", "~/tensorflow_datasets", "Folder of prepared data sets."
)
_DOWNLOAD = flags.DEFINE_bool(
    "download", False, "Fetch raw recordings that are not in --raw_dir."
)
# How to train, and where the run leaves what it makes.
_SET = flags.DEFINE_multi_string(
    "set", [], "Another value for a field of the recipe, name=value."
)
_SEED = flags.DEFINE_integer(
    "seed", 0, "Of weights, batches and dropout.", lower_bound=0
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Default: workdirs/<dataset>_fold_<fold>_seed_<seed>."
)


def main(argv):
    logging.set_verbosity(logging.ERROR)  # TFDS warns of itself
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    if _FOLD.value not in (*FOLDS, "all"):
        raise app.UsageError(
            f"--fold: expected {', '.join(FOLDS)} or all. "
            f"Received: {_FOLD.value}"
        )
    name = _DATASET.value
    base = importlib.import_module(f"stalstm.recipes.{name}").RECIPE
    try:
        recipe = base.override(_SET.value)
    except ValueError as error:
        raise app.UsageError(f"--set: {error}") from None
    run = {"seed": _SEED.value, "recipe": recipe.to_dict(base)}
    workdir = pathlib.Path(
        _WORKDIR.value
        or f"workdirs/{name}_fold_{_FOLD.value}_seed_{_SEED.value}"
    ).expanduser()

    tf.config.experimental.enable_op_determinism()
    try:
        builder = prepare(name)
        if _FOLD.value != "all":
            train_fold(builder, recipe, run, _FOLD.value, workdir)
        else:
            cross_validate(builder, recipe, run, workdir)
    except RawDataError as error:
        raise SystemExit(f"--raw_dir: {error}") from None
    except workdir_lib.OtherRunError as error:
        raise SystemExit(f"--workdir: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("Stopped. The same command goes on.") from None


def prepare(name: str) -> tfds.core.DatasetBuilder:
    """The data set, read from raw recordings unless that was done before."""
    module = importlib.import_module(f"datasets.{name}.{name}_dataset_builder")
    builder = module.Builder(data_dir=_DATA_DIR.value, download=_DOWNLOAD.value)
    if builder.is_prepared():
        print(
            f"Prepared before, in {builder.data_dir}: raw recordings are not "
            "read again, unless you delete it."
        )
    tfds.disable_progress_bar()
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=_RAW_DIR.value)
    )
    return builder


def train_fold(
    builder: tfds.core.DatasetBuilder,
    recipe: Recipe,
    run: dict,
    fold: str,
    workdir: pathlib.Path,
) -> dict:
    """Trains on four folds, evaluates on the fifth with the last weights."""
    run = {"dataset": builder.info.full_name, "test_fold": fold, **run}
    workdir_lib.begin(workdir, run)
    classes = builder.info.features["label"].names
    training = "+".join(f"fold_{x}" for x in FOLDS if x != fold)
    print(f"Fold {fold} of {builder.info.name}: training in {workdir}")
    model = algorithm1.train(
        recipe,
        num_classes=len(classes),
        clips=input_pipeline.load_clips(builder, training),
        workdir=workdir,
        seed=_SEED.value,
    )
    result = evaluation.evaluate(
        model,
        input_pipeline.evaluation_batches(
            input_pipeline.load_clips(builder, f"fold_{fold}"), batch_size=64
        ),
        classes,
    )
    workdir_lib.write_json(workdir / "evaluation.json", result)
    print(evaluation.table(result))
    print(
        f"Model, metrics and logs are in {workdir}. See how it learned:\n"
        f"  tensorboard --logdir={workdir}/logs"
    )
    return result


def cross_validate(
    builder: tfds.core.DatasetBuilder,
    recipe: Recipe,
    run: dict,
    workdir: pathlib.Path,
) -> None:
    """All five folds in turn, a workdir each; their mean and deviation."""
    results = {
        fold: train_fold(builder, recipe, run, fold, workdir / f"fold_{fold}")
        for fold in FOLDS
    }
    summary = evaluation.cross_validation(results)
    workdir_lib.write_json(workdir / "cross_validation.json", summary)
    for fold, accuracy in summary["folds"].items():
        print(f"fold {fold}  {accuracy:.2%}")
    print(
        f"mean    {summary['mean']:.2%}, standard deviation "
        f"{summary['standard_deviation']:.2%}"
    )


if __name__ == "__main__":
    app.run(main)
