"""TensorFlow Serving's gRPC interface."""

import grpc
import numpy as np
from google.protobuf.message import DecodeError

from stalstm.runtime import messages
from stalstm.runtime.errors import (
    ServingError,
    Unavailable,
    another_form,
    with_retries,
)

_TRANSIENT = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)


class Grpc:
    """One model of a server, see `client.Transport` and `client.connect`."""

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
        service = "/tensorflow.serving.PredictionService"
        self._predict = channel.unary_unary(
            f"{service}/Predict",
            messages.PredictRequest.SerializeToString,
            messages.PredictResponse.FromString,
        )
        self._get_model_metadata = channel.unary_unary(
            f"{service}/GetModelMetadata",
            messages.GetModelMetadataRequest.SerializeToString,
            messages.GetModelMetadataResponse.FromString,
        )

    def shapes(self):
        """The shapes of all inputs, by signature and name."""
        request = messages.GetModelMetadataRequest()
        request.model_spec.name = self._model
        request.metadata_field.append("signature_def")
        response = self._call(self._get_model_metadata, request)
        with another_form(self._address):
            try:
                signatures = messages.SignatureDefMap.FromString(
                    response.metadata["signature_def"].value
                )
            except DecodeError as error:
                raise ValueError(str(error)) from None
        return {
            name: {
                key: _shape(x.tensor_shape)
                for key, x in signature.inputs.items()
            }
            for name, signature in signatures.signature_def.items()
        }

    def predict(
        self, signature: str, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Calls a signature; inputs and outputs by name."""
        request = messages.predict_request(self._model, signature, inputs)
        response = self._call(self._predict, request)
        with another_form(self._address):
            return {
                name: messages.to_array(x)
                for name, x in response.outputs.items()
            }

    def _call(self, method, request):
        def call(seconds):
            try:
                return method(request, timeout=seconds)
            except grpc.RpcError as error:
                received = f"{error.code().name}: {error.details()}"
                if error.code() in _TRANSIENT:
                    raise Unavailable(received) from None
                raise ServingError(
                    f"{self._address}, model {self._model}: {received}"
                ) from None

        return with_retries(call, self._retries, self._timeout, self._address)


def _shape(tensor_shape):
    return tuple(None if x.size < 0 else x.size for x in tensor_shape.dim)
