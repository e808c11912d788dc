import pytest
import tensorflow_datasets as tfds

from datasets.sbu.dummy_data_generation import write_dummy_recordings
from datasets.sbu.sbu_dataset_builder import Builder
from stalstm.description import Description
from stalstm.loading import LoadError
from stalstm.recipe import Recipe
from stalstm.show import attention
from tests.export import exported


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


def test_a_clip_that_is_not_there_is_an_error_that_says_what_is(workdir):
    with pytest.raises(ValueError, match=r"approaching or .* 0 clips"):
        attention.draw_test_clip(workdir, action="dancing")
    with pytest.raises(ValueError, match=r"fold_1\. .*--number=100"):
        attention.draw_test_clip(workdir, number=100)


def test_the_prepared_data_may_lie_elsewhere(workdir, tmp_path):
    with pytest.raises(LoadError, match=str(tmp_path)):
        attention.draw_test_clip(workdir, data_dir=tmp_path)
    figure = attention.draw_test_clip(workdir, data_dir=workdir.parent)
    assert figure.get_suptitle().startswith("predicted: ")
