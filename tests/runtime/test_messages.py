"""Our messages against the official ones."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    predict_pb2,
    prediction_log_pb2,
)

from stalstm.runtime import messages

SKELETON = np.arange(2 * 2 * 15 * 3, dtype=np.float32).reshape(2, 2, 15, 3)


def serialised(message):
    return message.SerializeToString(deterministic=True)


def official_request(inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "sbu"
    request.model_spec.signature_name = "attend"
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def test_a_request_has_the_official_bytes():
    inputs = {
        "skeleton": np.stack([SKELETON, -SKELETON]),
        "length": np.array([2, 1], np.int32),
    }
    request = messages.predict_request("sbu", "attend", inputs)
    assert serialised(request) == serialised(official_request(inputs))


def test_the_official_message_reads_a_request():
    inputs = {
        "frame": SKELETON[:1],
        "ended": np.array([1], np.int32),
        "nothing": np.zeros((0, 4), np.float32),
    }
    request = messages.predict_request("sbu", "frame", inputs)
    official = predict_pb2.PredictRequest.FromString(
        request.SerializeToString()
    )
    assert official.model_spec.signature_name == "frame"
    for name, value in inputs.items():
        array = tf.make_ndarray(official.inputs[name])
        assert array.dtype == value.dtype
        np.testing.assert_array_equal(array, value)


def as_content(array):
    """As a server may send it: the bytes of the array."""
    tensor = tf.make_tensor_proto(array)
    tensor.tensor_content = array.tobytes()
    return tensor


def as_values(array):
    """As a server usually sends it: a list of values."""
    tensor = tf.make_tensor_proto(array[:0])
    tensor.tensor_shape.CopyFrom(tf.TensorShape(array.shape).as_proto())
    field = {"float32": tensor.float_val, "int32": tensor.int_val}
    field[array.dtype.name].extend(array.ravel().tolist())
    return tensor


@pytest.mark.parametrize("form", [as_content, as_values, tf.make_tensor_proto])
@pytest.mark.parametrize(
    "array",
    [
        SKELETON,
        SKELETON[:0],
        np.array([0.5], np.float32),
        np.array([[1, -2]], np.int32),
    ],
    ids=str,
)
def test_reads_what_a_server_answers(form, array):
    response = predict_pb2.PredictResponse()
    response.outputs["x"].CopyFrom(form(array))
    ours = messages.PredictResponse.FromString(response.SerializeToString())
    got = messages.to_array(ours.outputs["x"])
    assert got.dtype == array.dtype
    np.testing.assert_array_equal(got, array)


def test_reads_labels():
    response = predict_pb2.PredictResponse()
    labels = np.array(
        [b"bow", "n\N{LATIN SMALL LETTER O WITH DIAERESIS}d".encode()]
    )
    response.outputs["label"].CopyFrom(tf.make_tensor_proto(labels))
    ours = messages.PredictResponse.FromString(response.SerializeToString())
    assert list(messages.to_array(ours.outputs["label"])) == list(labels)


@pytest.mark.parametrize("values", [[], [1.5], [1.5, 2.5]])
def test_the_last_value_stands_for_all_that_follow(values):
    tensor = tf.make_tensor_proto(np.zeros((0,), np.float32))
    tensor.tensor_shape.CopyFrom(tf.TensorShape((2, 2)).as_proto())
    tensor.float_val.extend(values)
    response = predict_pb2.PredictResponse(outputs={"x": tensor})
    ours = messages.PredictResponse.FromString(response.SerializeToString())
    np.testing.assert_array_equal(
        messages.to_array(ours.outputs["x"]), tf.make_ndarray(tensor)
    )


def test_another_type_is_refused():
    tensor = tf.make_tensor_proto(np.array([True, False]))
    response = predict_pb2.PredictResponse(outputs={"x": tensor})
    ours = messages.PredictResponse.FromString(response.SerializeToString())
    with pytest.raises(ValueError, match=r"float32.*Received: 10"):
        messages.to_array(ours.outputs["x"])


def test_asks_for_metadata_and_reads_them():
    request = messages.GetModelMetadataRequest()
    request.model_spec.name = "sbu"
    request.metadata_field.append("signature_def")
    official = get_model_metadata_pb2.GetModelMetadataRequest()
    official.model_spec.name = "sbu"
    official.metadata_field.append("signature_def")
    assert serialised(request) == serialised(official)

    signatures = get_model_metadata_pb2.SignatureDefMap()
    info = signatures.signature_def["frame"].inputs["state"]
    info.name = "frame_state:0"
    info.dtype = tf.float32.as_datatype_enum
    info.tensor_shape.CopyFrom(tf.TensorShape((None, 7)).as_proto())
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.metadata["signature_def"].Pack(signatures)
    ours = messages.GetModelMetadataResponse.FromString(
        response.SerializeToString()
    )
    read = messages.SignatureDefMap.FromString(
        ours.metadata["signature_def"].value
    )
    state = read.signature_def["frame"].inputs["state"]
    assert [x.size for x in state.tensor_shape.dim] == [-1, 7]


def test_a_classification_has_the_official_bytes():
    request = messages.classification_request("sbu", SKELETON)
    official = classification_pb2.ClassificationRequest()
    official.model_spec.name = "sbu"
    official.model_spec.signature_name = "classify"
    example = official.input.example_list.examples.add()
    feature = example.features.feature["skeleton"]
    feature.float_list.value.extend(SKELETON.ravel())
    assert serialised(request) == serialised(official)


def test_warm_up_records_have_the_official_bytes():
    inputs = {"skeleton": SKELETON}
    ours = messages.PredictionLog()
    ours.predict_log.request.CopyFrom(
        messages.predict_request("sbu", "attend", inputs)
    )
    official = prediction_log_pb2.PredictionLog()
    official.predict_log.request.CopyFrom(official_request(inputs))
    assert serialised(ours) == serialised(official)

    request = messages.classification_request("sbu", SKELETON)
    ours = messages.PredictionLog()
    ours.classify_log.request.CopyFrom(request)
    official = prediction_log_pb2.PredictionLog()
    official.classify_log.request.ParseFromString(request.SerializeToString())
    assert serialised(ours) == serialised(official)
