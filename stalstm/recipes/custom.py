"""Own recordings: a strong recipe, which chooses by what the data has.

    python train.py --dataset=FOLDER

Two to five minutes on two cores for some hundred clips. The STA-LSTM of the
paper, trained in one stage, with what is known to help small data sets; see
docs/own_data.md for what it reaches.
"""

from stalstm.description import Contents, Description
from stalstm.recipe import Recipe

# Longer clips are thinned out: an LSTM learns little from a hundred frames.
LONGEST = 100
ITERATIONS = 2500
# Beyond so many clips, each is still seen forty times.
TIMES_SEEN = 40

BASE = Recipe().replace(
    smoothing=False,
    body_order="recorded",
    origin="clip",
    velocity=5.0,
    pooling="mean",
    pooling_scale=10.0,
    initializer="glorot",
    lambda1=0.001,
    lambda2=0.0001,
    lambda3=0.00003,
    dropout=0.5,
    crop=0.2,
    speed=1.3,
    yaw=25.0,
    tilt=10.0,
    stretch=0.15,
    joint_shift=0.015,
    noise=0.005,
    stages="joint",
    batch_size=32,
    iterations=ITERATIONS,
    learning_rate=0.002,
    warmup_iterations=100,
    label_smoothing=0.1,
    clip_norm=1.0,
    weight_average=0.99,
)


def recipe(data: Description) -> tuple[Recipe, list[str]]:
    """The recipe for a data set, and a line about each choice."""
    values: dict[str, object] = {}
    lines = []

    def choose(reason: str, **chosen: object) -> None:
        values.update(chosen)
        settings = ", ".join(
            f"{name}={_shown(value)}" for name, value in chosen.items()
        )
        lines.append(f"{settings}: {reason}")

    roles = data.skeleton.roles
    contents = data.contents or Contents(0, data.bodies, 0, 0)
    two = data.bodies == contents.least_bodies == 2
    if "torso" in roles:
        choose("places are measured from the torso", relative_to="torso")
    else:
        choose(
            "the skeleton names no torso; places are measured from the mean "
            "of all joints",
            origin_at="joints",
            relative_to="joints",
        )
    if data.bodies == 1:
        choose("there is one body, so there is no order", body_order="recorded")
    elif two and "torso" in roles:
        choose(
            "two bodies in every clip; the one on the left comes first",
            body_order="left_first",
        )
    else:
        choose("bodies stay in the recorded order", body_order="recorded")
    if two and "torso" in roles:
        choose(
            "a clip is turned so that the two stand side by side",
            heading="bodies",
        )
    elif {"left_shoulder", "right_shoulder"} <= set(roles):
        choose(
            "a clip is turned so that its first body faces the camera at first",
            heading="shoulders",
        )
    else:
        choose(
            "the skeleton names no shoulders, so clips are not turned; the "
            "training turns them at random instead",
            heading="camera",
            yaw=90.0,
        )
    if data.bodies == 2:
        choose("distances between the two bodies", distances=0.3)
    stride = max(1, -(-contents.long_frames // LONGEST))
    if stride > 1:
        choose(
            f"nine of ten clips have up to {contents.long_frames} frames; the "
            f"network sees one of {stride}, in clips and in streams, which "
            "keep the recordings' frame rate",
            stride=stride,
        )
    iterations = max(
        ITERATIONS, contents.clips * TIMES_SEEN // BASE.training.batch_size
    )
    choose(f"for {contents.clips} clips", iterations=iterations)
    return BASE.replace(**values), lines


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
