"""Our side of `benchmarks.speed`: half a round, in a process of its own.

    python -m benchmarks.speed_of_ours --shape=small --what=train --threads=2

Times a training step of the last stage of Algorithm 1 (`train`); or predictions
and a frame of a stream, as the script of the peer does, and, as a yardstick,
the matrix products of the training step alone (`predict`). These are two
programs for a user too, and each has the threads that its program has. Prints
one line of JSON with medians. Takes about half a minute; the large shape, two
minutes.
"""

import dataclasses
import json
import os
import statistics
import time
from collections.abc import Callable

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from stalstm import distribution, input_pipeline, predictors, training
from stalstm.description import Description
from stalstm.export import litert
from stalstm.export.errors import ExportError
from stalstm.layers.lstm import resolve_recurrence
from stalstm.recipes import sbu
from stalstm.skeletons import Skeleton

# Clips, frames, joints and classes.
SHAPES = {"small": (8, 40, 30, 8), "large": (256, 100, 50, 60)}


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"expected flags only. Received: {argv[1:]}")
    try:
        litert.check_installed()  # before minutes of measuring
    except ExportError as error:
        raise SystemExit(str(error)) from None
    batch, frames, joints, classes = SHAPES[SHAPE.value]
    set_threads(THREADS.value, batch if WHAT.value == "train" else None)
    model = make_model(joints, classes)
    clips, labels = make_batch(batch, frames, joints, classes)
    if WHAT.value == "train":
        result = measure_training(model, clips, labels)
    else:
        result = measure_predictions(model, clips)
        matmul = multiplications(SHAPE.value)
        result["matmul_ms"] = median_ms(matmul, 5)
    print(json.dumps(result))


def make_batch(batch: int, frames: int, joints: int, classes: int):
    """Random clips and labels."""
    rng = np.random.default_rng(0)
    clips = {
        "skeleton": rng.normal(size=(batch, frames, 1, joints, 3)).astype("f4"),
        "length": np.full(batch, frames, "int32"),
    }
    return clips, rng.integers(0, classes, batch)


def set_threads(number: int, batch_size: int | None) -> None:
    """Before TensorFlow computes: as `train.py` does, or a prediction.

    Args:
        number: How many cores there are to use.
        batch_size: That of a training; `None` for a prediction.
    """
    threading = tf.config.threading
    threading.set_inter_op_parallelism_threads(number)
    threading.set_intra_op_parallelism_threads(number)
    if batch_size is not None:
        distribution.share_cores(batch_size)


def measure_training(model, clips, labels) -> dict[str, float]:
    # A long stage, whose beginning does not count.
    training.compile_model(model, sbu.RECIPE.training, iterations=10**6)
    model.set_recurrence(resolve_recurrence("auto"))
    # As the input pipeline of a training does.
    prepared = model.prepare(clips)
    return {"train_step_ms": train_step_ms(model, prepared, labels)}


def prediction_ms(model, clips) -> float:
    """Milliseconds of the prediction of some clips, compiled."""
    predict = predictors.compile_prediction(model)
    tensors = keras.tree.map_structure(tf.constant, clips)
    times = min(max(400 // len(clips["length"]), 2), 50)
    return median_ms(lambda: predict(tensors)["logits"].numpy(), times)


def measure_predictions(model, clips) -> dict[str, float]:
    """Medians by name, which ends with the unit."""
    from ai_edge_litert.interpreter import Interpreter

    batch = prediction_ms(model, clips)
    one = keras.tree.map_structure(lambda x: x[:1], clips)
    alone = prediction_ms(model, one)
    # LiteRT is what serves a stream.
    function, inputs = litert.frame_signature(model)
    content = litert.convert(litert.trace(function, inputs, model), "float32")
    stream = Interpreter(model_content=content, num_threads=1)
    stream.allocate_tensors()
    return {
        "predict_batch_ms": batch,
        "predict_one_ms": alone,
        "stream_frame_us": median_ms(stream.invoke, 500) * 1e3,
    }


def train_step_ms(model, inputs, labels) -> float:
    """Milliseconds of a training step of a compiled model, traced before."""
    batches = tf.data.Dataset.from_tensors((inputs, labels)).repeat()
    batches = input_pipeline.with_our_options(batches)
    # Keras runs whole executions only, however few steps it is asked for.
    at_once = model.steps_per_execution
    steps = at_once * max(1600 // (len(labels) * at_once), 1)

    def fit(number):
        model.fit(batches, steps_per_epoch=number, shuffle=False, verbose=0)

    fit(at_once)  # traces and compiles
    return median_ms(lambda: fit(steps), 1) / steps


def make_model(joints: int, classes: int, units: int = 100):
    """The network of the recipe, without preprocessing: the peer has none."""
    data = Description(
        Skeleton("unnamed", tuple(f"joint_{x}" for x in range(joints))),
        bodies=1,
        classes=tuple(f"class_{x}" for x in range(classes)),
        protocols={},
    )
    recipe = sbu.RECIPE.replace(units=units)
    return dataclasses.replace(recipe, preprocessing=()).build(data)


def median_ms(
    call: Callable[[], object], number: int, repeats: int = 3
) -> float:
    """The median of some repeats, each the mean of a number of calls."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(number):
            call()
        times.append((time.perf_counter() - start) / number * 1e3)
    return statistics.median(times)


def multiplications(shape: str) -> Callable[[], object]:
    """A function that computes a training step's matrix products alone.

    Forward there is one of the inputs of all frames for each matrix and, frame
    by frame, one of the hidden variables; backward there are twice as many.
    """
    batch, frames, joints, classes = SHAPES[shape]
    rows, units = batch * frames, 100
    sizes = [
        *[(rows, 3 * joints, 4 * units)] * 3,
        *[(rows, units, 4 * units)] * 2,
        (rows, 3 * joints + units, units),
        (rows, units, joints),
        (rows, 3 * joints + units, 1),
        (rows, units, classes),
    ]
    wide = [(tf.ones(x[:2]), tf.ones(x[1:])) for x in sizes]
    first, recurrent = tf.ones((batch, units)), tf.ones((units, 4 * units))

    @tf.function(jit_compile=True)
    def multiply(wide, hidden, recurrent):
        total = sum(tf.matmul(a, b)[0, 0] for a, b in wide * 3)
        for _ in tf.range(5 * 3 * frames):
            # Each one needs the one before, as in the recurrence.
            hidden = tf.matmul(hidden, recurrent)[:, :units] * 1e-3
        return total + hidden[0, 0]

    return lambda: multiply(wide, first, recurrent).numpy()


if __name__ == "__main__":
    SHAPE = flags.DEFINE_enum(
        "shape", "small", list(SHAPES), "Size of the batch and of the network."
    )
    WHAT = flags.DEFINE_enum(
        "what", "train", ["train", "predict"], "What to measure."
    )
    THREADS = flags.DEFINE_integer("threads", 2, "Number of threads.")
    app.run(main)
