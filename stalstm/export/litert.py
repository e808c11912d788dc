"""The model as LiteRT files: one for live streams, one for whole clips."""

import importlib.util
import pathlib
import shutil
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from stalstm import files
from stalstm.export import metadata, signatures
from stalstm.export.errors import ExportError
from stalstm.models.classifier import Classifier
from stalstm.runtime import litert as runtime
from stalstm.workdir import Trained

# Weights: as they are; rounded to half of the bits; rounded to 8 bits, which
# are multiplied with inputs that are rounded to 8 bits as they come (dynamic
# range).
PRECISIONS = ("float32", "float16", "int8")

README = """\
# {name}

An action recognition model for LiteRT. This folder is all that a device with
Python 3.11 or later needs: copy it there, and in it run

```shell
pip install numpy ai-edge-litert
python runtime.py clip.npy
```

`clip.npy` is an example of the input, `(frames, {bodies}, {joints}, 3)`, metres
in camera space. It is random movement, so the answer means nothing.

{files}
`model.json` names the joints and the classes, `agreement.json` says how closely
each file agrees with the model that was trained, and `runtime.py` says how to
use them from Python.
"""

FRAME_FILES = """\
`frame_*.tflite` take one frame at a time: a live stream (try `--stream`), or
clips of any length. `clip_*.tflite` take whole clips of up to {frames} frames.
"""

CLIP_FILES = """\
`clip_*.tflite` take whole clips of up to {frames} frames. There is no file for
live streams: {reason}.
"""

Function = Callable[..., dict[str, tf.Tensor]]
Signature = tuple[Function, list[tf.TensorSpec]]


def check_installed() -> None:
    """Raises `ExportError` without ai-edge-litert, which runs the files."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise ExportError(
            "expected ai-edge-litert, which runs LiteRT files. Install it "
            "with\n  pip install ai-edge-litert"
        )


def write(
    trained: Trained,
    folder: pathlib.Path,
    name: str,
    skeleton: np.ndarray,
    frames: int,
) -> None:
    """Writes a folder that is complete by itself.

    It has `clip_<precision>.tflite` and, if the model streams,
    `frame_<precision>.tflite`; `model.json`; `runtime.py`, which runs them;
    `clip.npy`, an example for it; and `README.md`.

    The files take one clip, or one stream: a batch of one. Shapes are fixed,
    and all weights are constants, so LiteRT runs them with its own operations.

    Args:
        trained: The model and the records of its training.
        folder: The new folder.
        name: Title of the README.
        skeleton: `(frames, bodies, joints, 3)`, the example.
        frames: Maximum length of a clip, in frames, for the clip files.

    Raises:
        ExportError: The model has an operation that LiteRT does not have.
    """
    model = trained.model
    folder.mkdir()
    shutil.copyfile(runtime.__file__, folder / "runtime.py")
    np.save(folder / "clip.npy", skeleton)
    functions = {"clip": clip_signature(model, frames)}
    file_text = CLIP_FILES
    if model.cannot_stream is None:
        functions["frame"] = frame_signature(model)
        file_text = FRAME_FILES
    files.write_text(
        folder / "README.md",
        README.format(
            name=name,
            bodies=model.bodies,
            joints=len(model.skeleton.joints),
            files=file_text.format(frames=frames, reason=model.cannot_stream),
        ),
    )
    for kind, (function, inputs) in functions.items():
        concrete = trace(function, inputs, model)
        for precision in PRECISIONS:
            path = folder / f"{kind}_{precision}.tflite"
            path.write_bytes(convert(concrete, precision))
    names = sorted(x.name for x in folder.glob("*.tflite"))
    sealed = runtime.sealed(metadata.describe(trained), folder, names)
    files.write_json(folder / "model.json", sealed)


def frame_signature(model: Classifier) -> Signature:
    """A function of one frame of one stream, and its inputs."""
    state = signatures.PackedState(model)
    shape = (1, model.bodies, len(model.skeleton.joints), 3)
    inputs = [
        tf.TensorSpec(shape, tf.float32, "frame"),
        tf.TensorSpec((1,), tf.int32, "ended"),
        tf.TensorSpec((1, state.size), tf.float32, "state"),
    ]
    return signatures.frame_function(model, state), inputs


def clip_signature(model: Classifier, frames: int) -> Signature:
    """A function of one clip, and its inputs.

    The network computes the clip's own frames alone. The frame layers compute
    all: where their number is known, that takes less than a third of the time.
    """

    def clip(skeleton, length):
        inputs = {"skeleton": skeleton, "length": length}
        prepared, restore = model.preparation(inputs)
        number = prepared["features"].shape[1]
        own = tf.clip_by_value(prepared["length"][0], 1, number)
        for name in ("features", "present"):
            prepared[name] = prepared[name][:, :own]
        with model.recurrence("hoisted"):
            outputs = model(prepared, training=False)
        for name in model.attentions:
            batch, _, *rest = outputs[name].shape
            padding = [(0, 0), (0, number - own)] + [(0, 0)] * len(rest)
            padded = tf.pad(outputs[name], padding)
            outputs[name] = tf.reshape(padded, (batch, number, *rest))
        return restore(outputs)

    shape = (1, frames, model.bodies, len(model.skeleton.joints), 3)
    inputs = [
        tf.TensorSpec(shape, tf.float32, "skeleton"),
        tf.TensorSpec((1,), tf.int32, "length"),
    ]
    return clip, inputs


def trace(
    function: Function, inputs: Sequence[tf.TensorSpec], model: keras.Model
) -> tf.types.experimental.ConcreteFunction:
    """Returns the graph of a function, with a model's weights as constants.

    Args:
        function: A function of tensors that returns named tensors.
        inputs: Their fixed shapes, types and names.
        model: The model whose weights the function uses.
    """
    weights = [(x, tf.constant(x.numpy())) for x in model.variables]

    def with_constants(*arguments):
        with keras.StatelessScope(state_mapping=weights):
            return function(*arguments)

    return tf.function(
        with_constants, input_signature=inputs, autograph=False
    ).get_concrete_function()


def convert(
    concrete: tf.types.experimental.ConcreteFunction, precision: str
) -> bytes:
    """Returns the content of a LiteRT file.

    Args:
        concrete: A graph from `trace`.
        precision: Precision of the weights, one of `PRECISIONS`.

    Raises:
        ExportError: The file would need more than LiteRT's own operations
            (`Flex`), does not run, or would now and then answer wrongly.
    """
    from ai_edge_litert.interpreter import Interpreter

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
    _check_loops(content)
    return content


def _check_loops(content: bytes) -> None:
    """Refuses a product that LiteRT computes wrongly from the second call on.

    LiteRT transposes the constant second factor of a batch of products in the
    first call, and keeps it. In a loop, that memory may get another use: one
    interpreter in a thousand then answered wrongly (ai-edge-litert 2.3.0).

    Raises:
        ExportError: There is such a product.
    """
    from ai_edge_litert import schema_py_generated as schema

    file = schema.Model.GetRootAs(content)
    for graph in map(file.Subgraphs, range(1, file.SubgraphsLength())):
        for operator in map(graph.Operators, range(graph.OperatorsLength())):
            code = file.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
            if code != schema.BuiltinOperator.BATCH_MATMUL:
                continue
            second = graph.Tensors(operator.Inputs(1))
            if file.Buffers(second.Buffer()).DataLength():
                raise ExportError(
                    "expected that a matmul of more than two dimensions in a "
                    "loop has its constant as the first factor, as LiteRT may "
                    "lose a second one. Received: "
                    f"{second.Name().decode()} as the second factor"
                )
