"""Draws where a model looks in a clip, as Figures 5 and 6 of the paper do.

    python -m stalstm.show.attention --workdir=workdirs/demo \
        --action=punching --out=attention.png

draws poses and the temporal attention, as Figure 5; with --kind=joints, the
spatial attention of all joints in all frames, as Figure 6.

Song et al. (AAAI 2017), section 5.2. The clip comes from the test split of the
training.
"""

import os
import pathlib
from typing import Any

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from absl import app, flags, logging

from stalstm import predictors, prepared, workdir
from stalstm.loading import LoadError
from stalstm.paths import DEFINE_path
from stalstm.show import joint_map, poses


def draw_test_clip(
    folder: pathlib.Path,
    action: str | None = None,
    number: int = 1,
    kind: str = "poses",
    data_dir: pathlib.Path | None = None,
) -> Any:
    """Draws a clip of the test split, with the answer of the trained model.

    Args:
        folder: Workdir of a finished training.
        action: Class of the clip; `None` for any.
        number: Which of the clips of this class, from 1.
        kind: `"poses"`, see `poses.draw`, or `"joints"`, see `joint_map.draw`.
        data_dir: Folder of prepared data sets. Default: where the data was
            during the training.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: The model has no such attention, or there is no such clip.
        stalstm.loading.LoadError: The prepared data is not there.
        stalstm.workdir.WorkdirError: The folder holds no finished training.
    """
    trained = workdir.load(folder)
    attentions = trained.model.attentions
    if not {"spatial_attention", "temporal_attention"} <= set(attentions):
        raise ValueError(
            "expected a model with spatial and temporal attention. Received: "
            f"{trained.recipe.model} with {', '.join(attentions) or 'neither'}"
        )
    config, classes = trained.records["config"], trained.data.classes
    split = config["test_split"]
    clips = [
        clip.skeleton
        for clip in prepared.clips(config, split, data_dir)
        if action in (None, classes[clip.label])
    ]
    if not 1 <= number <= len(clips):
        raise ValueError(
            f"expected --action={' or '.join(classes)}, and --number=1 to the "
            f"number of its clips in {split}. Received: --action={action} with "
            f"{len(clips)} clips, --number={number}"
        )
    clip = clips[number - 1]
    answer: Any = predictors.KerasModel(trained.model).predict(clip)
    joints, alpha = trained.data.skeleton, answer["spatial_attention"]
    title = f"predicted: {answer['label']} ({max(answer['probabilities']):.0%})"
    if kind == "joints":
        return joint_map.draw(joints, alpha, title)
    return poses.draw(clip, joints, alpha, answer["temporal_attention"], title)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    logging.set_verbosity(logging.ERROR)  # TFDS warns of itself
    try:
        figure = draw_test_clip(
            WORKDIR.value,
            ACTION.value,
            NUMBER.value,
            KIND.value,
            DATA_DIR.value,
        )
        figure.savefig(OUT.value, dpi=100)
    except (LoadError, OSError, ValueError) as error:
        raise SystemExit(f"attention.py: {error}") from None
    print(f"The picture is in {OUT.value}.")


if __name__ == "__main__":
    WORKDIR = DEFINE_path(
        "workdir", None, "Workdir of a finished training.", required=True
    )
    ACTION = flags.DEFINE_string(
        "action", None, "Class of the clip. Default: any class."
    )
    NUMBER = flags.DEFINE_integer(
        "number", 1, "Which of the clips of this class.", lower_bound=1
    )
    KIND = flags.DEFINE_enum(
        "kind",
        "poses",
        ["poses", "joints"],
        "Poses and the temporal attention, or a map of all joints.",
    )
    DATA_DIR = DEFINE_path(
        "data_dir",
        None,
        "Folder of prepared data sets. Default: where the data was during the "
        "training.",
    )
    OUT = DEFINE_path("out", None, "Picture to write.", required=True)
    app.run(main)
