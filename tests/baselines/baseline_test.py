"""The test that every baseline passes, and small data for others."""

import functools
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from datasets.sbu.recordings import ACTIONS, read_recording
from datasets.synthetic.recordings import generate
from stalstm.baselines import BASELINES
from stalstm.description import Description
from stalstm.skeletons import NITE, Skeleton

DATA = Description(NITE, 2, ACTIONS, {})
KINDS = ("approaching", "kicking", "hugging")

# An arm from the shoulders, which are the ends of a line through the torso.
ARM = Skeleton(
    name="arm",
    joints=("left", "torso", "right", "elbow", "hand"),
    bones=(
        ("torso", "left"),
        ("torso", "right"),
        ("right", "elbow"),
        ("elbow", "hand"),
    ),
    roles={
        "torso": "torso",
        "left_shoulder": "left",
        "right_shoulder": "right",
    },
)
ARMS = Description(ARM, 2, ("a", "b"), {})


@functools.cache
def synthetic_clips():
    """Clips of three actions, at a third of their frames, and their labels.

    The performer on the left of the image comes first: raw positions do not
    tell one side from the other.
    """
    clips, labels = [], []
    for clip_id, text in generate(seed=0, takes=1):
        action = ACTIONS[int(clip_id.split("/")[1]) - 1]
        if action in KINDS:
            clip = read_recording(text, clip_id).skeleton[::3]
            first, second = clip[0, :, NITE.index("torso"), 0]
            clips.append(clip if first > second else clip[:, ::-1])
            labels.append(KINDS.index(action))
    return clips, np.array(labels)


def random_clip(seed, frames, data=ARMS):
    """A clip with all bodies, `(frames, bodies, joints, 3)`."""
    rng = np.random.default_rng(seed)
    shape = (frames, data.bodies, len(data.skeleton.joints), 3)
    return rng.normal(size=shape).astype(np.float32)


def random_points(seed, windows=4):
    """Windows of the arms' joints; in the first, the second body is absent."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(windows, 3, 10, 3))
    there = np.ones((windows, 3, 10), bool)
    there[0, :, 5:] = False
    points[0, :, 5:] = 0
    return points, there


def run_baseline_test(name, at_least=0.8, **settings):
    """It tells actions apart, repeats itself, and takes awkward clips.

    Args:
        name: Name of the baseline.
        at_least: Accuracy on three synthetic actions of other pairs.
        **settings: Parameters that make the baseline smaller.
    """
    clips, labels = synthetic_clips()
    train, test = slice(0, 18), slice(18, 33)
    classifier = BASELINES[name](DATA, 3).set_params(**settings)
    classifier.fit(clips[train], labels[train])
    predicted = classifier.predict(clips[test])
    assert np.mean(predicted == labels[test]) >= at_least

    again = clone(pickle.loads(pickle.dumps(classifier)))
    again.fit(clips[train], labels[train])
    np.testing.assert_array_equal(again.predict(clips[test]), predicted)

    _check_awkward_clips(BASELINES[name](ARMS, 0).set_params(**settings))


def _check_awkward_clips(classifier):
    one, other = random_clip(0, 12), random_clip(1, 12)
    alone, late, empty = one.copy(), one.copy(), one.copy()
    alone[:, 1] = 0
    late[:4, 1] = 0
    empty[:] = 0
    long = np.resize(one, (300, *one.shape[1:]))
    clips = [one, alone, late, empty, long, one[:1], one[:2], *[other] * 5]
    labels = [7] * 7 + [3] * 5
    classifier.fit(clips, labels)

    # The answer for a clip does not depend on those that come with it.
    predicted = classifier.predict(clips)
    assert set(predicted) <= {3, 7}
    np.testing.assert_array_equal(
        [classifier.predict([clip])[0] for clip in clips], predicted
    )
    np.testing.assert_array_equal(predicted[[0, 4, 7]], [7, 7, 3])

    for wrong in (one[:, :1], one[:0]):
        with pytest.raises(ValueError, match=r"Received: clips\[1\]"):
            classifier.predict([one, wrong])
