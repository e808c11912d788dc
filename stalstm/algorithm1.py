"""Algorithm 1: joint training of the network with both attentions.

Song et al. (AAAI 2017), section 4.3. The stages are a table; `train` walks it,
one `model.fit` a stage.
"""

import dataclasses
import math
import pathlib
from collections.abc import Iterable, Mapping

import keras
import tensorflow as tf

from stalstm import input_pipeline, preprocessing, skeletons, stage_log
from stalstm.layers import recurrence as recurrence_lib
from stalstm.model import STALSTM
from stalstm.recipe import Recipe

# The three networks, by the model's attributes.
MAIN = "main_lstm"
SPATIAL = "spatial_attention"
TEMPORAL = "temporal_attention"


@dataclasses.dataclass(frozen=True)
class Stage:
    """One `model.fit` of Algorithm 1.

    A network that neither trains nor is fixed is absent: its attention is
    "fixed as ones".

    Attributes:
        name: its step in the paper.
        trains: networks whose weights move.
        fixed: networks that are there, but whose weights stay as they are.
        iterations: the recipe's field that says how many.
        starts_from: for each network, the stage whose result it starts from;
            one that is not named starts from the Gaussian (step 1).
        one_layer: whether the main network has one LSTM layer, rather than
            all of them.
    """

    name: str
    trains: tuple[str, ...]
    iterations: str
    fixed: tuple[str, ...] = ()
    starts_from: Mapping[str, str] = dataclasses.field(default_factory=dict)
    one_layer: bool = False


PRETRAIN_TEMPORAL_ATTENTION = (
    Stage(
        "step_2",
        trains=(MAIN, TEMPORAL),
        iterations="pretrain_iterations",
        one_layer=True,
    ),
    Stage(
        "step_3",
        trains=(MAIN,),
        fixed=(TEMPORAL,),
        iterations="n1",
        starts_from={MAIN: "step_2", TEMPORAL: "step_2"},
    ),
    Stage(
        "step_4",
        trains=(MAIN, TEMPORAL),
        iterations="n2",
        starts_from={MAIN: "step_3", TEMPORAL: "step_3"},
    ),
)
PRETRAIN_SPATIAL_ATTENTION = (
    Stage(
        "step_5",
        trains=(MAIN, SPATIAL),
        iterations="pretrain_iterations",
        one_layer=True,
    ),
    Stage(
        "step_6",
        trains=(MAIN,),
        fixed=(SPATIAL,),
        iterations="n1",
        starts_from={MAIN: "step_5", SPATIAL: "step_5"},
    ),
    Stage(
        "step_7",
        trains=(MAIN, SPATIAL),
        iterations="n2",
        starts_from={MAIN: "step_6", SPATIAL: "step_6"},
    ),
)
TRAIN_MAIN_NETWORK = (
    Stage(
        "step_8",
        trains=(MAIN,),
        fixed=(SPATIAL, TEMPORAL),
        iterations="n1",
        starts_from={MAIN: "step_7", SPATIAL: "step_7", TEMPORAL: "step_4"},
    ),
)
TRAIN_WHOLE_NETWORK = (
    Stage(
        "step_9",
        trains=(MAIN, SPATIAL, TEMPORAL),
        iterations="n2",
        starts_from={MAIN: "step_8", SPATIAL: "step_8", TEMPORAL: "step_8"},
    ),
)
# The baseline of Figure 7 has no attention; it gets the iterations that the
# networks with one attention get.
TRAIN_WITHOUT_ATTENTION = (
    Stage(
        "main_1",
        trains=(MAIN,),
        iterations="pretrain_iterations",
        one_layer=True,
    ),
    Stage(
        "main_2", trains=(MAIN,), iterations="n1", starts_from={MAIN: "main_1"}
    ),
    Stage(
        "main_3", trains=(MAIN,), iterations="n2", starts_from={MAIN: "main_2"}
    ),
)


def stages(recipe: Recipe) -> tuple[Stage, ...]:
    """The stages that train the recipe's configuration of Figure 7."""
    if recipe.spatial_attention and recipe.temporal_attention:
        return (
            *PRETRAIN_TEMPORAL_ATTENTION,
            *PRETRAIN_SPATIAL_ATTENTION,
            *(_main_from(x, recipe.main_from) for x in TRAIN_MAIN_NETWORK),
            *TRAIN_WHOLE_NETWORK,
        )
    if recipe.spatial_attention:
        return PRETRAIN_SPATIAL_ATTENTION
    if recipe.temporal_attention:
        return PRETRAIN_TEMPORAL_ATTENTION
    return TRAIN_WITHOUT_ATTENTION


def _main_from(stage: Stage, main_from: str) -> Stage:
    starts_from = {**stage.starts_from, MAIN: main_from}
    if main_from == "fresh":
        del starts_from[MAIN]
    return dataclasses.replace(stage, starts_from=starts_from)


def build_model(recipe: Recipe, stage: Stage, num_classes: int) -> STALSTM:
    """The network of a stage, as step 1 leaves it."""
    skeleton = skeletons.SKELETONS[recipe.skeleton]
    present = stage.trains + stage.fixed
    model = STALSTM(
        num_classes,
        bodies=recipe.bodies,
        joints=skeleton.joints,
        preprocessing=preprocessing.from_recipe(recipe),
        spatial_attention=SPATIAL in present,
        temporal_attention=TEMPORAL in present,
        main_layers=1 if stage.one_layer else recipe.main_layers,
        units=recipe.units,
        dropout=recipe.dropout,
        lambda1=recipe.lambda1,
        lambda2=recipe.lambda2,
        lambda3=recipe.lambda3,
        l1_matrices=recipe.l1_matrices,
        alpha_scale=recipe.alpha_scale,
        beta_norm=recipe.beta_norm,
        beta_bias=recipe.beta_bias,
        pooling=recipe.pooling,
        kernel_stddev=recipe.kernel_stddev,
        dtype=recipe.precision,
    )
    model.build()
    for network in present:
        getattr(model, network).trainable = network in stage.trains
    return model


def transfer(
    source: keras.layers.Layer,
    target: keras.layers.Layer,
    new: Iterable[str] = (),
) -> None:
    """Copies the weights of a network into another of the same structure.

    Args:
        source, target: built layers.
        new: names of the target's sub-layers that keep what they have.

    Raises:
        ValueError: a weight of either that finds no partner of the same name
            and shape in the other.
    """
    new = set(new)

    def shapes(layer):
        weights = _weights(layer)
        return {
            name: tuple(weight.shape)
            for name, weight in weights.items()
            if name.split("/")[0] not in new
        }

    lonely = set(shapes(source).items()) ^ set(shapes(target).items())
    if lonely:
        listed = ", ".join(f"{name} {shape}" for name, shape in sorted(lonely))
        raise ValueError(
            f"every weight of `source` and `target` ({target.name}) must find "
            f"a partner in the other. Received without partner: {listed}"
        )
    theirs = _weights(source)
    for name, weight in _weights(target).items():
        if name.split("/")[0] not in new:
            weight.assign(theirs[name])


def _weights(layer):
    return {x.path.split(f"{layer.name}/", 1)[1]: x for x in layer.weights}


def _start_weights(model, stage, recipe, load_stage):
    """Moves each network's weights here from the stage it starts from."""
    for network, source_name in stage.starts_from.items():
        source = load_stage(source_name)
        new: tuple[str, ...] = ()
        if network == MAIN and len(source.main_lstm.layers) == 1:
            if recipe.growing == "fresh":
                continue
            # What scored one layer's output does not fit the third's.
            grown = model.main_lstm.layers[1:]
            new = (*(x.name for x in grown), model.main_lstm.score.name)
        transfer(getattr(source, network), getattr(model, network), new)


def compile_model(model: STALSTM, recipe: Recipe, iterations: int) -> None:
    """Equation (7) and Adam, for so many iterations."""
    rate: float | keras.optimizers.schedules.LearningRateSchedule
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        warmup = min(recipe.warmup_iterations, iterations // 2)
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup else recipe.learning_rate,
            warmup_target=recipe.learning_rate if warmup else None,
            warmup_steps=warmup,
            decay_steps=iterations - warmup,
        )
    at_once = 1
    # Python looks in after ten iterations, at the price of a second trace:
    # for long stages. Keras cannot do it under a strategy.
    if iterations >= 1000 and not tf.distribute.has_strategy():
        at_once = math.gcd(iterations, stage_log.PERIOD, 10)
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=at_once,
        jit_compile=False,
    )


def check_batch_size(recipe: Recipe, devices: int) -> None:
    """Each device's part counts the same, so the parts must be of one size.

    Raises:
        ValueError: they are not.
    """
    if recipe.batch_size % devices:
        raise ValueError(
            f"`batch_size` must be a multiple of {devices}, the number of "
            f"devices. Received: batch_size={recipe.batch_size}"
        )


def train(
    recipe: Recipe,
    num_classes: int,
    clips: tf.data.Dataset,
    workdir: pathlib.Path,
    seed: int,
    recurrence: str = "auto",
    strategy: tf.distribute.Strategy | None = None,
) -> STALSTM:
    """Runs every stage, or those that an interrupted run has left.

    Args:
        recipe: what to train, and how.
        num_classes: C.
        clips: the training clips, from `input_pipeline.load_clips`.
        workdir: where each stage leaves `checkpoints/<stage>.keras`, and all
            of them their metrics and TensorBoard logs.
        seed: of initial weights, batches and dropout. On one machine the same
            seed gives the same model, interrupted or not.
        recurrence: of the LSTM layers, see `stalstm.layers.recurrence`.
        strategy: a `tf.distribute.MirroredStrategy`, which splits every batch
            over several devices; one device by default. Without dropout the
            numbers are the same up to rounding. A process makes one and uses
            it for all its trainings: a second one collides with it.

    Returns:
        The model of the last stage, on one device.

    Raises:
        ValueError: a batch that does not split evenly.
    """
    strategy = strategy or tf.distribute.get_strategy()
    check_batch_size(recipe, strategy.num_replicas_in_sync)
    checkpoints = workdir / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)

    def load_stage(name):
        path = checkpoints / f"{name}.keras"
        return keras.saving.load_model(path, compile=False)

    todo = stages(recipe)
    for number, stage in enumerate(todo):
        path = checkpoints / f"{stage.name}.keras"
        if path.exists():
            continue
        keras.backend.clear_session()
        stage_seed = seed * 1000 + number
        keras.utils.set_random_seed(stage_seed)
        iterations = getattr(recipe, stage.iterations)
        log = stage_log.StageLog(workdir, stage.name, iterations)
        with strategy.scope():
            model = build_model(recipe, stage, num_classes)
            _start_weights(model, stage, recipe, load_stage)
            compile_model(model, recipe, iterations)
            done = log.resume(model)
        batches = input_pipeline.training_batches(
            clips, recipe.batch_size, recipe.pad_to_multiple_of, stage_seed
        )
        with recurrence_lib.recurrence(recurrence):
            model.fit(
                batches.skip(done),
                steps_per_epoch=iterations - done,
                shuffle=False,  # the batches are
                verbose=0,
                callbacks=[log],
            )
        log.finish(path, model.in_float32())
    return load_stage(todo[-1].name)
