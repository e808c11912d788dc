import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from stalstm.description import Description
from stalstm.export import (
    litert,
    metadata,
    saved_model,
    version,
    web,
)
from stalstm.export.errors import ExportError
from stalstm.recipe import Recipe
from stalstm.runtime.litert import ClipModel, FrameModel
from stalstm.skeletons import NITE
from tests.export import exported

# Of a probability, with weights of standard deviation 0.4.
TOLERANCES = {"float32": 1e-4, "float16": 0.01, "int8": 0.2}


@pytest.mark.parametrize("precision", litert.PRECISIONS)
def test_clip_and_stream_agree_with_keras(
    precision, litert_folder, small, clips
):
    clip_model = ClipModel(litert_folder / f"clip_{precision}.tflite")
    frame_model = FrameModel(litert_folder / f"frame_{precision}.tflite")
    stream = frame_model.stream()
    atol = TOLERANCES[precision]
    for clip in clips:
        whole = exported.expected(small, clip)
        answer = clip_model.predict(clip)
        live = [stream.step(frame) for frame in clip]
        last = stream.finish()
        for name in ("spatial_attention", "temporal_attention"):
            came = [x[name] for x in live if x["frames"]] + list(last[name])
            np.testing.assert_allclose(came, answer[name], atol=10 * atol)
        for got in (answer, last):
            np.testing.assert_allclose(
                got["probabilities"], whole["probabilities"], atol=atol
            )
            best = got["probabilities"].argmax()
            assert got["label"] == exported.LABELS[best]
        if precision == "float32":
            for name, value in whole.items():
                np.testing.assert_allclose(answer[name], value, atol=1e-4)


def test_frames_equal_the_clip_for_every_clip_of_a_fold(
    litert_folder, small, fold
):
    model = FrameModel(litert_folder / "frame_float32.tflite")
    whole = small.model(exported.padded(fold))["probabilities"]
    for answer, probabilities in zip(model.predict(fold), whole, strict=True):
        np.testing.assert_allclose(
            answer["probabilities"], probabilities, atol=1e-4
        )


@pytest.mark.parametrize(
    "overrides",
    [
        ["origin=clip", "axes=frame", "scale=clip", "pooling=mean"],
        ["model=deep_lstm", "units=8", "velocity=1", "distances=1"],
    ],
)
def test_every_part_of_the_preprocessing_converts(overrides, clips):
    model = exported.trained(*overrides, "body_order=recorded")
    frame_model = converted(litert.frame_signature(model.model), model)
    clip_model = converted(litert.clip_signature(model.model, 24), model)
    alone = clips[4].copy()
    alone[2:5, 1] = 0
    for clip in [*clips, alone]:
        probabilities = exported.expected(model, clip)["probabilities"]
        size = frame_model.get_input_details()["state"]["shape"]
        outputs = {"state": np.zeros(size, np.float32)}
        look_ahead = model.model.look_ahead
        for t in range(len(clip) + look_ahead):
            outputs = frame_model(
                frame=clip[None, min(t, len(clip) - 1)],
                ended=np.array([t >= len(clip)], np.int32),
                state=outputs["state"],
            )
        skeleton = np.zeros((1, 24, 2, 15, 3), np.float32)
        skeleton[0, : len(clip)] = clip
        length = np.array([len(clip)], np.int32)
        for answer in (clip_model(skeleton=skeleton, length=length), outputs):
            np.testing.assert_allclose(
                answer["probabilities"][0], probabilities, atol=1e-4
            )


def test_a_clip_model_computes_the_clip_s_own_frames_alone(clips):
    from ai_edge_litert.interpreter import Interpreter

    model = exported.trained("units=8")
    function, inputs = litert.clip_signature(model.model, 24)
    concrete = litert.trace(function, inputs, model.model)
    content = litert.convert(concrete, "float32")
    with pytest.warns(UserWarning, match="preserve_all_tensors"):
        interpreter = Interpreter(
            model_content=content, experimental_preserve_all_tensors=True
        )
    run = interpreter.get_signature_runner()
    skeleton = np.full((1, 24, 2, 15, 3), np.nan, np.float32)
    skeleton[0, :7] = clips[4][:7]
    outputs = run(skeleton=skeleton, length=np.array([7], np.int32))
    for name in model.model.attentions:
        assert outputs[name].shape[:2] == (1, 24)
        assert not np.any(outputs[name][0, 7:])
    frames = {
        interpreter.get_tensor(x["index"]).shape[-2]
        for x in interpreter.get_tensor_details()
        if tuple(x["shape_signature"][-2:]) == (-1, 8)
    }
    assert max(frames) == 7


def converted(signature, model):
    from ai_edge_litert.interpreter import Interpreter

    function, inputs = signature
    concrete = litert.trace(function, inputs, model.model)
    content = litert.convert(concrete, "float32")
    return Interpreter(model_content=content).get_signature_runner()


def test_the_folder_is_complete(litert_folder, small):
    assert {x.name for x in litert_folder.iterdir()} == {
        *(f"clip_{x}.tflite" for x in ("float32", "float16", "int8")),
        *(f"frame_{x}.tflite" for x in ("float32", "float16", "int8")),
        "README.md",
        "agreement.json",
        "clip.npy",
        "model.json",
        "runtime.py",
    }
    card = json.loads((litert_folder / "model.json").read_text())
    sums = card.pop("sha256")
    assert card == metadata.describe(small)
    files = {x.name for x in litert_folder.glob("*.tflite")}
    assert sums.keys() == {*files, "model.json"}
    agreement = json.loads((litert_folder / "agreement.json").read_text())
    assert agreement.keys() > {x.stem for x in litert_folder.glob("*.tflite")}


def test_reduced_precision_makes_files_smaller(litert_folder):
    for name in ("clip", "frame"):
        float32, float16, int8 = (
            (litert_folder / f"{name}_{x}.tflite").stat().st_size
            for x in litert.PRECISIONS
        )
        assert int8 < float16 < float32


def test_no_tensor_of_the_files_is_bool(litert_folder):
    """LiteRT's runtime for browsers has none."""
    for kind, model in (("clip", ClipModel), ("frame", FrameModel)):
        opened = model(litert_folder / f"{kind}_float32.tflite")
        tensors = [*opened._inputs.values(), *opened._outputs.values()]
        types = {np.dtype(x["dtype"]).name for x in tensors}
        assert types == {"float32", "int32"}


def test_a_model_that_cannot_stream_has_clip_files_only(whole_clips_dir):
    folder = whole_clips_dir / "litert/whole/1"
    assert list(folder.glob("frame_*")) == []
    assert len(list(folder.glob("clip_*"))) == 3
    reason = exported.WholeClips.cannot_stream
    assert reason in (folder / "README.md").read_text().replace("\n", " ")


def test_an_operation_that_litert_lacks_is_an_error(small):
    def function(x):
        return {"x": tf.math.erfinv(x)}

    concrete = litert.trace(function, [tf.TensorSpec((1, 2))], small.model)
    with pytest.raises(ExportError, match=r"own operations(.|\n)*Erfinv"):
        litert.convert(concrete, "float32")


@pytest.mark.parametrize("constant", ["first", "second"])
def test_a_constant_that_litert_would_lose_is_an_error(small, constant):
    matrices = tf.constant(np.ones((2, 3, 3), "float32"))

    def function(x):
        def step(product, _):
            factors = matrices, product
            if constant == "second":
                factors = product, matrices
            product = tf.matmul(*factors)
            return product, product

        return {"products": keras.ops.scan(step, x, length=4)[1]}

    spec = tf.TensorSpec((2, 3, 3), name="x")
    concrete = litert.trace(function, [spec], small.model)
    if constant == "first":
        assert litert.convert(concrete, "float32")
        return
    with pytest.raises(ExportError, match="as the second factor"):
        litert.convert(concrete, "float32")


def test_a_failed_export_leaves_nothing(small, clips, tmp_path, monkeypatch):
    original = litert.clip_signature

    def cannot_convert(model, frames):
        _, inputs = original(model, frames)
        return lambda skeleton, _: {"x": tf.math.erfinv(skeleton)}, inputs

    monkeypatch.setattr(litert, "clip_signature", cannot_convert)
    monkeypatch.setattr(saved_model, "write", lambda *_: None)
    with pytest.raises(ExportError, match="Erfinv"):
        version.write(
            small,
            tmp_path,
            "small",
            [(clips[0], None)],
            "x",
            24,
            web.Content([], 20, 15.0),
        )
    assert [x for x in tmp_path.rglob("*") if x.is_file()] == []
    assert version.next_version(tmp_path, "small") == "1"


def test_the_streaming_model_of_sbu_stays_below_500_kibibytes():
    labels = tuple("abcdefgh")
    model = Recipe().build(Description(NITE, 2, labels, {}))
    function, inputs = litert.frame_signature(model)
    concrete = litert.trace(function, inputs, model)
    assert len(litert.convert(concrete, "int8")) < 500 * 1024
