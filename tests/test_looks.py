import numpy as np

from stalstm import looks as looks_lib
from stalstm.looks import Looks
from tests.fake_clips import DATA

JOINTS = len(DATA.skeleton.joints)
CLASSES = len(DATA.classes)
RNG = np.random.default_rng(8)


def batch(lengths, labels, probabilities, attentions=True):
    """Arguments of `add`; padding is full of numbers that mean nothing."""
    frames, number = max(lengths), len(lengths)
    outputs = {"probabilities": np.zeros((number, CLASSES))}
    outputs["probabilities"][:, 0] = probabilities
    if attentions:
        shape = (number, frames, DATA.bodies * JOINTS)
        outputs["spatial_attention"] = RNG.uniform(1, 2, shape)
        outputs["temporal_attention"] = RNG.uniform(1, 2, shape[:2])
    skeleton = RNG.normal(size=(number, frames, DATA.bodies, JOINTS, 3))
    inputs = {"skeleton": skeleton, "length": np.array(lengths)}
    return inputs, np.array(labels), outputs


def numbers(clips):
    return [x.number for x in clips]


def test_keeps_the_clips_at_both_ends():
    looks = Looks(DATA)
    looks.add(*batch([3, 5], [0, 1], [0.9, 0.4]))
    looks.add(*batch([4, 1, 2], [1, 0, 0], [0.99, 0.5, 0.6]))
    assert numbers(looks.most_certain) == [2, 0]
    assert numbers(looks.least_certain) == [1, 3]
    clip = looks.least_certain[0]
    assert clip.alpha is not None
    assert clip.beta is not None
    assert (clip.label, clip.predicted, clip.probability) == (1, 0, 0.4)
    assert len(clip.skeleton) == len(clip.alpha) == len(clip.beta) == 5


def test_attention_is_the_mean_over_the_clips_of_a_class_without_padding():
    looks = Looks(DATA)
    inputs, labels, outputs = batch([6, 4], [0, 0], [0.9, 0.8])
    looks.add(inputs, labels, outputs)
    alpha, beta = np.zeros(JOINTS), np.zeros(looks_lib.PARTS)
    for n, length in enumerate(inputs["length"]):
        joint = np.zeros(JOINTS)
        for t in range(length):
            for body in range(DATA.bodies):
                first = body * JOINTS
                joint += outputs["spatial_attention"][
                    n, t, first : first + JOINTS
                ]
        alpha += joint / joint.mean() / 2
        values = outputs["temporal_attention"][n, :length]
        values = values / values.mean()
        assert values[0] != values[-1]
        beta[[0, -1]] += values[[0, -1]] / 2
    attention = looks.attention()
    np.testing.assert_allclose(
        np.array(attention["alpha"][0]), alpha, atol=1e-4
    )
    got_beta = np.array(attention["beta"][0])
    np.testing.assert_allclose(got_beta[[0, -1]], beta[[0, -1]], atol=1e-4)
    assert attention["alpha"][1] is None  # no clip of this class


def test_the_mean_of_several_evaluations_is_over_their_clips():
    lengths, labels, probabilities = [6, 4, 5, 3], [0, 0, 0, 1], [0.9] * 4
    inputs, true, outputs = batch(lengths, labels, probabilities)

    def evaluation(*clips):
        looks = Looks(DATA)
        of_clips = [
            {k: v[[*clips]] for k, v in x.items()} for x in (inputs, outputs)
        ]
        looks.add(of_clips[0], true[[*clips]], of_clips[1])
        matrix = np.zeros((CLASSES, CLASSES))
        np.add.at(matrix, (true[[*clips]], 0), 1)
        return {
            "attention": looks.attention(),
            "confusion_matrix": matrix.tolist(),
        }

    together = evaluation(0, 1, 2, 3)["attention"]
    without = {"confusion_matrix": np.ones((CLASSES, CLASSES)).tolist()}
    got = looks_lib.mean([evaluation(0), evaluation(1, 2, 3), without])
    for name in ("alpha", "beta"):
        for mean, expected in zip(got[name], together[name], strict=True):
            assert (mean is None) == (expected is None)
            if mean and expected:
                np.testing.assert_allclose(mean, expected, atol=2e-4)
    assert looks_lib.mean([without]) == {}


def test_the_first_mistakes_of_each_class_are_kept():
    looks = Looks(DATA)
    for _ in range(2):  # all are taken for the first class
        looks.add(*batch([2] * 7, [1, 0, 1, 1, 1, 2, 1], [0.9] * 7))
    assert looks.mistakes[0] == []
    assert looks.mistakes[1] == [(x, 0) for x in (0, 2, 3, 4, 6)]
    assert looks.mistakes[2] == [(5, 0), (12, 0)]


def test_a_model_without_attention_has_none():
    looks = Looks(DATA)
    looks.add(*batch([3], [0], [0.9], attentions=False))
    assert looks.attention() == {}
    assert looks.most_certain[0].alpha is None
