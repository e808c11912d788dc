import json

import numpy as np
import pytest
import tensorflow as tf

import export
from datasets.sbu import recordings
from stalstm import algorithm1
from stalstm.recipes.sbu import RECIPE
from stalstm.serving import edge, litert, signatures, trained
from stalstm.serving.inputs import InputError
from tests.serving import fake_workdir

# Of a probability, with weights of standard deviation 0.4.
TOLERANCES = {"float32": 1e-4, "float16": 0.01, "int8": 0.2}


@pytest.fixture
def folder(export_dir):
    return export_dir / "litert/small/1"


def expected(small, clip):
    inputs = {"skeleton": clip[None], "length": np.array([len(clip)])}
    return {name: x.numpy()[0] for name, x in small.model(inputs).items()}


@pytest.mark.parametrize("precision", litert.PRECISIONS)
def test_clip_and_stream_agree_with_keras(precision, folder, small, clips):
    clip_model = edge.Clip(folder / f"clip_{precision}.tflite")
    stream = edge.Stream(folder / f"step_{precision}.tflite")
    atol = TOLERANCES[precision]
    for clip in clips:
        whole = expected(small, clip)
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
            assert got["label"] == small.labels[got["probabilities"].argmax()]
        if precision == "float32":
            for name, value in whole.items():
                np.testing.assert_allclose(answer[name], value, atol=1e-4)


def test_steps_equal_the_clip_for_every_clip_of_a_fold(
    folder, small, sbu_raw_dir
):
    stream = edge.Stream(folder / "step_float32.tflite")
    fold = [
        x.read().skeleton
        for x in recordings.find_recordings(sbu_raw_dir)
        if x.fold == 1
    ]
    assert len(fold) == 55
    whole = small.model(fake_workdir.padded(fold))["probabilities"]
    for clip, probabilities in zip(fold, whole, strict=True):
        for frame in clip:
            stream.step(frame)
        answer = stream.finish()
        np.testing.assert_allclose(
            answer["probabilities"], probabilities, atol=1e-4
        )


def test_every_part_of_the_preprocessing_converts(tmp_path, clips):
    overrides = ["origin=clip", "axes=frame", "scale=clip", "pooling=mean"]
    fake_workdir.write(tmp_path, *overrides, "body_order=recorded")
    model = trained.load(tmp_path)
    litert.write(model, tmp_path / "litert", frames=24)
    clip_model = edge.Clip(tmp_path / "litert/clip_float32.tflite")
    stream = edge.Stream(tmp_path / "litert/step_float32.tflite")
    alone = clips[4].copy()
    alone[2:5, 1] = 0
    for clip in [*clips, alone]:
        probabilities = expected(model, clip)["probabilities"]
        for frame in clip:
            stream.step(frame)
        for answer in (clip_model.predict(clip), stream.finish()):
            np.testing.assert_allclose(
                answer["probabilities"], probabilities, atol=1e-4
            )


def test_metadata_stands_beside(folder, small):
    card = json.loads((folder / "model.json").read_text())
    assert card == json.loads(json.dumps(trained.describe(small)))
    agreement = json.loads((folder / "agreement.json").read_text())
    names = {x.stem for x in folder.glob("*.tflite")}
    assert len(names) == 6
    assert agreement.keys() > names


def test_reduced_precision_makes_files_smaller(folder):
    for name in ("clip", "step"):
        float32, float16, int8 = (
            (folder / f"{name}_{x}.tflite").stat().st_size
            for x in litert.PRECISIONS
        )
        assert int8 < float16 < float32


def test_bad_input_is_refused(folder, clips):
    clip_model = edge.Clip(folder / "clip_int8.tflite")
    too_long = np.concatenate([clips[5], clips[5]])
    with pytest.raises(InputError, match=r"at most 24 frames.*Received: 40"):
        clip_model.predict(too_long)
    bad = clips[3].copy()
    bad[1, 0, 0, 0] = np.nan
    with pytest.raises(InputError, match="nan"):
        clip_model.predict(bad)
    with pytest.raises(InputError, match="at least 2 bodies"):
        clip_model.predict(clips[3] * [[[1]], [[0]]])
    stream = edge.Stream(folder / "step_int8.tflite")
    with pytest.raises(InputError, match=r"\(2, 15, 3\)"):
        stream.step(bad)
    with pytest.raises(InputError, match="expected a frame first"):
        stream.finish()


def test_what_litert_has_not_is_an_error(small):
    def function(x):
        return {"x": tf.math.erfinv(x)}

    with pytest.raises(
        trained.ExportError, match=r"own operations(.|\n)*Erfinv"
    ):
        litert.convert(
            function, [tf.TensorSpec((1, 2))], small.model, "float32"
        )


def test_a_failed_export_leaves_nothing(small, clips, tmp_path, monkeypatch):
    monkeypatch.setattr(
        signatures,
        "step_function",
        lambda *_: lambda frame, *__: {"x": tf.math.erfinv(frame)},
    )
    monkeypatch.setattr(export.saved_model, "write", lambda *_: None)
    with pytest.raises(trained.ExportError, match="Erfinv"):
        export.export(small, tmp_path, "small", [(clips[0], None)], "x", 24)
    assert list(tmp_path.iterdir()) == []


def test_the_streaming_model_of_sbu_stays_below_500_kibibytes():
    last = algorithm1.stages(RECIPE)[-1]
    model = algorithm1.build_model(RECIPE, last, num_classes=8)
    function, inputs = litert.step_signature(model)
    content = litert.convert(function, inputs, model, "int8")
    assert len(content) < 500 * 1024
