"""Own recordings: a strong recipe, which chooses by what the data has.

    python train.py --dataset=FOLDER

Two to five minutes on two cores for some hundred clips. The STA-LSTM of the
paper, trained in one stage, with what is known to help small data sets; see
docs/own_data.md for what it reaches.
"""

from stalstm.augmentation import names_a_side
from stalstm.description import Contents, Description
from stalstm.recipe import Recipe

# Longer clips are thinned out: an LSTM learns little from a hundred frames.
LONGEST = 100
# Degrees: training clips are turned by as much as bodies are turned in the
# recordings, and NARROWEST more, up to WIDEST.
NARROWEST, WIDEST = 30.0, 90.0
# Clips are padded to about so many different lengths.
LENGTHS = 8
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

    place = "torso" if "torso" in data.skeleton.roles else "joints"
    contents = data.contents or Contents(0, data.bodies, 0, 0)
    if place == "joints":
        choose(
            "the skeleton names no torso, so a body is where its joints are on "
            "average",
            origin_at="joints",
        )
    if data.bodies == contents.least_bodies == 2 and place == "torso":
        choose(
            "of two bodies the left one comes first", body_order="left_first"
        )
        choose("clips are turned: the two stand side by side", heading="bodies")
        sided = any(map(names_a_side, data.classes))
        if data.skeleton.mirror and not sided:
            choose("no class names a side, so a mirror may help", mirror=True)
    else:
        choose("poses count, not places in the room", relative_to=place)
        # Better on unknown people and cameras than to turn the clips by their
        # first frame's shoulders, which a sensor often sees badly.
        if contents.turned is None:
            choose("which way bodies face is not known", yaw=WIDEST)
        else:
            choose(
                f"nine of ten bodies face within {contents.turned} degrees",
                yaw=min(WIDEST, NARROWEST + contents.turned),
            )
    if data.bodies == 2:
        choose("distances between two bodies are features", distances=0.3)
    stride = max(1, -(-contents.long_frames // LONGEST))
    if stride > 1:
        choose(
            f"many clips have {contents.long_frames} frames; the network sees "
            f"one of {stride}. Streams must keep the recordings' frame rate",
            stride=stride,
        )
    padding = -(-contents.long_frames // (stride * 8 * LENGTHS)) * 8
    if padding > 8:
        choose("few lengths of batches to compile", pad_to_multiple_of=padding)
    batches = contents.clips * TIMES_SEEN // BASE.training.batch_size
    iterations = max(ITERATIONS, batches)
    choose(f"for {contents.clips} clips", iterations=iterations)
    return BASE.replace(**values), lines


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"
