import collections

import pytest
import tensorflow_datasets as tfds

from datasets.sbu.recordings import ACTIONS, FOLDS
from datasets.synthetic import synthetic_dataset_builder
from datasets.synthetic.recordings import write_recordings
from stalstm.description import Description, fold_protocols
from stalstm.skeletons import NITE


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def builder(data_dir):
    builder = synthetic_dataset_builder.Builder(data_dir=data_dir)
    builder.download_and_prepare()
    return builder


def test_the_set_has_its_five_folds_and_says_what_it_is(builder):
    info = builder.info

    assert info.name == "synthetic"
    assert {
        name: split.num_examples for name, split in info.splits.items()
    } == {f"fold_{fold}": 16 * len(sets) for fold, sets in FOLDS.items()}
    assert info.features["label"].names == list(ACTIONS)
    assert "means that the program works" in info.description
    assert "yun2012two" in info.citation


def test_the_prepared_data_states_what_the_sbu_set_states(builder):
    prepared = tfds.builder_from_directory(builder.data_path)
    for metadata in (builder.info.metadata, prepared.info.metadata):
        assert Description.from_json(metadata) == Description(
            skeleton=NITE,
            bodies=2,
            classes=ACTIONS,
            protocols=fold_protocols(5),
        )


def test_every_fold_has_every_action_twice_a_set(builder):
    for fold, sets in FOLDS.items():
        examples = tfds.as_numpy(builder.as_dataset(split=f"fold_{fold}"))
        labels = collections.Counter(
            (example["set"].decode(), int(example["label"]))
            for example in examples
        )
        assert labels == {
            (name, label): 2 for name in sets for label in range(len(ACTIONS))
        }


def test_only_the_prepared_set_is_left(builder, data_dir):
    assert {path.name for path in data_dir.iterdir()} <= {
        "synthetic",
        "downloads",
    }
    assert not list(data_dir.rglob("skeleton_pos.txt"))


def test_a_failure_leaves_nothing_half_built(tmp_path, monkeypatch):
    def write_and_break_down(folder):
        write_recordings(folder, takes=1)
        raise OSError("No space left on device")

    monkeypatch.setattr(
        synthetic_dataset_builder, "write_recordings", write_and_break_down
    )
    builder = synthetic_dataset_builder.Builder(data_dir=tmp_path)
    with pytest.raises(OSError, match="No space left"):
        builder.download_and_prepare()

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
