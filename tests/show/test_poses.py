from typing import Any

import numpy as np
import pytest
from matplotlib import collections

from stalstm.show import poses
from stalstm.skeletons import Skeleton

FRAMES = 6
RNG = np.random.default_rng(6)
JOINTS = Skeleton(
    "three",
    ("head", "torso", "hip"),
    bones=(("head", "torso"), ("torso", "hip")),
)
CLIP = RNG.normal(size=(FRAMES, 2, 3, 3)) + np.array([0, 0, 3])
ALPHA = RNG.uniform(0.1, 2.0, size=(FRAMES, 6))
BETA = RNG.uniform(0.5, 1.5, size=FRAMES)


def circles(axes):
    """The circles in one pose: centres and areas."""
    (scatter,) = [
        x
        for x in axes.collections
        if isinstance(x, collections.PathCollection)
        and np.size(x.get_offsets())
    ]
    return np.array(scatter.get_offsets()), scatter.get_sizes()


def test_marks_the_joints_of_largest_attention_by_its_size():
    figure = poses.draw(CLIP, JOINTS, ALPHA, BETA, poses=3, marked=4)
    *drawn, _, _ = figure.axes
    assert [x.get_title() for x in drawn] == ["frame 1", "frame 3", "frame 5"]
    for axes, time in zip(drawn, (0, 2, 4), strict=True):
        best = np.argsort(-ALPHA[time])[:4]
        centres, areas = circles(axes)
        np.testing.assert_allclose(
            centres, CLIP[time].reshape(6, 3)[best, :2], rtol=1e-6
        )
        np.testing.assert_allclose(
            areas, poses.LARGEST * ALPHA[time, best] / ALPHA.max()
        )


def test_left_and_right_are_as_the_camera_saw_them():
    """In camera space x grows to the left of the image."""
    figure = poses.draw(CLIP, JOINTS, ALPHA, BETA)
    axes = figure.axes[0]
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    assert left > CLIP[..., 0].max() > CLIP[..., 0].min() > right
    assert low < CLIP[..., 1].min() < CLIP[..., 1].max() < high


def test_an_absent_body_is_not_drawn():
    clip, alpha = CLIP.copy(), ALPHA.copy()
    clip[:, 1], alpha[:, 3:] = 0, 0
    axes = poses.draw(clip, JOINTS, alpha, BETA).axes[0]
    assert len(axes.lines) == len(JOINTS.bones)
    centres, _ = circles(axes)
    assert len(centres) == 3


def test_shows_beta_and_how_it_changes():
    beta: Any
    change: Any
    *_, beta, change = poses.draw(CLIP, JOINTS, ALPHA, BETA).axes
    number, values = beta.lines[0].get_data()
    np.testing.assert_array_equal(number, np.arange(1, FRAMES + 1))
    np.testing.assert_array_equal(values, BETA)
    heights = [bar.get_height() for bar in change.patches]
    np.testing.assert_allclose(heights, np.diff(BETA))


@pytest.mark.parametrize(
    ("attentions", "axes"),
    [((None, BETA), 7), ((ALPHA, None), 5), ((None, None), 5)],
)
def test_what_a_model_has_not_is_not_drawn(attentions, axes, tmp_path):
    figure = poses.draw(CLIP, JOINTS, *attentions)
    assert len(figure.axes) == axes
    figure.savefig(tmp_path / "attention.png")
