import numpy as np
import pytest
import tensorflow as tf

from stalstm.export import saved_model, signatures
from tests.export import exported


def streamed(frame, clips, look_ahead, state_size):
    """Feeds all clips at once, a frame each, from zeros; the last outputs."""
    inputs = exported.padded(clips)
    state = np.zeros((len(clips), state_size), np.float32)
    frames = inputs["skeleton"].shape[1]
    for t in range(frames + look_ahead):
        ended = (t >= inputs["length"]).astype(np.int32)
        last = inputs["skeleton"][:, min(t, frames - 1)]
        outputs = frame(last, ended, state)
        state = outputs["state"]
    return outputs


def assert_equal(outputs, model, clips):
    inputs = exported.padded(clips)
    np.testing.assert_array_equal(outputs["frames"], inputs["length"])
    np.testing.assert_allclose(
        outputs["probabilities"], model(inputs)["probabilities"], atol=1e-4
    )


@pytest.mark.parametrize(
    "overrides",
    [
        ["origin=clip", "axes=clip", "scale=clip", "pooling=mean"],
        ["origin=frame", "axes=frame", "scale=frame", "origin_of=main"],
        ["smoothing=false", "body_order=recorded", "origin=camera"],
        ["spatial_attention=false", "temporal_attention=false"],
        ["model=deep_lstm", "units=8"],
    ],
)
def test_frames_from_zeros_equal_the_clip(overrides, clips):
    model = exported.trained(*overrides).model
    state = signatures.PackedState(model)
    frame = tf.function(
        signatures.frame_function(model, state),
        autograph=False,
        reduce_retracing=True,
    )
    outputs = streamed(frame, clips, model.look_ahead, state.size)
    assert_equal(outputs, model, clips)


def test_frames_equal_the_clip_for_every_clip_of_a_fold(small, servable, fold):
    def frame(frame, ended, state):
        inputs = {"frame": frame, "ended": ended, "state": state}
        return servable.run("small", "frame", inputs)

    size = signatures.PackedState(small.model).size
    assert_equal(streamed(frame, fold, 2, size), small.model, fold)


def test_answers_are_those_of_the_keras_model(small, servable, clips):
    inputs = exported.padded(clips)
    expected = small.model(inputs)
    for name in ("serving_default", "attend"):
        outputs = servable.run("small", name, inputs)
        best = np.argmax(expected["probabilities"], axis=-1)
        np.testing.assert_array_equal(outputs["class_index"], best)
        labels = [exported.LABELS[x].encode() for x in best]
        assert list(outputs["label"]) == labels
        for key in outputs.keys() & expected.keys():
            np.testing.assert_allclose(outputs[key], expected[key], atol=1e-5)
    assert outputs.keys() == expected.keys() | {"class_index", "label"}


def test_a_model_that_cannot_stream_has_no_signature_for_it(whole_clips_dir):
    model = saved_model.load(whole_clips_dir / "whole/1")
    shapes = model._transport.shapes()
    assert shapes.keys() == {"serving_default", "attend", "classify"}
    answer = model.predict(exported.random_clips([3])[0])
    assert answer.keys() == {
        "logits",
        "probabilities",
        "class_index",
        "label",
    }


def test_packed_state_keeps_what_it_packs(small):
    state = signatures.PackedState(small.model)
    packed = tf.reshape(tf.range(2.0 * state.size) % 2, (2, state.size))
    np.testing.assert_array_equal(state.pack(state.unpack(packed)), packed)
