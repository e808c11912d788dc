"""Does the attention look where Figures 5 and 6 of the paper say?

    python -m stalstm.comparison --table=figure_7 --rows=STA-LSTM \\
        --raw_dir=~/SBU
    python -m benchmarks.sbu_attention

Looks at the test clips of the trainings that the first command leaves in
--workdir; these take about twenty minutes on two cores. Writes
`benchmarks/results/sbu_attention.json`.
"""

import os
import pathlib
from collections.abc import Sequence
from typing import Any

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow_datasets as tfds
from absl import app, flags, logging

from benchmarks import programs
from stalstm import files, input_pipeline, predictors, workdir
from stalstm.comparison.rows import STA_LSTM
from stalstm.paths import DEFINE_path
from stalstm.skeletons import Skeleton

# Frames around the highest point of the foot that count as being there.
NEAR = 2
# Joints to list for each class.
LISTED = 5
FEET = ("left_foot", "right_foot")
LEGS = ("left_hip", "left_knee", "right_hip", "right_knee", *FEET)

_WORKDIR = DEFINE_path(
    "workdir", "workdirs/comparison", "Folder of the trainings' workdirs."
)
_SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Random seeds.")


def main(argv):
    del argv
    logging.set_verbosity(logging.ERROR)  # TFDS logs warnings about itself
    looks = []
    for seed in _SEEDS.value:
        for fold in range(1, 6):
            folder = _WORKDIR.value / "sbu" / "test" / STA_LSTM.folder
            looks += look(folder / f"fold_{fold}_seed_{seed}")
    kicks = [x for x in looks if x["action"] == "kicking"]
    result = {
        "command": f"python -m benchmarks.sbu_attention --seeds="
        f"{','.join(_SEEDS.value)}",
        "clips": len(looks),
        "beta_rises": share(looks, "beta_rises"),
        "kicks": len(kicks),
        "peak_near_foot": share(kicks, "peak_near_foot"),
        "peak_near_foot_by_chance": share(kicks, "chance"),
        "kicker_legs": share(kicks, "kicker_legs"),
        "other_legs": share(kicks, "other_legs"),
        "joints": {
            action: most_attended([x for x in looks if x["action"] == action])
            for action in dict.fromkeys(x["action"] for x in looks)
        },
    }
    files.write_json(programs.RESULTS / "sbu_attention.json", result)


def look(folder: pathlib.Path) -> list[dict[str, Any]]:
    """Where a trained model looks, in each test clip."""
    trained = workdir.load(folder)
    config = trained.records["config"]
    builder = tfds.builder_from_directory(config["data_dir"])
    model = predictors.KerasModel(trained.model)
    clips = input_pipeline.load_clips(builder, config["test_split"])
    skeleton = trained.data.skeleton
    found = []
    for inputs, label in clips.as_numpy_iterator():
        clip = inputs["skeleton"]
        answer: Any = model.predict(clip)
        alpha = answer["spatial_attention"].reshape(clip.shape[:3])
        found.append(
            {
                "action": trained.data.classes[label],
                **of_time(answer["temporal_attention"], clip, skeleton),
                **of_joints(alpha, clip, skeleton),
            }
        )
    return found


def of_time(
    beta: np.ndarray, clip: np.ndarray, skeleton: Skeleton
) -> dict[str, Any]:
    """What Figure 5 (b) and (c) show.

    Args:
        beta: `(frames,)`.
        clip: `(frames, bodies, joints, 3)`, metres.
        skeleton: Its joints.
    """
    third = max(1, len(beta) // 3)
    heights = lifted(clip, skeleton).max(axis=(1, 2))
    peak = int(np.argmax(np.diff(beta, prepend=beta[0])))
    highest = int(np.argmax(heights))
    near = np.abs(np.arange(len(beta)) - highest) <= NEAR
    return {
        "beta_rises": beta[-third:].mean() > beta[:third].mean(),
        "peak_near_foot": bool(near[peak]),
        "chance": near.mean(),
    }


def of_joints(
    alpha: np.ndarray, clip: np.ndarray, skeleton: Skeleton
) -> dict[str, Any]:
    """What Figure 5 (a) and 6 show; 1 is the mean over the joints.

    Args:
        alpha: `(frames, bodies, joints)`.
        clip: `(frames, bodies, joints, 3)`, metres.
        skeleton: Its joints.
    """
    mean = alpha.mean(axis=0)
    mean = mean / mean.mean()
    kicker = int(np.argmax(lifted(clip, skeleton).max(axis=(0, 2))))
    legs = mean[:, [skeleton.index(x) for x in LEGS]].mean(axis=1)
    return {
        "kicker_legs": legs[kicker],
        "other_legs": legs[1 - kicker],
        # Whichever body: who acts stands on either side.
        "joints": dict(
            zip(skeleton.joints, mean.mean(axis=0).tolist(), strict=True)
        ),
    }


def lifted(clip: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """How high each foot is above its first place: `(frames, bodies, 2)`."""
    feet = clip[:, :, [skeleton.index(x) for x in FEET], 1]
    return feet - feet[:1]


def share(looks: Sequence[dict[str, Any]], name: str) -> float:
    """The mean of a value, or the share of clips where it is true."""
    return float(np.mean([x[name] for x in looks]))


def most_attended(looks: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The joints with the largest mean attention."""
    means = {
        joint: float(np.mean([x["joints"][joint] for x in looks]))
        for joint in looks[0]["joints"]
    }
    best = sorted(means, key=lambda joint: -means[joint])[:LISTED]
    return {joint: round(means[joint], 2) for joint in best}


if __name__ == "__main__":
    app.run(main)
