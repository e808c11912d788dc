import contextlib
import http.server
import sys
import threading

import grpc
import numpy as np
import pytest
import requests
from tensorflow_serving.apis import (
    classification_pb2,
    prediction_service_pb2_grpc,
)

from stalstm.runtime import messages
from stalstm.runtime.client import ServedModel, connect
from stalstm.runtime.errors import ServingError
from stalstm.runtime.litert import InputError
from tests.export import fake_server
from tests.export.exported import LABELS, expected
from tests.runtime import hostile


@pytest.fixture(params=["grpc", "rest"])
def server(request, servable):
    """A server and its address."""
    serve = getattr(fake_server, f"{request.param}_server")
    with serve(servable) as (running, address):
        yield running, address


@pytest.fixture
def model(server):
    return connect(server[1], "small", batch_size=4)


def assert_answers(answer, small, clip):
    whole = expected(small, clip)
    assert answer.keys() == whole.keys() | {"label", "class_index"}
    best = whole["probabilities"].argmax()
    assert answer["class_index"] == best
    assert answer["label"] == LABELS[best]
    for name, value in whole.items():
        np.testing.assert_allclose(answer[name], value, atol=1e-5)


def test_predicts_clips_in_batches(model, servable, small, clips):
    servable.calls.clear()
    answers = model.predict(clips)
    asked = [x["skeleton"] for _, x in servable.calls]
    assert asked == [(4, 5, 2, 15, 3), (2, 20, 2, 15, 3)]
    for clip, answer in zip(clips, answers, strict=True):
        assert_answers(answer, small, clip)


def test_predicts_one_clip(model, small, clips):
    assert_answers(model.predict(clips[3]), small, clips[3])
    assert_answers(model.predict(clips[3].tolist()), small, clips[3])


def test_a_stream_ends_as_the_clip(model, small, clips):
    stream = model.stream()
    # The same stream again: `finish` begins a new one.
    for clip in clips:
        came = [stream.step(frame) for frame in clip]
        assert [x["frames"] for x in came] == [
            max(0, t - 1) for t in range(len(clip))
        ]
        answer = stream.finish()
        assert answer["frames"] == len(clip)
        whole = expected(small, clip)
        for name in ("probabilities", "logits"):
            np.testing.assert_allclose(answer[name], whole[name], atol=1e-4)
        for name in ("spatial_attention", "temporal_attention"):
            live = [x[name] for x in came if x["frames"]]
            live.extend(answer[name])
            np.testing.assert_allclose(live, whole[name], atol=1e-5)


def test_a_stream_refuses_a_bad_frame_and_continues(model, clips):
    stream = model.stream()
    with pytest.raises(InputError, match="expected a frame first"):
        stream.finish()
    stream.step(clips[0][0])
    with pytest.raises(InputError, match="nan"):
        stream.step(np.full((2, 15, 3), np.nan))
    assert stream.finish()["frames"] == 1


def test_a_bad_clip_is_named_and_nothing_is_sent(model, servable, clips):
    model.predict(clips[:1])
    servable.calls.clear()
    with pytest.raises(InputError, match=r"clip 1: .*\(frames, 2, 15, 3\)"):
        model.predict([clips[0], clips[1][:, :, :14]])
    assert servable.calls == []


def test_no_clips_are_no_answers(model):
    assert model.predict([]) == []


def test_what_the_server_refuses_is_an_error(model, clips):
    alone = clips[3].copy()
    alone[:, 1] = 0
    with pytest.raises(ServingError, match="at least 2 bodies"):
        model.predict([alone])


def test_an_unknown_model_is_an_error(server, clips):
    with pytest.raises(ServingError, match="other"):
        connect(server[1], "other").predict(clips)


def test_an_unknown_signature_is_an_error(model):
    model.stream()
    with pytest.raises(ServingError, match="dance"):
        model._transport.predict("dance", {"x": np.zeros(1, np.float32)})
    del model._shapes["frame"]
    with pytest.raises(ServingError, match="only a model that streams"):
        model.stream()
    del model._shapes["attend"]
    with pytest.raises(ServingError, match=r"exported by export\.py"):
        model.predict([])


@pytest.mark.parametrize("times", [1, 3])
def test_a_busy_server_is_asked_again(times, server, clips, monkeypatch):
    running, address = server
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    model = connect(address, "small", retries=2)
    model.stream()  # has asked for the shapes
    busy = 503 if address.startswith("http") else grpc.StatusCode.UNAVAILABLE
    running.failures.extend([busy] * times)
    if times == 1:
        assert len(model.predict(clips)) == len(clips)
        assert len(waits) == 1
        return
    with pytest.raises(ServingError, match=r"tried 3 times.*busy"):
        model.predict(clips)
    assert waits == pytest.approx([0.125, 0.25], rel=0.25)


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_server_that_is_down_is_an_error(scheme):
    model = connect(f"{scheme}127.0.0.1:1", "small", retries=1)
    with pytest.raises(ServingError, match=r"127\.0\.0\.1:1.*tried 2 times"):
        model.stream()


class _Silent(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, ended):
        self.ended = ended

    def GetModelMetadata(self, request, context):
        self.ended.wait()


@contextlib.contextmanager
def silent_server(scheme):
    """Takes requests and never answers."""
    ended = threading.Event()
    if not scheme:
        server = grpc.server(fake_server.futures.ThreadPoolExecutor(2))
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            _Silent(ended), server
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        ended.set()
        server.stop(None).wait()
        return

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            ended.wait()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_server_that_is_silent_is_an_error(scheme):
    with silent_server(scheme) as address:
        model = connect(address, "small", timeout=0.1, retries=1)
        with pytest.raises(ServingError, match=r"no answer within 0\.1 s"):
            model.stream()


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        (b"", 2),
        (b"HTTP/1.1 200 OK\r\nContent-Le", 1),
        (b"SMTP ready\r\n", 2),
        (hostile.HEAD + b"Content-Length: 100\r\n\r\n{", 2),
        (hostile.HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}", 2),
        (
            hostile.HEAD
            + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            2,
        ),
        (hostile.whole(b"{"), 1),
        (hostile.whole(b"[]"), 1),
        (hostile.whole(b'"text"'), 1),
        (hostile.whole(b"\xff\xfe"), 1),
        (hostile.whole(b'{"outputs": [1]}'), 1),
        (hostile.whole(b'{"metadata": {"signature_def": []}}'), 1),
        (hostile.whole(b'{"outputs": {"label": [[1], [2, 3]]}}'), 1),
        (hostile.whole(b"[" * 100_000), 1),
        (hostile.whole(b'{"outputs": {"label": ["a", "b"]}}'), 1),
    ],
)
def test_a_hostile_answer_is_an_error(answer, tries, clips):
    with hostile.server(answer) as address:
        model = connect(f"http://{address}", "small", retries=1)
        tried = "tried 2 times" if tries == 2 else ""
        with pytest.raises(ServingError, match=rf"{address}.*{tried}"):
            model.stream()
        model._shapes = {"attend": {"skeleton": (None, None, 2, 15, 3)}}
        with pytest.raises(ServingError, match=rf"expected|{address}.*{tried}"):
            model.predict(clips)


class Told:
    """A transport that says what it is told."""

    def __init__(self, shape=(None, None, 2, 3, 3), **changed):
        self._shape = shape
        self._changed = changed

    def shapes(self):
        return {"attend": {"skeleton": self._shape}}

    def predict(self, signature, inputs):
        frames = inputs["skeleton"].shape[1]
        outputs = {
            "label": np.array([b"kick"], object),
            "class_index": np.array([0]),
            "probabilities": np.array([[0.6, 0.4]]),
            "logits": np.array([[1, 0]]),
            "spatial_attention": np.ones((1, frames, 6)),
            "temporal_attention": np.ones((1, frames)),
            "something_else": np.array(["x"]),
            **self._changed,
        }
        return {x: y for x, y in outputs.items() if y is not None}


def test_answers_of_the_right_form_are_taken():
    clip = np.ones((4, 2, 3, 3))
    answer = ServedModel(Told()).predict(clip)
    assert answer["label"] == "kick"
    without = ServedModel(Told(temporal_attention=None)).predict(clip)
    assert "temporal_attention" not in without


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("logits", None),
        ("logits", np.array([1.0])),
        ("logits", np.array([["a", "b"]])),
        ("class_index", np.array([np.nan])),
        ("class_index", np.array(["0"])),
        ("label", np.array([1])),
        ("probabilities", np.ones((2, 2))),
        ("temporal_attention", np.array([1.0])),
        ("something_else", np.array("x")),
    ],
)
def test_an_output_of_another_form_is_an_error(name, value):
    model = ServedModel(Told(**{name: value}))
    with pytest.raises(ServingError, match="expected label, class_index, prob"):
        model.predict(np.ones((4, 2, 3, 3)))


@pytest.mark.parametrize("shape", [(), (3,), (None, None, None, 3, 3)])
def test_a_model_of_unknown_sizes_is_an_error(shape):
    with pytest.raises(ServingError, match="sizes of skeleton are known"):
        ServedModel(Told(shape=shape)).predict(np.ones((4, 2, 3, 3)))


@pytest.mark.parametrize("begun", [b"", hostile.HEAD])
def test_an_answer_that_drips_is_not_waited_for(begun):
    answer = begun + b"x" * 200
    with hostile.server(answer, pause=0.1) as address:
        model = connect(f"http://{address}", "small", timeout=0.5)
        with pytest.raises(ServingError, match=r"no answer within 0\.5 s"):
            model.stream()


@pytest.mark.parametrize("address", ["http://", "http://[", "http://a b:1"])
def test_what_is_no_address_is_an_error(address):
    with pytest.raises(ServingError):
        connect(address, "small", retries=0).stream()


@pytest.mark.parametrize(
    "wrong", [{"retries": -1}, {"batch_size": 0}, {"timeout": 0}]
)
def test_arguments_are_checked(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        connect("localhost:8500", "small", **wrong)


def test_a_state_that_is_not_finite_is_refused(model, clips):
    stream = model.stream()
    stream.step(clips[-1][0])
    stream._state = stream._state.copy()
    stream._state[0, 3] = np.nan
    # JSON does not even have the number.
    refused = "`state`: expected finite|not JSON compliant"
    with pytest.raises(ServingError, match=refused):
        stream.step(clips[-1][1])


def test_the_classify_api_answers(servable, small, clips):
    with (
        fake_server.grpc_server(servable) as (_, address),
        grpc.insecure_channel(address) as channel,
    ):
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        request = messages.classification_request("small", clips[3])
        response = stub.Classify(
            classification_pb2.ClassificationRequest.FromString(
                request.SerializeToString()
            )
        )
    (answer,) = response.result.classifications
    whole = expected(small, clips[3])["probabilities"]
    assert [x.label for x in answer.classes] == list(LABELS)
    scores = [x.score for x in answer.classes]
    np.testing.assert_allclose(scores, whole, atol=1e-5)


def test_documented_rest_forms_answer(servable, small, clips):
    """Rows, a single output without its name, Classify, an error."""
    whole = expected(small, clips[3])["probabilities"]
    row: dict = {"skeleton": clips[3].tolist(), "length": len(clips[3])}
    with fake_server.rest_server(servable) as (_, url):
        url = f"{url}/v1/models/small"
        # Without a name it is serving_default.
        answer = requests.post(
            f"{url}:predict", json={"instances": [row, row]}, timeout=10
        ).json()
        for prediction in answer["predictions"]:
            np.testing.assert_allclose(
                prediction["probabilities"], whole, atol=1e-5
            )
            assert prediction["label"] == LABELS[whole.argmax()]
        body: dict = {
            "signature_name": "initial_state",
            "inputs": {"streams": [7]},
        }
        answer = requests.post(f"{url}:predict", json=body, timeout=10).json()
        assert np.shape(answer["outputs"])[0] == 1
        numbers = clips[3].ravel().tolist()
        body = {
            "signature_name": "classify",
            "examples": [{"skeleton": numbers}],
        }
        answer = requests.post(f"{url}:classify", json=body, timeout=10).json()
        ((*pairs,),) = answer["result"]
        assert [x for x, _ in pairs] == list(LABELS)
        np.testing.assert_allclose([x for _, x in pairs], whole, atol=1e-5)
        row["length"] = 0
        answer = requests.post(
            f"{url}:predict", json={"instances": [row]}, timeout=10
        )
        assert answer.status_code == 400
        assert "`length`: expected 1" in answer.json()["error"]


@pytest.mark.parametrize(
    ("server", "package"),
    [("localhost:8500", "grpc"), ("http://localhost:8501", "requests")],
)
def test_a_missing_package_is_named(server, package, monkeypatch):
    for module in ("stalstm.runtime.grpc", "stalstm.runtime.rest"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ServingError, match="pip install grpcio"):
        connect(server, "small")
