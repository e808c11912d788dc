"""The model as LiteRT files: one for live streams, one for whole clips."""

import pathlib
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from stalstm import workdir
from stalstm.model import STALSTM
from stalstm.serving import signatures
from stalstm.serving.trained import ExportError, Trained, describe

# Weights: as they are; rounded to half of the bits; rounded to 8 bits, which
# are multiplied with inputs that are rounded to 8 bits as they come (dynamic
# range).
PRECISIONS = ("float32", "float16", "int8")

Function = Callable[..., dict[str, tf.Tensor]]
Signature = tuple[Function, list[tf.TensorSpec]]


def write(trained: Trained, folder: pathlib.Path, frames: int) -> None:
    """Writes `{step,clip}_<precision>.tflite`, and `model.json` for all.

    They take one stream, or one clip: a batch of one. Shapes are fixed, and
    all weights are constants, so LiteRT runs the files with its own operations.

    Args:
        trained: the model.
        folder: where to; made.
        frames: that a clip may have at most.

    Raises:
        ExportError: the model has an operation that LiteRT has not.
    """
    folder.mkdir()
    workdir.write_json(folder / "model.json", describe(trained))
    model = trained.model
    for name, (function, inputs) in {
        "step": step_signature(model),
        "clip": clip_signature(model, frames),
    }.items():
        for precision in PRECISIONS:
            content = convert(function, inputs, model, precision)
            (folder / f"{name}_{precision}.tflite").write_bytes(content)


def step_signature(model: STALSTM) -> Signature:
    """A function of one frame of one stream, and its inputs."""
    state = signatures.PackedState(model)
    inputs = [
        tf.TensorSpec((1, model.bodies, model.joints, 3), tf.float32, "frame"),
        tf.TensorSpec((1,), tf.bool, "ended"),
        tf.TensorSpec((1, state.size), tf.float32, "state"),
    ]
    return signatures.step_function(model, state), inputs


def clip_signature(model: STALSTM, frames: int) -> Signature:
    """A function of one clip, and its inputs."""
    shape = (1, frames, model.bodies, model.joints, 3)
    inputs = [
        tf.TensorSpec(shape, tf.float32, "skeleton"),
        tf.TensorSpec((1,), tf.int32, "length"),
    ]
    return signatures.clip_function(model), inputs


def convert(
    function: Function,
    inputs: Sequence[tf.TensorSpec],
    model: keras.Model,
    precision: str,
) -> bytes:
    """A function of a model as the content of a LiteRT file.

    Args:
        function: takes tensors, returns named tensors.
        inputs: their fixed shapes, types and names.
        model: whose weights the function uses.
        precision: of the weights, one of `PRECISIONS`.

    Raises:
        ExportError: the file would need more than LiteRT's own operations
            (`Flex`), or does not run.
    """
    weights = [(x, tf.constant(x.numpy())) for x in model.variables]

    def with_constants(*arguments):
        with keras.StatelessScope(state_mapping=weights):
            return function(*arguments)

    concrete = tf.function(
        with_constants, input_signature=inputs, autograph=False
    ).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [concrete], tf.Module()
    )
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    try:
        content = converter.convert()
        interpreter = Interpreter(model_content=content)
        interpreter.allocate_tensors()
        interpreter.invoke()
    except Exception as error:  # The converter has no public one.
        raise ExportError(
            "expected a model that LiteRT runs with its own operations. "
            f"Received, for {precision}: {error}"
        ) from error
    return content
