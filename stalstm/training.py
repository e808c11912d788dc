"""Runs the stages of a training, one `model.fit` each."""

import contextlib
import math
import pathlib
from collections.abc import Iterable

import keras
import tensorflow as tf

from stalstm import (
    algorithm1,
    distribution,
    input_pipeline,
    manifest,
    stage_log,
)
from stalstm.accuracy_curve import AccuracyCurve
from stalstm.adam import Adam
from stalstm.augmentation import Augmentation
from stalstm.description import Description
from stalstm.models.classifier import Classifier
from stalstm.recipe import Recipe, Training
from stalstm.stages import Stage


def joint_stages(recipe: Recipe) -> tuple[Stage, ...]:
    """A plain training: one stage, in which everything trains."""
    return (Stage("joint", recipe.training.iterations),)


# By the recipe's field `stages`.
TABLES = {"algorithm_1": algorithm1.stages, "joint": joint_stages}


def stages(recipe: Recipe) -> tuple[Stage, ...]:
    """The stages of a recipe.

    Raises:
        ValueError: The table of stages does not train the recipe's model.
    """
    return TABLES[recipe.training.stages](recipe)


def result_path(workdir: pathlib.Path, recipe: Recipe) -> pathlib.Path:
    """Where the model of the last stage is, once it is trained."""
    return _stage_path(workdir, stages(recipe)[-1].name)


def train(
    recipe: Recipe,
    data: Description,
    clips: tf.data.Dataset,
    workdir: pathlib.Path,
    seed: int,
    recurrence: str = "keras",
    strategy: tf.distribute.Strategy | None = None,
    curve: AccuracyCurve | None = None,
    keep_prepared: bool = False,
) -> Classifier:
    """Runs every stage, or those that an interrupted run did not finish.

    Each stage leaves `checkpoints/<stage>.keras` in the workdir, and all of
    them their metrics and TensorBoard logs.

    Args:
        recipe: What to train, and how.
        data: What the data set says of itself.
        clips: The training clips, from `input_pipeline.load_clips`.
        workdir: Folder of the run.
        seed: Random seed for the initial weights, the batch order and dropout.
            On one machine the same seed gives the same model, interrupted or
            not.
        recurrence: How the LSTM layers compute, see `stalstm.layers.LSTM`.
        strategy: From `distribution.choose`: one that splits every batch over
            several devices or machines; one device by default. Without dropout
            the numbers are the same up to rounding. A process must not make
            two: the second one collides with the first.
        curve: Evaluates the stages that train the same networks as the last
            one.
        keep_prepared: Whether memory may hold all clips as the frame layers
            leave them. A step then takes less time, with the same numbers.

    Returns:
        The model of the last stage, on one device.

    Raises:
        ValueError: A batch that does not split evenly, or a recipe that needs
            something that the data does not have.
        stalstm.stage_log.DivergedError: A loss or a weight is no longer finite.
            The last checkpoint is one of finite weights.
    """
    strategy = strategy or tf.distribute.get_strategy()
    check_batch_size(recipe, strategy.num_replicas_in_sync)
    chief = distribution.is_chief(strategy)
    if chief:
        (workdir / "checkpoints").mkdir(parents=True, exist_ok=True)
    table = stages(recipe)
    left = {
        number: stage
        for number, stage in enumerate(table)
        if not _stage_path(workdir, stage.name).exists()
    }
    distribution.meet(strategy, len(left))
    # Once for all stages: they differ in what follows.
    network = recipe.build(data)
    prepare = tf.function(network.prepare, autograph=False)
    plain = recipe.augmentation == Augmentation() and network.stride == 1
    if keep_prepared and plain:
        clips, prepare = input_pipeline.prepared(clips, prepare), None
    finished: dict[str, Classifier] = {}  # by stage
    for number, stage in left.items():
        path = _stage_path(workdir, stage.name)
        keras.backend.clear_session()
        stage_seed = seed * 1000 + number
        keras.utils.set_random_seed(stage_seed)
        log = stage_log.StageLog(
            workdir, stage.name, stage.iterations, writes=chief
        )
        with strategy.scope():
            model = build_model(recipe, stage, data)
            _start_weights(model, stage, finished, workdir)
            model.set_recurrence(recurrence)
            pause = curve.every if curve else 0
            compile_model(model, recipe.training, stage.iterations, pause)
            done = log.resume(model)
        distribution.meet(strategy, done)
        callbacks = [log]
        if curve and stage.arguments == table[-1].arguments:
            curve.begin(stage.name, done)
            callbacks.append(curve)
        batches = input_pipeline.training_batches(
            clips, recipe, data, stage_seed, prepare
        )
        if done < stage.iterations:  # else only the stage's file is missing
            try:
                with contextlib.closing(log):
                    model.fit(
                        batches.skip(done),
                        steps_per_epoch=stage.iterations - done,
                        shuffle=False,  # the batches are
                        verbose=0,
                        callbacks=callbacks,
                    )
            except stage_log.DivergedError as error:
                error.clips = input_pipeline.numbers_of_batches(
                    clips, recipe, data, stage_seed, error.first, error.last
                )
                raise
        # `fit` does so too, unless it was killed just before.
        model.optimizer.finalize_variable_values(model.trainable_variables)
        log.check(model)
        finished[stage.name] = model.in_float32()
        if chief:
            name = path.relative_to(workdir).as_posix()
            with manifest.replacing(workdir, name) as temporary:
                finished[stage.name].save(temporary)
            log.remove_checkpoint()
        distribution.meet(strategy)
        distribution.wait_for(path)
    last = table[-1].name
    return finished.get(last) or _load(_stage_path(workdir, last))


def build_model(recipe: Recipe, stage: Stage, data: Description) -> Classifier:
    """The model of a stage, with its initial weights."""
    model = recipe.build(data, **stage.arguments)
    for network in stage.fixed:
        getattr(model, network).trainable = False
    return model


def transfer(
    source: keras.layers.Layer,
    target: keras.layers.Layer,
    new: Iterable[str] = (),
) -> None:
    """Copies the weights of a network into another of the same structure.

    Args:
        source, target: Built layers.
        new: Names of the target's sub-layers that keep what they have.

    Raises:
        ValueError: A weight of either has no partner of the same name and shape
            in the other.
    """
    new = set(new)

    def shapes(layer):
        weights = _weights(layer)
        return {
            name: tuple(weight.shape)
            for name, weight in weights.items()
            if name.split("/")[0] not in new
        }

    unmatched = set(shapes(source).items()) ^ set(shapes(target).items())
    if unmatched:
        listed = ", ".join(
            f"{name} {shape}" for name, shape in sorted(unmatched)
        )
        raise ValueError(
            f"every weight of `source` and `target` ({target.name}) must have "
            f"a partner in the other. Received unmatched: {listed}"
        )
    theirs = _weights(source)
    for name, weight in _weights(target).items():
        if name.split("/")[0] not in new:
            weight.assign(theirs[name])


def compile_model(
    model: Classifier, training: Training, iterations: int, pause: int = 0
) -> None:
    """Compiles a model with Adam and the first term of equation (7).

    Args:
        model: The model of a stage.
        training: The recipe's fields.
        iterations: Number of iterations of the stage.
        pause: Number of iterations after which callbacks must have a turn.
    """
    rate: float | keras.optimizers.schedules.LearningRateSchedule
    rate = training.learning_rate
    if training.schedule == "cosine":
        warmup = min(training.warmup_iterations, iterations // 2)
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup else training.learning_rate,
            warmup_target=training.learning_rate if warmup else None,
            warmup_steps=warmup,
            decay_steps=iterations - warmup,
        )
    at_once = 1
    # Ten iterations at once spare Python's overhead but cost another trace,
    # which 200 of them earn back. Keras cannot do it under a strategy.
    if iterations >= 500 and not tf.distribute.has_strategy():
        at_once = math.gcd(iterations, stage_log.PERIOD, 10, pause)
    model.compile(
        optimizer=Adam(
            rate,
            global_clipnorm=training.clip_norm or None,
            use_ema=training.weight_average > 0,
            ema_momentum=training.weight_average,
        ),
        loss=_loss(training.label_smoothing),
        # Made here: by its name, Keras would make it within the first trace,
        # and every stage would be traced twice.
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        steps_per_execution=at_once,
        jit_compile=False,
    )


def check_batch_size(recipe: Recipe, devices: int) -> None:
    """Checks that a batch splits evenly, so that every clip weighs the same.

    Raises:
        ValueError: It does not.
    """
    batch_size = recipe.training.batch_size
    if batch_size % devices:
        raise ValueError(
            f"`batch_size` must be a multiple of {devices}, the number of "
            f"devices. Received: batch_size={batch_size}"
        )


def _loss(label_smoothing):
    """The first term of equation (7), of labels and logits."""
    if not label_smoothing:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def smoothed(labels, logits):
        return keras.losses.categorical_crossentropy(
            keras.ops.one_hot(labels, logits.shape[-1]),
            logits,
            from_logits=True,
            label_smoothing=label_smoothing,
        )

    return smoothed


def _start_weights(model, stage, finished, workdir):
    """Copies each network's weights from the stage that it starts from.

    Args:
        model: The model of the stage.
        stage: The stage.
        finished: Models of stages, by name. What is missing, as another process
            has trained it, is loaded.
        workdir: Folder of the run.
    """
    for network, name in stage.starts_from.items():
        if name not in finished:
            finished[name] = _load(_stage_path(workdir, name))
        transfer(
            getattr(finished[name], network),
            getattr(model, network),
            stage.starts_anew.get(network, ()),
        )


def _weights(layer):
    return {x.path.split(f"{layer.name}/", 1)[1]: x for x in layer.weights}


def _stage_path(workdir, name):
    return workdir / "checkpoints" / f"{name}.keras"


def _load(path):
    return keras.saving.load_model(path, compile=False)
