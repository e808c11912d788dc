"""Our side of `benchmarks.speed`: half a round, in a process of its own.

    python -m benchmarks.speed_of_ours --shape=small --what=train --threads=2

Times a training step of the last stage of Algorithm 1 and, as a yardstick, its
matrix products alone (`train`); or predictions and a frame of a stream, as the
script of the peer does (`predict`). These are two programs for a user too, and
each has the threads that its program has. Prints one line of JSON with medians.
Takes about half a minute; the large shape, two minutes.
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

from stalstm import (
    distribution,
    input_pipeline,
    micro_batches,
    predictors,
    training,
)
from stalstm.description import Description
from stalstm.export import litert
from stalstm.export.errors import ExportError
from stalstm.layers import lstm_recurrence
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
        matmul = multiplications(SHAPE.value)
        result["matmul_ms"] = median_ms(matmul, 5)
    else:
        result = measure_predictions(model, clips)
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

    Forward, each matrix has one of all frames, and each LSTM layer one of the
    hidden variables at every frame. Backward, each has one for its gradient and
    one for that of what it multiplied, unless that is data; again at every
    frame for the hidden variables. As in a step, there is a micro-batch at a
    time, and each core has a part of it for the products at every frame.
    """
    batch, frames, joints, classes = SHAPES[shape]
    size = micro_batches.size(batch) or batch
    rows, units, layers = size * frames, 100, 5
    of_data = [(3 * joints, x) for x in (4 * units, 4 * units, units, 1)]
    of_layers = [
        (3 * joints, 4 * units),  # weighted by the attention
        *[(units, 4 * units)] * 2,
        *[(units, x) for x in (units, 1, joints, classes)],
    ]
    # Arrays of their own for each matrix: TensorFlow computes equal products
    # once.
    wide = [
        (tf.ones((rows, x)), tf.ones((x, y)), tf.ones((rows, y)))
        for x, y in of_data + of_layers
    ]
    hiddens = [tf.ones((rows, units)) for _ in range(layers)]
    gates = [tf.ones((rows, 4 * units)) for _ in range(layers)]
    recurrent = tf.ones((units, 4 * units))

    @tf.function(jit_compile=True)
    def frame_by_frame(hidden, gradient):
        # Each one needs the one before, as in the recurrence.
        for _ in tf.range(layers * frames):
            hidden = tf.matmul(hidden, recurrent)[:, :units] * 1e-3
        for _ in tf.range(layers * frames):
            gradient = tf.matmul(gradient, recurrent, transpose_b=True) * 1e-3
            gradient = tf.tile(gradient, (1, 4))
        return hidden[0, 0] + gradient[0, 0]

    @tf.function
    def multiply():
        products = []
        for number, (x, matrix, gradient) in enumerate(wide):
            products.append(tf.matmul(x, matrix))
            products.append(tf.matmul(x, gradient, transpose_a=True))
            if number >= len(of_data):
                products.append(tf.matmul(gradient, matrix, transpose_b=True))
        for x, gradient in zip(hiddens, gates, strict=True):
            products.append(tf.matmul(x, gradient, transpose_a=True))
        parts = lstm_recurrence.cut_batch(hiddens[0][:size], gates[0][:size])
        return sum(x[0, 0] for x in products) + sum(
            frame_by_frame(*part) for part in parts
        )

    return lambda: [multiply().numpy() for _ in range(batch // size)]


if __name__ == "__main__":
    SHAPE = flags.DEFINE_enum(
        "shape", "small", list(SHAPES), "Size of the batch and of the network."
    )
    WHAT = flags.DEFINE_enum(
        "what", "train", ["train", "predict"], "What to measure."
    )
    THREADS = flags.DEFINE_integer("threads", 2, "Number of threads.")
    app.run(main)
