"""The messages of TensorFlow Serving that its clients need.

They are declared here, with their official names and numbers, so that a client
needs neither TensorFlow nor tensorflow-serving-api. A descriptor pool of their
own keeps them apart from the official ones in programs that load both.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# tensorflow/core/{framework,example,protobuf}/*.proto and
# tensorflow_serving/apis/*.proto. An enum travels as an int32, and a `oneof` as
# fields of which one is set.
_DECLARED = {
    "Any": "string type_url = 1; bytes value = 2",
    "Dim": "int64 size = 1; string name = 2",
    "TensorShapeProto": "repeated Dim dim = 2",
    "TensorProto": "int32 dtype = 1; TensorShapeProto tensor_shape = 2; "
    "bytes tensor_content = 4; repeated float float_val = 5; "
    "repeated int32 int_val = 7; repeated bytes string_val = 8",
    "TensorInfo": "int32 dtype = 2; TensorShapeProto tensor_shape = 3",
    "SignatureDef": "map TensorInfo inputs = 1; map TensorInfo outputs = 2; "
    "string method_name = 3",
    "SignatureDefMap": "map SignatureDef signature_def = 1",
    "ModelSpec": "string name = 1; string signature_name = 3",
    "GetModelMetadataRequest": "ModelSpec model_spec = 1; "
    "repeated string metadata_field = 2",
    "GetModelMetadataResponse": "ModelSpec model_spec = 1; "
    "map Any metadata = 2",
    "PredictRequest": "ModelSpec model_spec = 1; map TensorProto inputs = 2",
    "PredictResponse": "map TensorProto outputs = 1; ModelSpec model_spec = 2",
    "FloatList": "repeated float value = 1",
    "Feature": "FloatList float_list = 2",
    "Features": "map Feature feature = 1",
    "Example": "Features features = 1",
    "ExampleList": "repeated Example examples = 1",
    "Input": "ExampleList example_list = 1",
    "ClassificationRequest": "ModelSpec model_spec = 1; Input input = 2",
    "ClassifyLog": "ClassificationRequest request = 1",
    "PredictLog": "PredictRequest request = 1",
    "PredictionLog": "ClassifyLog classify_log = 2; PredictLog predict_log = 6",
}

# NumPy type and field of the values, by TensorFlow's number of a type.
_TYPES: dict[int, tuple[type, str]] = {
    1: (np.float32, "float_val"),
    3: (np.int32, "int_val"),
    7: (np.object_, "string_val"),
}
_NUMBERS = {np.dtype(kind): number for number, (kind, _) in _TYPES.items()}


def _message_classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="messages.proto", package="stalstm", syntax="proto3"
    )
    for name, fields in _DECLARED.items():
        message = file.message_type.add(name=name)
        for field in fields.split("; "):
            *repeated, kind, field_name, _, number = field.split()
            if repeated == ["map"]:
                entry = f"{field_name.title().replace('_', '')}Entry"
                nested = message.nested_type.add(name=entry)
                nested.options.map_entry = True
                _add_field(nested, "string", "key", 1)
                _add_field(nested, kind, "value", 2)
                kind = f"{name}.{entry}"
            _add_field(message, kind, field_name, int(number), bool(repeated))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"stalstm.{name}")
        )
        for name in _DECLARED
    }


def _add_field(message, kind, name, number, repeated=False):
    field = message.field.add(name=name, number=number)
    field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
    scalar = getattr(field, f"TYPE_{kind.upper()}", None)
    if scalar is not None:
        field.type = scalar
    else:
        field.type = field.TYPE_MESSAGE
        field.type_name = f".stalstm.{kind}"


_CLASSES = _message_classes()

SignatureDefMap = _CLASSES["SignatureDefMap"]
GetModelMetadataRequest = _CLASSES["GetModelMetadataRequest"]
GetModelMetadataResponse = _CLASSES["GetModelMetadataResponse"]
PredictRequest = _CLASSES["PredictRequest"]
PredictResponse = _CLASSES["PredictResponse"]
Example = _CLASSES["Example"]
ClassificationRequest = _CLASSES["ClassificationRequest"]
PredictionLog = _CLASSES["PredictionLog"]


def fill_tensor(tensor, array: np.ndarray) -> None:
    """Writes a float32 or int32 array into an empty `TensorProto`."""
    tensor.dtype = _NUMBERS[array.dtype]
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    little_endian = array.dtype.newbyteorder("<")
    tensor.tensor_content = array.astype(little_endian).tobytes()


def to_array(tensor) -> np.ndarray:
    """The array of a `TensorProto`; strings are an object array of bytes.

    Raises:
        ValueError: Its type is none of float32, int32 and string.
    """
    if tensor.dtype not in _TYPES:
        raise ValueError(
            "expected a tensor of the type float32 (1), int32 (3) or string "
            f"(7). Received: {tensor.dtype}"
        )
    kind, field = _TYPES[tensor.dtype]
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.tensor_content:
        little_endian = np.dtype(kind).newbyteorder("<")
        array = np.frombuffer(tensor.tensor_content, little_endian)
        return array.astype(kind).reshape(shape)
    values: np.ndarray = np.array(getattr(tensor, field), kind)
    missing = int(np.prod(shape)) - len(values)
    if not len(values):
        values = np.zeros(missing, kind)
    elif missing:
        # The last value is that of all further elements.
        values = np.pad(values, (0, missing), "edge")
    return values.reshape(shape)


def predict_request(
    model: str, signature: str, inputs: Mapping[str, np.ndarray]
):
    """A `PredictRequest`: a call of a signature, with inputs by name."""
    request = PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        fill_tensor(request.inputs[name], value)
    return request


def to_example(skeleton: np.ndarray):
    """An `Example` of a clip `(frames, bodies, joints, 3)`, to classify."""
    example = Example()
    feature = example.features.feature["skeleton"]
    feature.float_list.value.extend(np.ravel(skeleton).tolist())
    return example


def classification_request(model: str, skeleton: np.ndarray):
    """A `ClassificationRequest` of a clip, for the signature `classify`."""
    request = ClassificationRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = "classify"
    request.input.example_list.examples.append(to_example(skeleton))
    return request
