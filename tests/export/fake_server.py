"""The least of a TensorFlow Serving, around an exported SavedModel.

It runs the model as the real one does: a session that is fed by the names of
the signature's tensors, which checks no shape. gRPC's PredictionService and the
documented REST forms, on loopback. No batching, one version.
"""

import contextlib
import http.server
import json
import threading
from concurrent import futures

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import config_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)

METHODS = {
    "predict": "tensorflow/serving/predict",
    "classify": "tensorflow/serving/classify",
}


class Servable:
    """One version of one model."""

    def __init__(self, name, folder):
        self.name = name
        graph = tf.Graph()
        self.session = tf.compat.v1.Session(graph=graph)
        with graph.as_default():
            meta_graph = tf.compat.v1.saved_model.load(
                self.session, ["serve"], str(folder)
            )
        self.signatures = dict(meta_graph.signature_def)
        self.callables = {}
        self.calls = []

    def run(self, model, signature, inputs, method="predict"):
        """Raises `LookupError` for the caller's mistakes, else TensorFlow's."""
        self.calls.append((signature, {x: y.shape for x, y in inputs.items()}))
        if model != self.name:
            raise LookupError(f"Servable not found for request: {model}")
        if signature not in self.signatures:
            raise LookupError(f'Serving signature key "{signature}" not found.')
        definition = self.signatures[signature]
        if definition.method_name != METHODS[method]:
            raise LookupError(f"Expected {method} signature method_name")
        if set(inputs) != set(definition.inputs):
            raise LookupError(
                f"input size does not match signature: {sorted(inputs)}"
            )
        if signature not in self.callables:
            # `Session.run` would check the shapes before the model does.
            self.callables[signature] = (
                self.session._make_callable_from_options(
                    config_pb2.CallableOptions(
                        feed=[
                            x.name for _, x in sorted(definition.inputs.items())
                        ],
                        fetch=[
                            y.name
                            for _, y in sorted(definition.outputs.items())
                        ],
                    )
                )
            )
        values = [inputs[x] for x in sorted(inputs)]
        outputs = self.callables[signature](*values)
        return dict(zip(sorted(definition.outputs), outputs, strict=True))

    def metadata(self, request):
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = self.name
        definitions = get_model_metadata_pb2.SignatureDefMap()
        for name, definition in self.signatures.items():
            definitions.signature_def[name].CopyFrom(definition)
        response.metadata["signature_def"].Pack(definitions)
        return response


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """What `Client` calls, and Classify."""

    def __init__(self, servable):
        self.servable = servable
        self.failures: list = []  # status codes of the next answers

    def _run(self, context, *args):
        if self.failures:
            context.abort(self.failures.pop(0), "busy")
        try:
            return self.servable.run(*args)
        except LookupError as error:
            context.abort(grpc.StatusCode.NOT_FOUND, str(error))
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)

    def Predict(self, request, context):
        spec = request.model_spec
        inputs = {x: tf.make_ndarray(y) for x, y in request.inputs.items()}
        outputs = self._run(context, spec.name, spec.signature_name, inputs)
        response = predict_pb2.PredictResponse()
        for name, value in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return response

    def Classify(self, request, context):
        spec = request.model_spec
        examples = request.input.example_list.examples
        inputs = {
            "inputs": np.array([x.SerializeToString() for x in examples], "O")
        }
        outputs = self._run(
            context, spec.name, spec.signature_name, inputs, "classify"
        )
        response = classification_pb2.ClassificationResponse()
        for row in zip(outputs["classes"], outputs["scores"], strict=True):
            classes = response.result.classifications.add().classes
            for label, score in zip(*row, strict=True):
                classes.add(label=label, score=score)
        return response

    def GetModelMetadata(self, request, context):
        if request.model_spec.name != self.servable.name:
            context.abort(grpc.StatusCode.NOT_FOUND, "Servable not found")
        return self.servable.metadata(request)


@contextlib.contextmanager
def grpc_server(servable):
    """Yields the service and its address."""
    server = grpc.server(
        futures.ThreadPoolExecutor(2),
        options=[("grpc.max_receive_message_length", -1)],
    )
    service = PredictionService(servable)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        service, server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield service, f"127.0.0.1:{port}"
    server.stop(None).wait()


class _RestServer(http.server.ThreadingHTTPServer):
    def __init__(self, servable):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.servable = servable
        self.failures: list = []  # statuses of the next answers


class _Handler(http.server.BaseHTTPRequestHandler):
    """The forms of tensorflow.org/tfx/serving/api_rest."""

    server: _RestServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # An answer is two packets.

    def log_message(self, *_):
        pass

    def do_GET(self):
        servable = self.server.servable
        if self.path != f"/v1/models/{servable.name}/metadata":
            return self._answer(
                404, {"error": f"Malformed request: {self.path}"}
            )
        message = json_format.MessageToDict(
            servable.metadata(None),
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
        )
        return self._answer(200, message)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.failures:
            return self._answer(self.server.failures.pop(0), {"error": "busy"})
        path, _, verb = self.path.rpartition(":")
        model = path.removeprefix("/v1/models/")
        try:
            answer = getattr(self, f"_{verb}")(model, json.loads(body))
        except LookupError as error:
            return self._answer(404, {"error": str(error)})
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            return self._answer(400, {"error": str(error)})
        return self._answer(200, answer)

    def _predict(self, model, body):
        servable = self.server.servable
        signature = body.get("signature_name", "serving_default")
        columns = "inputs" in body
        if columns:
            values = body["inputs"]
        else:
            rows = body["instances"]
            values = {x: [row[x] for row in rows] for x in rows[0]}
        types = servable.signatures[signature].inputs
        inputs = {
            name: np.array(value, tf.as_dtype(types[name].dtype).as_numpy_dtype)
            for name, value in values.items()
        }
        outputs = servable.run(model, signature, inputs)
        outputs = {name: _plain(x) for name, x in outputs.items()}
        if columns:
            # A single output stands without its name.
            (*_, last) = outputs.values()
            return {"outputs": outputs if len(outputs) > 1 else last}
        number = len(next(iter(outputs.values())))
        return {
            "predictions": [
                {name: x[n] for name, x in outputs.items()}
                for n in range(number)
            ]
        }

    def _classify(self, model, body):
        examples = []
        for features in body["examples"]:
            example = tf.train.Example()
            for name, value in features.items():
                feature = example.features.feature[name]
                feature.float_list.value.extend(value)
            examples.append(example.SerializeToString())
        outputs = self.server.servable.run(
            model,
            body["signature_name"],
            {"inputs": np.array(examples, "O")},
            "classify",
        )
        return {
            "result": [
                [
                    [label.decode(), float(score)]
                    for label, score in zip(*row, strict=True)
                ]
                for row in zip(
                    outputs["classes"], outputs["scores"], strict=True
                )
            ]
        }

    def _answer(self, status, message):
        content = json.dumps(message).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _plain(array):
    """Numbers as they are, bytes as text."""
    if array.dtype == object:
        return [x.decode() for x in array]
    return array.tolist()


@contextlib.contextmanager
def rest_server(servable):
    """Yields the server and its URL."""
    server = _RestServer(servable)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
