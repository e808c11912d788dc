"""Fits a classical baseline and evaluates it: one run of a comparison.

    python -m stalstm.comparison.baseline --name=... --prepared=... \\
        --train=fold_1+fold_2 --test=fold_3 --workdir=...
"""

import os
import time

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow_datasets as tfds
from absl import app, flags, logging

from stalstm import evaluation, input_pipeline, manifest
from stalstm import workdir as workdir_lib
from stalstm.baselines import BASELINES
from stalstm.description import Description
from stalstm.paths import DEFINE_path

_NAME = flags.DEFINE_string("name", None, "Baseline.", required=True)
_PREPARED = DEFINE_path(
    "prepared", None, "Folder of the prepared data set.", required=True
)
_TRAIN = flags.DEFINE_string("train", None, "Training split.", required=True)
_TEST = flags.DEFINE_string("test", None, "Test split.", required=True)
_SEED = flags.DEFINE_integer("seed", 0, "Random seed.", lower_bound=0)
_WORKDIR = DEFINE_path("workdir", None, "Folder of the run.", required=True)


def main(argv):
    del argv
    logging.set_verbosity(logging.ERROR)  # TFDS logs warnings about itself
    builder = tfds.builder_from_directory(_PREPARED.value)
    data = Description.from_json(builder.info.metadata)
    run = {
        "dataset": builder.info.full_name,
        "training_split": _TRAIN.value,
        "test_split": _TEST.value,
        "baseline": _NAME.value,
        "seed": _SEED.value,
    }
    workdir_lib.begin(_WORKDIR.value, run)
    start = time.monotonic()
    estimator = BASELINES[_NAME.value](data, _SEED.value)
    clips, labels = load(builder, _TRAIN.value)
    estimator.fit(clips, labels)
    clips, labels = load(builder, _TEST.value)
    result = evaluation.report(
        labels,
        list(estimator.predict(clips)),
        max(map(len, clips)),
        data.classes,
    )
    result["seconds"] = round(time.monotonic() - start)
    manifest.write_json(_WORKDIR.value, "evaluation.json", result)
    print(evaluation.table(result))


def load(
    builder: tfds.core.DatasetBuilder, split: str
) -> tuple[list[np.ndarray], list[int]]:
    """Skeletons and labels of all clips of a split."""
    clips = list(input_pipeline.load_clips(builder, split).as_numpy_iterator())
    return [x["skeleton"] for x, _ in clips], [int(y) for _, y in clips]


if __name__ == "__main__":
    app.run(main)
