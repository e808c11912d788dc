"""The configuration that TensorFlow Serving needs next to the models."""

import pathlib

from stalstm import files

# The release of tensorflow-serving-api that the tests hold the export against.
IMAGE = "tensorflow/serving:2.21.0"

MODEL = """\
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
  }}
"""

# The server pads a batch to an allowed size, and a clip with copies of its
# first frame; `length` excludes both.
BATCHING = """\
max_batch_size { value: 32 }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 4 }
allowed_batch_sizes: 1
allowed_batch_sizes: 2
allowed_batch_sizes: 4
allowed_batch_sizes: 8
allowed_batch_sizes: 16
allowed_batch_sizes: 32
pad_variable_length_inputs: true
"""

MONITORING = """\
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""

COMPOSE = f"""\
# docker compose up: gRPC on port 8500, REST on 8501
services:
  serving:
    image: {IMAGE}
    command:
      - --model_config_file=/models/models.config
      - --model_config_file_poll_wait_seconds=60
      - --enable_batching=true
      - --batching_parameters_file=/models/batching.config
      - --monitoring_config_file=/models/monitoring.config
    # For this machine alone. A server has no password: to let others ask it,
    # put one that has in front of it, or write "8500:8500" and "8501:8501".
    ports:
      - "127.0.0.1:8500:8500"
      - "127.0.0.1:8501:8501"
    volumes:
      - .:/models:ro
"""


def write(export_dir: pathlib.Path) -> None:
    """Writes the configuration that serves every model of a folder.

    Args:
        export_dir: Folder of `<model>/<version>/saved_model.pb`.
    """
    names = {x.parts[-3] for x in export_dir.glob("*/*/saved_model.pb")}
    models = "".join(MODEL.format(name=x) for x in sorted(names))
    texts = {
        "models.config": f"model_config_list {{\n{models}}}\n",
        "batching.config": BATCHING,
        "monitoring.config": MONITORING,
        "compose.yaml": COMPOSE,
    }
    for name, text in texts.items():
        files.write_text(export_dir / name, text)
