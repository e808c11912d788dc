"""TensorFlow Serving's REST interface."""

import http.client

import numpy as np
import requests

from stalstm.runtime.errors import (
    ServingError,
    Unavailable,
    another_form,
    with_retries,
    within,
)

# Of a connection that breaks, wherever in an answer; another one may do.
_PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    http.client.HTTPException,
)
# Too many requests; bad gateway; service unavailable; gateway timeout.
_TRANSIENT = (429, 502, 503, 504)


class Rest:
    """One model of a server, see `client.Transport` and `client.connect`."""

    def __init__(self, server: str, model: str, timeout: float, retries: int):
        self._url = f"{server.rstrip('/')}/v1/models/{model}"
        self._timeout = timeout
        self._retries = retries
        self._session = requests.Session()

    def shapes(self):
        """The shapes of all inputs, by signature and name."""
        answer = self._call("GET", f"{self._url}/metadata")
        with another_form(self._url):
            signatures = answer["metadata"]["signature_def"]["signature_def"]
            return {
                name: {
                    key: _shape(x["tensor_shape"])
                    for key, x in signature["inputs"].items()
                }
                for name, signature in signatures.items()
            }

    def predict(
        self, signature: str, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Calls a signature; inputs and outputs by name."""
        answer = self._call(
            "POST",
            f"{self._url}:predict",
            {
                "signature_name": signature,
                "inputs": {name: x.tolist() for name, x in inputs.items()},
            },
        )
        with another_form(self._url):
            outputs = answer["outputs"].items()
            return {name: _array(value) for name, value in outputs}

    def _call(self, method, url, body=None):
        def call(seconds):
            try:
                response = within(
                    seconds,
                    lambda: self._session.request(
                        method, url, json=body, timeout=max(seconds, 0.001)
                    ),
                )
            except _PASSING as error:
                raise Unavailable(error) from None
            except (OSError, ValueError) as error:  # such as InvalidURL
                raise ServingError(f"{url}: {error}") from None
            try:
                answer = response.json()
            # Also of a number with 5,000 digits, and of 5,000 brackets.
            except (ValueError, RecursionError):
                answer = {"error": response.text[:200]}
            if not isinstance(answer, dict):
                answer = {"error": f"another form, {response.text[:200]}"}
            if response.ok and "error" not in answer:
                return answer
            received = f"{response.status_code}: {answer.get('error', answer)}"
            if response.status_code in _TRANSIENT:
                raise Unavailable(received)
            raise ServingError(f"{url}: {received}")

        return with_retries(call, self._retries, self._timeout, url)


def _shape(tensor_shape):
    sizes = (int(x["size"]) for x in tensor_shape.get("dim", []))
    return tuple(None if size < 0 else size for size in sizes)


def _array(value):
    array = np.array(value)
    if array.dtype != np.float64:
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.float32)
