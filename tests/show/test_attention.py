import numpy as np
import pytest
import tensorflow_datasets as tfds
from matplotlib import collections

from datasets.sbu.dummy_data_generation import write_dummy_recordings
from datasets.sbu.sbu_dataset_builder import Builder
from stalstm.description import Description
from stalstm.recipe import Recipe
from stalstm.show import attention
from stalstm.skeletons import Skeleton
from tests.export import exported

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
    figure = attention.draw(CLIP, JOINTS, ALPHA, BETA, poses=3, marked=4)
    *poses, _, _ = figure.axes
    assert [x.get_title() for x in poses] == ["frame 1", "frame 3", "frame 5"]
    for axes, time in zip(poses, (0, 2, 4), strict=True):
        best = np.argsort(-ALPHA[time])[:4]
        centres, areas = circles(axes)
        np.testing.assert_allclose(
            centres, CLIP[time].reshape(6, 3)[best, :2], rtol=1e-6
        )
        np.testing.assert_allclose(
            areas, attention.LARGEST * ALPHA[time, best] / ALPHA.max()
        )


def test_left_and_right_are_as_the_camera_saw_them():
    """In camera space x grows to the left of the image."""
    figure = attention.draw(CLIP, JOINTS, ALPHA, BETA)
    axes = figure.axes[0]
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    assert left > CLIP[..., 0].max() > CLIP[..., 0].min() > right
    assert low < CLIP[..., 1].min() < CLIP[..., 1].max() < high


def test_an_absent_body_is_not_drawn():
    clip, alpha = CLIP.copy(), ALPHA.copy()
    clip[:, 1], alpha[:, 3:] = 0, 0
    axes = attention.draw(clip, JOINTS, alpha, BETA).axes[0]
    assert len(axes.lines) == len(JOINTS.bones)
    centres, _ = circles(axes)
    assert len(centres) == 3


def test_shows_beta_and_how_it_changes():
    *_, beta, change = attention.draw(CLIP, JOINTS, ALPHA, BETA).axes
    number, values = beta.lines[0].get_data()
    np.testing.assert_array_equal(number, np.arange(1, FRAMES + 1))
    np.testing.assert_array_equal(values, BETA)
    heights = [bar.get_height() for bar in change.patches]
    np.testing.assert_allclose(heights, np.diff(BETA))


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A workdir as training leaves it, and the prepared data."""
    folder = tmp_path_factory.mktemp("attention")
    write_dummy_recordings(folder / "raw", frames=5)
    builder = Builder(data_dir=folder)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=folder / "raw")
    )
    data = Description.from_json(builder.info.metadata)
    recipe = Recipe().replace(units=4)
    trained = exported.with_records(recipe, data, recipe.build(data))
    exported.write_workdir(folder / "workdir", trained, builder.data_dir)
    return folder / "workdir"


def test_draws_a_clip_of_the_test_split(workdir, tmp_path):
    figure = attention.draw_test_clip(workdir, action="kicking")
    assert figure.get_suptitle().startswith("predicted: ")
    figure.savefig(tmp_path / "attention.png")
    assert (tmp_path / "attention.png").stat().st_size > 10_000


def test_draws_all_joints_of_a_clip(workdir):
    figure = attention.draw_test_clip(workdir, kind="joints")
    assert figure.get_suptitle().startswith("predicted: ")
    names = [x.get_text() for x in figure.axes[0].get_yticklabels()]
    assert "left_hand" in names


@pytest.mark.parametrize(
    ("attentions", "axes"),
    [((None, BETA), 7), ((ALPHA, None), 5), ((None, None), 5)],
)
def test_what_a_model_has_not_is_not_drawn(attentions, axes, tmp_path):
    figure = attention.draw(CLIP, JOINTS, *attentions)
    assert len(figure.axes) == axes
    figure.savefig(tmp_path / "attention.png")


def test_a_clip_that_is_not_there_is_an_error_that_says_what_is(workdir):
    with pytest.raises(ValueError, match=r"approaching or .* 0 clips"):
        attention.draw_test_clip(workdir, action="dancing")
    with pytest.raises(ValueError, match=r"fold_1\. .*--number=100"):
        attention.draw_test_clip(workdir, number=100)
