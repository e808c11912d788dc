import numpy as np
import pytest
import tensorflow as tf

from datasets.sbu import recordings
from stalstm.serving import signatures, trained
from tests.serving import fake_workdir


def streamed(step, clips, latency):
    """Feeds all clips at once, a frame each, from zeros; the last outputs."""
    inputs = fake_workdir.padded(clips)
    size = step.structured_input_signature[0][2].shape[1]
    state = np.zeros((len(clips), size), np.float32)
    frames = inputs["skeleton"].shape[1]
    for t in range(frames + latency):
        outputs = step(
            tf.constant(inputs["skeleton"][:, min(t, frames - 1)]),
            tf.constant(t >= inputs["length"]),
            tf.constant(state),
        )
        state = outputs["state"]
    return outputs


def assert_steps_equal_clips(model, clips):
    functions = signatures.server_signatures(model)
    inputs = {
        name: tf.constant(x) for name, x in fake_workdir.padded(clips).items()
    }
    expected = functions["serving_default"](**inputs)
    outputs = streamed(functions["step"], clips, model.latency)
    np.testing.assert_array_equal(outputs["frames"], inputs["length"])
    np.testing.assert_allclose(
        outputs["probabilities"], expected["probabilities"], atol=1e-4
    )


@pytest.mark.parametrize(
    "overrides",
    [
        ["origin=clip", "axes=clip", "scale=clip", "pooling=mean"],
        ["origin=frame", "axes=frame", "scale=frame", "origin_of=main"],
        ["smoothing=false", "body_order=recorded", "origin=camera"],
        ["spatial_attention=false", "temporal_attention=false"],
    ],
)
def test_steps_from_zeros_equal_the_clip(overrides, clips, tmp_path):
    fake_workdir.write(tmp_path, *overrides)
    assert_steps_equal_clips(trained.load(tmp_path), clips)


def test_steps_equal_the_clip_for_every_clip_of_a_fold(small, sbu_raw_dir):
    fold = [
        x.read().skeleton
        for x in recordings.find_recordings(sbu_raw_dir)
        if x.fold == 1
    ]
    assert len(fold) == 55
    assert_steps_equal_clips(small, fold)


def test_answers_are_those_of_the_keras_model(small, clips):
    inputs = fake_workdir.padded(clips)
    expected = small.model(inputs)
    functions = signatures.server_signatures(small)
    inputs = {name: tf.constant(x) for name, x in inputs.items()}
    for name in ("serving_default", "attend"):
        outputs = functions[name](**inputs)
        best = np.argmax(expected["probabilities"], axis=-1)
        np.testing.assert_array_equal(outputs["class_index"], best)
        labels = [small.labels[x].encode() for x in best]
        assert list(outputs["label"].numpy()) == labels
        for key in outputs.keys() & expected.keys():
            np.testing.assert_allclose(outputs[key], expected[key], atol=1e-5)
    assert outputs.keys() == expected.keys() | {"class_index", "label"}


def test_packed_state_keeps_what_it_packs(small):
    state = signatures.PackedState(small.model)
    packed = tf.reshape(tf.range(2.0 * state.size) % 2, (2, state.size))
    np.testing.assert_array_equal(state.pack(state.unpack(packed)), packed)
