"""TensorFlow Serving's gRPC interface."""

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    prediction_service_pb2_grpc,
)

from stalstm.serving import messages
from stalstm.serving.errors import ServingError, Unavailable, with_retries

_MAY_PASS = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)


class Grpc:
    """One model of a server, see `client.Transport` and `client.Client`."""

    def __init__(self, address: str, model: str, timeout: float, retries: int):
        self._address = address
        self._model = model
        self._timeout = timeout
        self._retries = retries
        # A batch with its attention may be more than gRPC's 4 MB.
        unlimited = [
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
        ]
        channel = grpc.insecure_channel(address, options=unlimited)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

    def shapes(self):
        """The shapes of all inputs, by signature and name."""
        request = get_model_metadata_pb2.GetModelMetadataRequest()
        request.model_spec.name = self._model
        request.metadata_field.append("signature_def")
        response = self._call(self._stub.GetModelMetadata, request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        return {
            name: {
                key: tuple(tf.TensorShape(x.tensor_shape))
                for key, x in signature.inputs.items()
            }
            for name, signature in signatures.signature_def.items()
        }

    def predict(
        self, signature: str, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Calls a signature; inputs and outputs by name."""
        request = messages.predict_request(self._model, signature, inputs)
        response = self._call(self._stub.Predict, request)
        return {
            name: tf.make_ndarray(x) for name, x in response.outputs.items()
        }

    def _call(self, method, request):
        def call():
            try:
                return method(request, timeout=self._timeout)
            except grpc.RpcError as error:
                received = f"{error.code().name}: {error.details()}"
                if error.code() in _MAY_PASS:
                    raise Unavailable(received) from None
                raise ServingError(
                    f"{self._address}, model {self._model}: {received}"
                ) from None

        return with_retries(call, self._retries, self._address)
