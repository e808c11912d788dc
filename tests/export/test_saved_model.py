import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from stalstm.export import saved_model
from stalstm.runtime import messages
from stalstm.runtime.errors import ServingError
from stalstm.runtime.litert import ModelError
from tests.export import exported

K = 30


@pytest.fixture
def folder(export_dir):
    return export_dir / "small/1"


def clip_inputs(clip):
    return {
        "skeleton": clip[None],
        "length": np.array([len(clip)], np.int32),
    }


def test_signatures_say_names_shapes_and_types(servable):
    def told(tensors):
        return {
            name: (
                tf.as_dtype(x.dtype).name,
                tf.TensorShape(x.tensor_shape).as_list(),
            )
            for name, x in tensors.items()
        }

    clip = {
        "skeleton": ("float32", [None, None, 2, 15, 3]),
        "length": ("int32", [None]),
    }
    answer = {
        "probabilities": ("float32", [None, 3]),
        "class_index": ("int32", [None]),
        "label": ("string", [None]),
    }
    definitions = servable.signatures
    assert told(definitions["serving_default"].inputs) == clip
    assert told(definitions["serving_default"].outputs) == answer
    assert told(definitions["attend"].inputs) == clip
    outputs = told(definitions["attend"].outputs)
    assert outputs.keys() == answer.keys() | {
        "logits",
        "spatial_attention",
        "temporal_attention",
    }
    state = told(definitions["initial_state"].outputs)
    inputs = told(definitions["frame"].inputs)
    assert inputs == {
        "frame": ("float32", [None, 2, 15, 3]),
        "ended": ("int32", [None]),
        **state,
    }
    outputs = told(definitions["frame"].outputs)
    assert outputs.items() >= {**answer, **state}.items()
    assert outputs["spatial_attention"] == ("float32", [None, K])
    assert told(definitions["classify"].inputs) == {
        "inputs": ("string", [None])
    }
    assert definitions["classify"].outputs.keys() == {"classes", "scores"}


def test_runs_as_the_keras_model_does(servable, small, clips):
    for clip in clips:
        expected = small.model(clip_inputs(clip))
        outputs = servable.run("small", "attend", clip_inputs(clip))
        for name, value in expected.items():
            np.testing.assert_allclose(outputs[name], value, atol=1e-5)


def test_carries_what_a_client_needs_as_assets(folder):
    assets = folder / "assets"
    assert (assets / "labels.txt").read_text() == "wave\nbow\nnod\n"
    joints = (assets / "joints.txt").read_text().splitlines()
    assert (len(joints), joints[2]) == (15, "torso")
    card = json.loads((assets / "model.json").read_text())
    assert card["units"] == "metres, camera space"
    for name in ("config", "metrics", "evaluation"):
        text = (assets / f"{name}.json").read_text()
        assert json.loads(text)
        assert "this/machine" not in text
    agreement = json.loads((folder / "assets.extra/agreement.json").read_text())
    assert agreement["clips_of"] == "random clips"
    assert agreement["frame"]["clips"] == 6
    assert agreement["frame"]["largest_difference"] < 1e-4


def test_warm_up_asks_every_signature(folder, servable):
    path = folder / "assets.extra/tf_serving_warmup_requests"
    asked = set()
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        kind = log.WhichOneof("log_type")
        request = getattr(log, kind).request
        if kind == "predict_log":
            inputs = {x: tf.make_ndarray(y) for x, y in request.inputs.items()}
            method = "predict"
        else:
            examples = request.input.example_list.examples
            serialised = [x.SerializeToString() for x in examples]
            inputs = {"inputs": np.array(serialised, "O")}
            method = "classify"
        spec = request.model_spec
        servable.run(spec.name, spec.signature_name, inputs, method)
        asked.add(spec.signature_name)
    assert asked == servable.signatures.keys() - {"__saved_model_init_op"}


def test_classifies_examples_of_several_lengths(servable, small, clips):
    serialised = [messages.to_example(x).SerializeToString() for x in clips]
    outputs = servable.run(
        "small", "classify", {"inputs": np.array(serialised, "O")}, "classify"
    )
    expected = [
        small.model(clip_inputs(x))["probabilities"].numpy()[0] for x in clips
    ]
    np.testing.assert_allclose(outputs["scores"], expected, atol=1e-5)
    for row in outputs["classes"]:
        assert [x.decode() for x in row] == ["wave", "bow", "nod"]


CLIP = np.ones((1, 4, 2, 15, 3), np.float32)


def changed(place, value):
    clip = CLIP.copy()
    clip[place] = value
    return clip


@pytest.mark.parametrize("signature", ["serving_default", "attend"])
@pytest.mark.parametrize(
    ("skeleton", "length", "message"),
    [
        (changed((0, 3, 1, 2, 0), np.nan), 4, r"metres.*\[nan\]"),
        (changed((0, 3, 1, 2, 0), np.inf), 4, r"metres.*\[inf\]"),
        (changed((0, 3, 1, 2, 0), 2500), 4, r"metres.*\[2500\]"),
        (CLIP, 0, "`length`: expected 1 to the number of frames"),
        (CLIP, -1, r"`length`.*\[-1\]"),
        (CLIP, 5, r"`length`.*\[5\]"),
        (CLIP[:, :0], 0, "`length`"),
        (changed(np.s_[:, :, 1], 0), 4, r"at least 2 bodies.*\[1\]"),
        (CLIP[:, :, :, :14], 4, r"\[1,4,2,14,3\].*expected shape"),
        (CLIP.reshape(1, 4, 1, 30, 3), 4, r"\[1,4,1,30,3\].*expected shape"),
        (CLIP[..., :2], 4, r"\[1,4,2,15,2\].*expected shape"),
    ],
)
def test_a_bad_clip_is_an_error(signature, skeleton, length, message, servable):
    inputs = {"skeleton": skeleton, "length": np.array([length], np.int32)}
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        servable.run("small", signature, inputs)


def test_beyond_its_length_a_clip_may_hold_anything(servable):
    padded = changed(np.s_[:, 2:], np.nan)
    length = np.array([2], np.int32)
    inputs = {"skeleton": padded, "length": length}
    expected = servable.run(
        "small", "attend", {"skeleton": CLIP[:, :2], "length": length}
    )
    outputs = servable.run("small", "attend", inputs)
    np.testing.assert_allclose(outputs["logits"], expected["logits"], 1e-5)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (changed((0, 0, 1, 2, 0), np.nan)[:, 0], r"`frame`.*\[nan\]"),
        (CLIP[:, 0, :, :14], r"\[1,2,14,3\].*expected shape"),
    ],
)
def test_a_bad_frame_is_an_error(frame, message, servable):
    inputs = {"frame": frame, "ended": np.array([0], np.int32)}
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        servable.run("small", "frame", {**inputs, **new_streams(servable, 1)})


def test_batches_of_different_sizes_are_an_error(servable):
    """TensorFlow would repeat the one clip, or the one state."""
    inputs = {"skeleton": CLIP, "length": np.array([4, 4], np.int32)}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`length`.*2"):
        servable.run("small", "serving_default", inputs)
    inputs = {"frame": CLIP[0], "ended": np.zeros(4, np.int32)}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`state`.*1"):
        servable.run("small", "frame", {**inputs, **new_streams(servable, 1)})


def new_streams(servable, number):
    streams = np.zeros(number, np.int32)
    return servable.run("small", "initial_state", {"streams": streams})


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (np.ones(91), r"2 x 15 x 3 numbers a frame.*\[91\]"),
        (np.ones(0), "`length`"),
        (np.full(90, np.nan), r"metres.*\[nan"),
    ],
)
def test_a_bad_example_is_an_error(numbers, message, servable):
    serialised = messages.to_example(numbers).SerializeToString()
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        servable.run(
            "small",
            "classify",
            {"inputs": np.array([serialised], "O")},
            "classify",
        )


def test_opens_without_a_server(folder, small, clips):
    model = saved_model.load(folder)
    assert model.metadata["labels"] == list(exported.LABELS)
    for clip, answer in zip(clips, model.predict(clips), strict=True):
        whole = exported.expected(small, clip)
        assert answer.keys() == whole.keys() | {"label", "class_index"}
        for name, value in whole.items():
            np.testing.assert_allclose(answer[name], value, atol=1e-5)
    alone = clips[3].copy()
    alone[:, 1] = 0
    with pytest.raises(ServingError, match="at least 2 bodies"):
        model.predict(alone)


def test_another_saved_model_is_refused(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path))
    with pytest.raises(ModelError, match=r"with model\.json"):
        saved_model.load(tmp_path)


def test_a_flipped_bit_in_any_file_is_named(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "1")
    names = sorted(
        x.relative_to(copy).as_posix() for x in copy.rglob("*") if x.is_file()
    )
    assert {"saved_model.pb", "manifest.json"} < set(names)
    for name in names:
        content = bytearray((copy / name).read_bytes())
        content[len(content) // 2] ^= 1
        (copy / name).write_bytes(content)
        with pytest.raises(ModelError, match=f"1/{name}: expected"):
            saved_model.load(copy)
        shutil.copyfile(folder / name, copy / name)
    saved_model.load(copy)


@pytest.mark.parametrize(
    "name",
    [
        "saved_model.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
    ],
)
def test_a_missing_file_is_an_error(name, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "1")
    (copy / name).unlink()
    with pytest.raises(ModelError, match="expected a SavedModel that export"):
        saved_model.load(copy)


def test_two_exports_of_a_model_hold_the_same_weights(
    small, folder, clips, tmp_path
):
    """And no state of random numbers, which would be another each time."""
    saved_model.write(small, tmp_path / "2", "small", clips[3])
    one, other = (
        tf.train.load_checkpoint(str(x / "variables/variables"))
        for x in (folder, tmp_path / "2")
    )
    names = one.get_variable_to_shape_map()
    assert names == other.get_variable_to_shape_map()
    weights = [x for x in names if not x.startswith("_")]
    assert len(weights) == len(small.model.weights)
    for name in weights:
        np.testing.assert_array_equal(
            one.get_tensor(name), other.get_tensor(name)
        )
