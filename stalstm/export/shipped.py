"""Writes a trained model as one that comes with the repository.

    python train.py --dataset=sbu --protocol=everything --recipe=sbu_strong \\
        --workdir=workdirs/sbu
    python -m stalstm.export.shipped --workdir=workdirs/sbu --name=sbu

leaves in models/<name>/ the Keras model, float32, and the LiteRT frame model,
float16, which `stalstm.load(<name>)` opens. Its README.md, the model card, is
written by hand.
"""

import os

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from absl import app, flags

from stalstm import files, loading
from stalstm.export import litert, metadata
from stalstm.export.errors import ExportError
from stalstm.paths import DEFINE_path
from stalstm.runtime import litert as runtime
from stalstm.workdir import WorkdirError, load

# Bytes of a file: it stays in the history of the repository for ever.
LARGEST = 2_000_000

_WORKDIR = DEFINE_path(
    "workdir", None, "Workdir of a training on everything.", required=True
)
_NAME = flags.DEFINE_string("name", None, "Name of the model.", required=True)
_MODELS = DEFINE_path("models", str(loading.SHIPPED), "Folder of the models.")


def main(argv):
    del argv
    try:
        write()
    except (ExportError, WorkdirError) as error:
        raise SystemExit(f"shipped.py: {error}") from None


def write() -> None:
    """Writes the files.

    Raises:
        ExportError: The model does not stream, or a file is too large.
        WorkdirError: The workdir holds no finished training.
    """
    trained = load(_WORKDIR.value)
    if reason := trained.model.cannot_stream:
        raise ExportError(f"expected a model that streams. Received: {reason}")
    folder = _MODELS.value / _NAME.value
    folder.mkdir(parents=True, exist_ok=True)
    function, inputs = litert.frame_signature(trained.model)
    concrete = litert.trace(function, inputs, trained.model)
    with files.replacing(folder / "frame_float16.tflite") as temporary:
        temporary.write_bytes(litert.convert(concrete, "float16"))
    with files.replacing(folder / "model.keras") as temporary:
        trained.model.save(temporary)
    sealed = runtime.sealed(
        metadata.describe(trained), folder, ["frame_float16.tflite"]
    )
    files.write_json(folder / "model.json", sealed)
    for path in sorted(folder.iterdir()):
        size = path.stat().st_size
        print(f"{size:9,} bytes  {path}")
        if size > LARGEST:
            raise ExportError(
                f"expected at most {LARGEST:,} bytes. Received: {path}"
            )


if __name__ == "__main__":
    app.run(main)
