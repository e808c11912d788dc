import base64

import numpy as np
import pytest

import stalstm
from stalstm import predictors
from stalstm.models.hierarchical_rnn import HierarchicalRNN
from stalstm.models.sta_lstm import STALSTM
from stalstm.preprocessing import Smoothing
from stalstm.show import clips
from stalstm.skeletons import NITE

CLASSES = ("kick", "push", "hug")
CLIP = np.random.default_rng(2).normal(size=(6, 2, 15, 3)).astype("float32")


def build(cls, **kwargs):
    model = cls(CLASSES, NITE, units=4, **kwargs)
    model.build()
    return predictors.KerasModel(model)


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


@pytest.mark.parametrize(
    ("cls", "smoothing"),
    [(STALSTM, False), (STALSTM, True), (HierarchicalRNN, False)],
)
def test_the_answer_after_a_frame_is_that_of_the_clip_until_there(
    cls, smoothing
):
    model = build(cls, preprocessing=[Smoothing()] * smoothing)
    answer = clips.follow(model, CLIP)
    assert answer["after"].shape == (6, 3)
    np.testing.assert_allclose(
        answer["after"][-1], answer["probabilities"], atol=1e-6
    )
    if smoothing:
        return  # later frames smooth earlier ones
    for end in (1, 4):
        np.testing.assert_allclose(
            answer["after"][end - 1],
            model.predict(CLIP[:end])["probabilities"],
            atol=1e-6,
        )


def test_there_is_no_answer_before_all_bodies_have_come():
    model = build(HierarchicalRNN)
    model.model.preprocessing = []
    model.metadata["least_bodies"] = 2
    clip = CLIP.copy()
    clip[:2, 1] = 0
    after = clips.follow(model, clip)["after"]
    assert np.isnan(after[:2]).all()
    assert np.isfinite(after[2:]).all()


def test_a_long_clip_is_asked_about_in_parts(monkeypatch):
    monkeypatch.setattr(clips, "PARTS", 3)
    model = build(HierarchicalRNN)
    answer = clips.follow(model, CLIP)
    known = np.isfinite(answer["after"]).all(axis=1)
    assert list(known) == [False, True] * 3
    np.testing.assert_allclose(
        answer["after"][-1], answer["probabilities"], atol=1e-6
    )


def test_a_clip_is_what_it_was(tmp_path):
    model = stalstm.load("sbu")
    answer = clips.follow(model, CLIP)
    clip = clips.describe("a", CLIP, answer, "kicking")
    assert (clip["frames"], clip["bodies"], clip["label"]) == (6, 2, "kicking")
    positions = np.frombuffer(base64.b64decode(clip["positions"]), "<i4")
    np.testing.assert_allclose(
        positions.reshape(CLIP.shape) / 1000, CLIP, atol=0.0006
    )
    np.testing.assert_array_equal(
        floats(clip["alpha"]), answer["spatial_attention"].ravel()
    )
    np.testing.assert_array_equal(
        floats(clip["beta"]), answer["temporal_attention"]
    )
    np.testing.assert_array_equal(
        floats(clip["after"]), answer["after"].ravel()
    )
    assert clip["answer"]["label"] == answer["label"]
    assert "alpha" not in clips.describe("a", CLIP, None)


def test_sides_and_bones_are_those_of_the_skeleton():
    shared = clips.shared(NITE, CLASSES)
    sides = dict(zip(shared["joints"], shared["sides"], strict=True))
    assert sides["left_hand"] == "left"
    assert sides["right_foot"] == "right"
    assert sides["head"] == "middle"
    named = [tuple(NITE.joints[x] for x in bone) for bone in shared["bones"]]
    assert tuple(named) == NITE.bones


def test_what_surprises_comes_first():
    def clip(label, probability, true):
        answer = label and {"label": label, "probability": probability}
        return {"answer": answer, "label": true}

    expected = [
        clip("kick", 0.9, "push"),
        clip("kick", 0.4, "push"),
        clip("kick", 0.5, "kick"),
        clip("hug", 0.8, "hug"),
        clip(None, 0, "hug"),
    ]
    assert sorted(expected[::-1], key=clips.interest) == expected
