"""What every frame layer must be able to do: the contract of `FrameLayer`."""

import keras
import numpy as np
from keras import ops

RNG = np.random.default_rng(4)
# Joints that stand for the roles: left and right shoulder, lower and upper end
# of the spine, which is the torso too.
JOINTS = ("left_shoulder", "right_shoulder", "torso", "spine_mid")
TORSO = 2
CLIPS = RNG.normal(size=(3, 9, 2, 4, 3)).astype("float32")
LENGTHS = np.array([9, 6, 1], "int32")


def presence(clips):
    return np.any(clips != 0, axis=(3, 4))


def run(layer, clips, lengths=LENGTHS):
    """The outputs, as NumPy arrays, for clips that are zero when they end."""
    clips = clips.copy()
    for clip, length in zip(clips, lengths, strict=True):
        clip[length:] = 0
    skeleton, present = layer(clips, presence(clips), lengths)
    return np.array(skeleton), np.array(present)


def make_absent(clips):
    """Bodies that come late, go early, and are never there."""
    clips = clips.copy()
    clips[0, :3, 0] = 0
    clips[0, 7:, 1] = 0
    clips[1, :, 1] = 0
    return clips


def run_frame_layer_test(layer, tmp_path):
    """Configuration, shapes, saving, padding, presence and streaming."""
    for clips in (CLIPS, make_absent(CLIPS)):
        check_shapes(layer, clips)
        check_padding(layer, clips)
        check_presence(layer, clips)
        check_restored(layer, clips)
        check_steps(layer, clips)
        check_look_ahead(layer, clips)
    check_saving(layer, tmp_path)
    check_precision(layer)


def kept(layer, frames):
    """How many of so many frames the layer keeps."""
    return -(-frames // layer.stride)


def check_shapes(layer, clips):
    skeleton, present = run(layer, clips)
    batch, frames, *rest = clips.shape
    assert skeleton.shape[:4] == (batch, kept(layer, frames), *rest[:2])
    assert skeleton.shape[4] >= 3
    assert np.isfinite(skeleton).all()
    declared = layer.compute_output_shape(clips.shape, clips.shape[:3])
    assert declared == (skeleton.shape, present.shape)
    symbols = [
        keras.Input((None, *clips.shape[2:])),
        keras.Input((None, clips.shape[2]), dtype="bool"),
        keras.Input((), dtype="int32"),
    ]
    symbolic, _ = layer(*symbols)
    assert symbolic.shape[2:] == skeleton.shape[2:]


def check_padding(layer, clips):
    """A clip alone is what it is in a longer batch."""
    skeleton, _ = run(layer, clips)
    for clip, length, output in zip(clips, LENGTHS, skeleton, strict=True):
        alone, _ = run(layer, clip[None, :length], np.array([length]))
        length = kept(layer, length)
        np.testing.assert_allclose(output[:length], alone[0], atol=1e-5)


def check_presence(layer, clips):
    """What is absent is zero and stays absent; what is there, stays there."""
    skeleton, present = run(layer, clips)
    for n, length in enumerate(kept(layer, LENGTHS)):
        got = present[n, :length].sum(axis=1)
        there = presence(clips)[n, :: layer.stride][:length].sum(axis=1)
        np.testing.assert_array_equal(got, there)
        assert not np.any(skeleton[n, :length][~present[n, :length]])
        assert not np.any(present[n, length:])


def check_restored(layer, clips):
    """What is said of a body ends where the recording has that body."""
    clips = clips.copy()
    for clip, length in zip(clips, LENGTHS, strict=True):
        clip[length:] = 0
    _, present = run(layer, clips)
    attention = np.repeat(present[..., None], clips.shape[3], axis=-1)
    restored = layer.restore(attention.astype("float32"), clips)
    expected = presence(clips)[:, :: layer.stride, :, None]
    np.testing.assert_array_equal(
        restored, np.broadcast_to(expected, attention.shape)
    )


def check_steps(layer, clips):
    """One frame at a time gives the frames of the whole clip."""
    skeleton, present = run(layer, clips)
    shape = clips[:, 0].shape
    state = layer.initial_state(shape)
    for leaf in keras.tree.flatten(state):
        assert not np.any(leaf), "zeros are the state before the first frame"
    came: list[list] = [[] for _ in LENGTHS]
    for t in range(clips.shape[1] + layer.look_ahead):
        valid = t < LENGTHS
        frame = clips[:, min(t, clips.shape[1] - 1)].copy()
        frame[~valid] = 0
        outputs = layer.step(
            frame, presence(frame[:, None])[:, 0], valid, state
        )
        frame, there, ready, state = outputs
        for n, is_ready in enumerate(np.array(ready)):
            # Nothing comes earlier or later than it should.
            lag = t - layer.look_ahead
            comes = 0 <= lag < LENGTHS[n] and lag % layer.stride == 0
            assert is_ready == comes
            if is_ready:
                np.testing.assert_array_equal(
                    there[n], present[n, lag // layer.stride]
                )
                attention = ops.cast(there, "float32")[..., None]
                np.testing.assert_array_equal(
                    layer.restore_step(attention, state)[n, :, 0],
                    presence(clips)[n, lag],
                )
                came[n].append(frame[n])
    for frames, output, length in zip(came, skeleton, LENGTHS, strict=True):
        length = kept(layer, length)
        np.testing.assert_allclose(frames, output[:length], atol=1e-4)


def check_look_ahead(layer, clips):
    """Frames further ahead than `look_ahead` change nothing."""
    length = np.array([9, 9, 9], "int32")
    skeleton, _ = run(layer, clips, length)
    other = clips.copy()
    other[:, 6:] += 1.0
    changed, _ = run(layer, other, length)
    known = kept(layer, 6 - layer.look_ahead)
    np.testing.assert_allclose(
        changed[:, :known], skeleton[:, :known], atol=1e-5
    )


def check_saving(layer, tmp_path):
    config = layer.get_config()
    again = type(layer).from_config(dict(config))
    assert again.get_config() == config
    symbols = [
        keras.Input((None, *CLIPS.shape[2:])),
        keras.Input((None, CLIPS.shape[2]), dtype="bool"),
        keras.Input((), dtype="int32"),
    ]
    keras.Model(symbols, layer(*symbols)).save(tmp_path / "layer.keras")
    loaded = keras.saving.load_model(tmp_path / "layer.keras").layers[-1]
    np.testing.assert_array_equal(run(loaded, CLIPS)[0], run(layer, CLIPS)[0])


def check_precision(layer):
    """Metres stay float32 whatever the policy of the network."""
    config = layer.get_config()
    config.pop("dtype")
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert type(layer).from_config(config).compute_dtype == "float32"
    finally:
        keras.config.set_dtype_policy("float32")
