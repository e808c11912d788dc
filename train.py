"""Trains the STA-LSTM on skeleton recordings by the paper's Algorithm 1.

    python train.py                                     synthetic data, a demo
    python train.py --dataset=sbu --fold=3 --raw_dir=~/SBU      one fold
    python train.py --dataset=sbu --fold=all --raw_dir=~/SBU    all five
    python train.py --dataset=sbu --fold=3 --set=n1=500 --set=dropout=0.3
    python train.py --dataset=ntu --split=cross_view --raw_dir=~/NTU

The same command again goes on where an interrupted run stopped.
"""

import importlib
import os
import pathlib
import sys

# Before TensorFlow is imported, or it tells what the machine has not.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
import tensorflow_datasets as tfds
from absl import app, flags, logging

from datasets.ntu import official as ntu
from datasets.raw import RawDataError
from datasets.sbu import recordings as sbu
from stalstm import algorithm1, evaluation, input_pipeline
from stalstm import workdir as workdir_lib
from stalstm.layers import recurrence
from stalstm.recipe import Recipe

FOLDS = tuple(map(str, sbu.FOLDS))

# What to train on.
_DATASET = flags.DEFINE_enum(
    "dataset", "synthetic", ["synthetic", "sbu", "ntu"], "What to train on."
)
_FOLD = flags.DEFINE_string(
    "fold",
    "1",
    "synthetic, sbu: fold to test on, 1 to 5; the others train. Or all.",
)
_SPLIT = flags.DEFINE_enum(
    "split",
    "cross_subject",
    ["cross_subject", "cross_view", "cross_setup"],
    "ntu: what training and test recordings have not in common.",
)
_CONFIG = flags.DEFINE_enum(
    "config", "ntu60", ["ntu60", "ntu120"], "ntu: which of its two sets."
)
_RAW_DIR = flags.DEFINE_string(
    "raw_dir", None, "Folder of the raw recordings: extracted, or the zips."
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", "~/tensorflow_datasets", "Folder of prepared data sets."
)
_DOWNLOAD = flags.DEFINE_bool(
    "download", False, "sbu: fetch raw recordings that are not in --raw_dir."
)
_ON_BAD_FILE = flags.DEFINE_enum(
    "on_bad_file",
    "error",
    ["error", "skip"],
    "ntu: stop at a damaged recording, or leave it out, counted and named.",
)
# Which flags only some data sets have.
FLAGS_OF = {
    "synthetic": {"fold"},
    "sbu": {"fold", "download"},
    "ntu": {"split", "config", "on_bad_file"},
}
# How to train, and where the run leaves what it makes.
_SET = flags.DEFINE_multi_string(
    "set", [], "Another value for a field of the recipe, name=value."
)
_SEED = flags.DEFINE_integer(
    "seed", 0, "Of weights, batches and dropout.", lower_bound=0
)
_RECURRENCE = flags.DEFINE_enum(
    "recurrence",
    "auto",
    recurrence.RECURRENCES,
    "Of the LSTM layers: ours, which XLA compiles; or that of Keras (cuDNN), "
    "which auto takes where there is a GPU.",
)
_STRATEGY = flags.DEFINE_enum(
    "strategy",
    "one_device",
    ["one_device", "mirrored"],
    "mirrored: all GPUs of this machine, which share every batch.",
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Default: workdirs/<dataset>_<fold or split>_seed_<seed>."
)


def main(argv):
    logging.set_verbosity(logging.ERROR)  # TFDS warns of itself
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    name = _DATASET.value
    try:
        trainings = splits(name)
        base = importlib.import_module(f"stalstm.recipes.{name}").RECIPE
        recipe = base.override(_SET.value)
        strategy = distribution(recipe)
    except ValueError as error:
        raise app.UsageError(str(error)) from None
    run = {"seed": _SEED.value, "recipe": recipe.to_dict(base)}
    label = "_".join(trainings) if len(trainings) == 1 else "fold_all"
    workdir = pathlib.Path(
        _WORKDIR.value or f"workdirs/{name}_{label}_seed_{_SEED.value}"
    ).expanduser()

    tf.config.experimental.enable_op_determinism()
    try:
        builder = prepare(name)
        if len(trainings) == 1:
            split = trainings.popitem()
            train(builder, recipe, run, strategy, *split, workdir)
        else:
            cross_validate(builder, recipe, run, strategy, trainings, workdir)
    except RawDataError as error:
        raise SystemExit(f"--raw_dir: {error}") from None
    except workdir_lib.OtherRunError as error:
        raise SystemExit(f"--workdir: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("Stopped. The same command goes on.") from None


def splits(name: str) -> dict[str, tuple[str, str]]:
    """Name, training split and test split of each training to do.

    Raises:
        ValueError: flags that this data set does not have, or no such split.
    """
    for flag in set.union(*FLAGS_OF.values()) - FLAGS_OF[name]:
        if flags.FLAGS[flag].present:
            raise ValueError(f"--{flag}: does not go with --dataset={name}")
    if name == "ntu":
        split = _SPLIT.value
        return {split: ntu.protocol_splits(_CONFIG.value, split)}
    if _FOLD.value not in (*FOLDS, "all"):
        raise ValueError(
            f"--fold: expected {', '.join(FOLDS)} or all. "
            f"Received: {_FOLD.value}"
        )
    return {
        f"fold_{test}": (
            "+".join(f"fold_{x}" for x in FOLDS if x != test),
            f"fold_{test}",
        )
        for test in (FOLDS if _FOLD.value == "all" else [_FOLD.value])
    }


def distribution(recipe: Recipe) -> tf.distribute.Strategy:
    """How to use the devices of this machine.

    Raises:
        ValueError: too few of them, or batches that do not split evenly.
    """
    if _STRATEGY.value == "one_device":
        return tf.distribute.get_strategy()
    gpus = len(tf.config.list_physical_devices("GPU"))
    if gpus < 2:
        raise ValueError(
            "--strategy=mirrored: needs two GPUs or more. "
            f"This machine has {gpus}."
        )
    algorithm1.check_batch_size(recipe, gpus)
    print(f"{gpus} GPUs share every batch.")
    return tf.distribute.MirroredStrategy()


def prepare(name: str) -> tfds.core.DatasetBuilder:
    """The data set, read from raw recordings unless that was done before."""
    module = importlib.import_module(f"datasets.{name}.{name}_dataset_builder")
    settings = {x: flags.FLAGS[x].value for x in FLAGS_OF[name]}
    for of_the_split in ("fold", "split"):
        settings.pop(of_the_split, None)
    builder = module.Builder(data_dir=_DATA_DIR.value, **settings)
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


def train(
    builder: tfds.core.DatasetBuilder,
    recipe: Recipe,
    run: dict,
    strategy: tf.distribute.Strategy,
    name: str,
    splits: tuple[str, str],
    workdir: pathlib.Path,
) -> dict:
    """Trains on one split; evaluates the last weights on the other."""
    training, test = splits
    classes = builder.info.features["label"].names
    run = {
        "dataset": builder.info.full_name,
        "split": name,
        "training_split": training,
        "test_split": test,
        "classes": classes,
        **run,
    }
    workdir_lib.begin(workdir, run)
    print(f"{builder.info.full_name}, {name}: training in {workdir}")
    model = algorithm1.train(
        recipe,
        num_classes=len(classes),
        clips=input_pipeline.load_clips(builder, training),
        workdir=workdir,
        seed=_SEED.value,
        recurrence=_RECURRENCE.value,
        strategy=strategy,
    )
    result = evaluation.evaluate(
        model,
        input_pipeline.evaluation_batches(
            input_pipeline.load_clips(builder, test), batch_size=64
        ),
        classes,
    )
    workdir_lib.write_json(workdir / "evaluation.json", result)
    print(evaluation.table(result))
    python = os.path.relpath(sys.executable)
    print(
        f"Model, metrics and logs are in {workdir}.\n"
        "See how it learned, and export it:\n"
        f"  {python} -m tensorboard.main --logdir={workdir}/logs\n"
        f"  {python} export.py --workdir={workdir} --export_dir=models"
    )
    return result


def cross_validate(
    builder: tfds.core.DatasetBuilder,
    recipe: Recipe,
    run: dict,
    strategy: tf.distribute.Strategy,
    trainings: dict[str, tuple[str, str]],
    workdir: pathlib.Path,
) -> None:
    """All folds in turn, a workdir each; their mean and deviation."""
    results = {
        name: train(
            builder, recipe, run, strategy, name, splits, workdir / name
        )
        for name, splits in trainings.items()
    }
    summary = evaluation.cross_validation(results)
    workdir_lib.write_json(workdir / "cross_validation.json", summary)
    for name, accuracy in summary["folds"].items():
        print(f"{name}  {accuracy:.2%}")
    print(
        f"mean    {summary['mean']:.2%}, standard deviation "
        f"{summary['standard_deviation']:.2%}"
    )


if __name__ == "__main__":
    app.run(main)
