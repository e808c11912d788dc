"""Requests in the words of TensorFlow Serving's protocol."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import classification_pb2, predict_pb2


def predict_request(
    model: str, signature: str, inputs: Mapping[str, np.ndarray]
) -> predict_pb2.PredictRequest:
    """A call of a signature; inputs by name."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def to_example(skeleton: np.ndarray) -> tf.train.Example:
    """A clip `(frames, bodies, joints, 3)` for the Classify API."""
    numbers = tf.train.FloatList(value=np.ravel(skeleton))
    feature = {"skeleton": tf.train.Feature(float_list=numbers)}
    return tf.train.Example(features=tf.train.Features(feature=feature))


def classification_request(
    model: str, skeleton: np.ndarray
) -> classification_pb2.ClassificationRequest:
    """A clip for the signature `classify`."""
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = "classify"
    request.input.example_list.examples.append(to_example(skeleton))
    return request
