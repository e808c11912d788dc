"""Every form of one model gives the same answers."""

from typing import Any

import numpy as np
import pytest

import stalstm
from stalstm import predictors
from stalstm.loading import LoadError
from stalstm.runtime.litert import InputError, ModelError
from tests.export.exported import LABELS, expected, whole_clips, write_workdir

FORMS = (
    "workdir",
    "workdir/checkpoints/step_9.keras",
    "exported/small/1",
    "exported/small",
    "exported/litert/small",
    "exported/litert/small/1",
    "exported/litert/small/1/frame_float32.tflite",
    "exported/litert/small/1/clip_float32.tflite",
)


@pytest.fixture(scope="module")
def folder(small, export_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    write_workdir(folder / "workdir", small, folder / "data")
    (folder / "exported").symlink_to(export_dir)
    return folder


def assert_answer(answer, small, clip):
    whole = expected(small, clip)
    assert answer.keys() == whole.keys() | {"label", "class_index"}
    best = int(whole["probabilities"].argmax())
    assert answer["class_index"] == best
    assert answer["label"] == LABELS[best]
    for name, value in whole.items():
        np.testing.assert_allclose(answer[name], value, atol=1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_predicts_one_clip_or_many(form, folder, small, clips):
    model = stalstm.load(folder / form)
    assert model.metadata["labels"] == list(LABELS)
    assert_answer(model.predict(clips[3]), small, clips[3])
    answers = model.predict(clips)
    assert len(answers) == len(clips)
    for answer, clip in zip(answers, clips, strict=True):
        assert_answer(answer, small, clip)
    assert model.predict([]) == []
    with pytest.raises(InputError, match=r"clip 1: .*\(frames, 2, 15, 3\)"):
        model.predict([clips[0], clips[1][:, :, :14]])


@pytest.mark.parametrize("form", [x for x in FORMS if "clip_" not in x])
def test_streams(form, folder, small, clips):
    stream = stalstm.load(folder / form).stream()
    for clip in clips[2:4]:
        came = [stream.step(frame) for frame in clip]
        assert [x["frames"] for x in came] == [
            max(0, t - 1) for t in range(len(clip))
        ]
        answer = stream.finish()
        whole = expected(small, clip)
        assert answer["label"] == LABELS[whole["probabilities"].argmax()]
        np.testing.assert_allclose(answer["logits"], whole["logits"], atol=1e-4)
        for name in ("spatial_attention", "temporal_attention"):
            live = [x[name] for x in came if x["frames"]] + [*answer[name]]
            np.testing.assert_allclose(live, whole[name], atol=1e-4)


def test_a_workdir_says_what_it_was_trained_on(folder):
    training = stalstm.load(folder / "workdir").metadata["training"]
    assert training["dataset"] == "sbu/2.0.0"
    assert training["data_dir"] == str(folder / "data")


def test_compiled_predictions_are_the_same(folder, small, clips):
    model = stalstm.load(folder / "workdir", compiled=True, batch_size=16)
    many = [clips[3], clips[4]] * 8
    for some in (many, many[:1]):  # in parts, and whole
        for answer, clip in zip(model.predict(some), some, strict=True):
            assert_answer(answer, small, clip)
    recurrences = {x.recurrence for x in model.model.main_lstm.layers}
    assert recurrences == {"xla_prediction"}


def test_a_model_that_cannot_stream_says_why(clips):
    model = predictors.KerasModel(whole_clips().model)
    answer: Any = model.predict(clips[0])
    assert answer["label"] in LABELS
    with pytest.raises(ModelError, match="looks at the last frame first"):
        model.stream()


def test_the_last_version_is_taken(folder, tmp_path):
    for version in ("2", "10", "9"):
        (tmp_path / version).mkdir()
    (tmp_path / "10/config.json").write_text('{"format": 1}')
    with pytest.raises(Exception, match="10: expected the workdir of a fin"):
        stalstm.load(tmp_path)


def test_a_shipped_model_is_loaded_by_its_name(
    folder,
    small,
    clips,
    monkeypatch,
    request,
):
    shipped = folder / "exported/litert"
    monkeypatch.setattr("stalstm.loading.SHIPPED", shipped)
    with pytest.raises(LoadError, match="there is none yet"):
        stalstm.load("small")  # not the repository's models
    train = shipped.with_name("train.py")
    train.touch()
    request.addfinalizer(train.unlink)
    assert_answer(stalstm.load("small").predict(clips[3]), small, clips[3])
    with pytest.raises(LoadError, match=r"with the repository \(small\)"):
        stalstm.load("large")


def test_what_is_no_model_is_named(tmp_path, folder):
    message = "of several models, litert/small, small"
    with pytest.raises(LoadError, match=message):
        stalstm.load(folder / "exported")
    with pytest.raises(
        LoadError, match=r"nowhere: expected a workdir.*no file or folder"
    ):
        stalstm.load(tmp_path / "nowhere")
    with pytest.raises(LoadError, match="Received: a folder of another kind"):
        stalstm.load(tmp_path)
