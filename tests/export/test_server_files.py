"""The configuration, read as TensorFlow Serving reads it.

`tensorflow-serving-api` has the message of `models.config`. Those of the
batching parameters and of the monitoring it leaves out; they are declared here
as in `session_bundle_config.proto` and `monitoring_config.proto`.
"""

import pathlib
import re

import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
)
from tensorflow_serving.config import model_server_config_pb2

from stalstm.export import server_files

DECLARED = """
name: "declared.proto" package: "declared" syntax: "proto3"
message_type { name: "Number"
  field { name: "value" number: 1 type: TYPE_INT64 label: LABEL_OPTIONAL } }
message_type { name: "BatchingParameters"
  field { name: "max_batch_size" number: 1 type: TYPE_MESSAGE
          type_name: ".declared.Number" label: LABEL_OPTIONAL }
  field { name: "batch_timeout_micros" number: 2 type: TYPE_MESSAGE
          type_name: ".declared.Number" label: LABEL_OPTIONAL }
  field { name: "max_enqueued_batches" number: 3 type: TYPE_MESSAGE
          type_name: ".declared.Number" label: LABEL_OPTIONAL }
  field { name: "num_batch_threads" number: 4 type: TYPE_MESSAGE
          type_name: ".declared.Number" label: LABEL_OPTIONAL }
  field { name: "allowed_batch_sizes" number: 6 type: TYPE_INT64
          label: LABEL_REPEATED }
  field { name: "pad_variable_length_inputs" number: 7 type: TYPE_BOOL
          label: LABEL_OPTIONAL } }
message_type { name: "PrometheusConfig"
  field { name: "enable" number: 1 type: TYPE_BOOL label: LABEL_OPTIONAL }
  field { name: "path" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL } }
message_type { name: "MonitoringConfig"
  field { name: "prometheus_config" number: 1 type: TYPE_MESSAGE
          type_name: ".declared.PrometheusConfig" label: LABEL_OPTIONAL } }
"""


def parsed(text, message):
    pool = descriptor_pool.DescriptorPool()
    file = text_format.Parse(DECLARED, descriptor_pb2.FileDescriptorProto())
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName(f"declared.{message}")
    kind = message_factory.GetMessageClass(descriptor)
    return text_format.Parse(text, kind())


def test_every_model_of_the_folder_is_served(tmp_path):
    for name in ("sbu", "other"):
        for version in ("1", "2"):
            folder = tmp_path / name / version
            folder.mkdir(parents=True)
            (folder / "saved_model.pb").touch()
    (tmp_path / "litert/sbu/1").mkdir(parents=True)
    server_files.write(tmp_path)
    config = text_format.Parse(
        (tmp_path / "models.config").read_text(),
        model_server_config_pb2.ModelServerConfig(),
    )
    models = config.model_config_list.config
    assert [(x.name, x.base_path, x.model_platform) for x in models] == [
        ("other", "/models/other", "tensorflow"),
        ("sbu", "/models/sbu", "tensorflow"),
    ]


def test_batches_are_padded_to_allowed_sizes():
    batching = parsed(server_files.BATCHING, "BatchingParameters")
    sizes = list(batching.allowed_batch_sizes)
    assert sizes == sorted(sizes)
    # The server refuses to start otherwise.
    assert sizes[-1] == batching.max_batch_size.value
    assert batching.pad_variable_length_inputs


def test_monitoring_is_on():
    monitoring = parsed(server_files.MONITORING, "MonitoringConfig")
    assert monitoring.prometheus_config.enable
    assert monitoring.prometheus_config.path.startswith("/")


@pytest.mark.parametrize("name", ["models", "batching", "monitoring"])
def test_compose_names_files_that_are_there(name, export_dir):
    compose = (export_dir / "compose.yaml").read_text()
    named = re.findall(r"=/models/(\S+)", compose)
    assert f"{name}.config" in named
    assert all(pathlib.Path(export_dir, x).exists() for x in named)


def test_ports_are_open_to_this_machine_alone(tmp_path):
    server_files.write(tmp_path)
    text = (tmp_path / "compose.yaml").read_text()
    published = re.findall(r'^ *- "(.*:\d+)"$', text, re.MULTILINE)
    assert published == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]
