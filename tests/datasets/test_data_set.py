import dataclasses
import inspect
import pathlib
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import datasets
from datasets.data_set import ON_BAD_FILE, users_of
from datasets.ntu.fake_recordings import write_fake_recordings
from datasets.raw import RawDataError
from datasets.sbu.dummy_data_generation import write_dummy_recordings
from stalstm.description import Description

ROOT = pathlib.Path(__file__).parents[2]
SKELETONS = {"sbu": (2, 15, 3), "synthetic": (2, 15, 3), "ntu": (2, 25, 3)}


def write_raw(name, folder):
    """Some recordings of a data set, in its layout."""
    if name == "ntu":
        write_fake_recordings(folder, clips=4, classes=2)
    else:
        write_dummy_recordings(folder)


def a_file(folder):
    return next(path for path in sorted(folder.rglob("*")) if path.is_file())


def test_the_data_sets_are_the_folders_of_the_package():
    assert {"ntu", "sbu", "synthetic"} <= set(datasets.names())
    for name in datasets.names():
        assert datasets.get(name).name == name


def test_an_unknown_data_set_is_an_error_that_names_the_known():
    with pytest.raises(
        ValueError, match=r"ntu, sbu, synthetic, or .*folder.*: nut"
    ):
        datasets.get("nut")


def test_reading_needs_no_tensorflow(tmp_path):
    write_raw("sbu", tmp_path / "sbu")
    write_raw("ntu", tmp_path / "ntu")
    script = (
        "import sys\n"
        "for name in ('tensorflow', 'tensorflow_datasets', 'keras'):\n"
        "    sys.modules[name] = None\n"
        "import datasets\n"
        "from datasets import parts\n"
        "from datasets.ntu import clips\n"
        "for name in datasets.names():\n"
        "    datasets.get(name)\n"
        "for name, folder in zip(('sbu', 'ntu'), sys.argv[1:]):\n"
        "    assert list(datasets.get(name).recordings(folder))\n"
    )
    folders = [tmp_path / "sbu", tmp_path / "ntu"]
    subprocess.run(
        [sys.executable, "-c", script, *folders], cwd=ROOT, check=True
    )


@pytest.mark.parametrize("name", datasets.names())
def test_a_builder_takes_the_options_and_describes_the_data(name, tmp_path):
    data_set = datasets.get(name)
    defaults = {option.name: option.default for option in data_set.options}

    builder = data_set.builder(tmp_path, **defaults)

    assert builder.name == name
    description = Description.from_json(builder.info.metadata)
    skeleton = builder.info.features["skeleton"].shape
    assert skeleton == (
        None,
        description.bodies,
        len(description.skeleton.joints),
        3,
    )
    assert builder.info.features["label"].names == list(description.classes)


@pytest.mark.parametrize("name", datasets.names())
def test_an_option_has_the_default_of_the_builder(name, tmp_path):
    data_set = datasets.get(name)
    builder = data_set.builder(tmp_path)
    arguments = inspect.signature(type(builder).__init__).parameters
    for option in data_set.options:
        assert option.choices == () or option.default in option.choices
        if option.name == "config":  # Of every TFDS builder.
            assert builder.builder_config.name == option.default
        else:
            assert arguments[option.name].default == option.default


def test_data_sets_share_an_option():
    share, own = (
        datasets.Option(name, default=False, help="") for name in ("a", "b")
    )
    again = dataclasses.replace(share)
    assert users_of({"one": [share], "two": [own, again]}) == {
        share: ["one", "two"],
        own: ["two"],
    }
    assert datasets.options()[ON_BAD_FILE] == ["ntu", "FOLDER"]


def test_different_options_of_one_name_are_an_error():
    one, other = (
        datasets.Option("a", default, help="") for default in (False, True)
    )
    with pytest.raises(ValueError, match=r"`a` must be .*of one; .*of two"):
        users_of({"one": [one], "two": [other]})


@pytest.mark.parametrize("name", SKELETONS)
def test_a_folder_and_a_zip_give_the_clips_of_the_survey(name, tmp_path):
    data_set = datasets.get(name)
    folder, path = tmp_path / "raw", tmp_path / "raw.zip"
    write_raw(name, folder)
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))

    clips = dict(data_set.recordings(folder))

    found = data_set.survey(folder).recordings
    assert list(clips) == [recording.clip_id for recording in found]
    for skeleton in clips.values():
        assert skeleton.dtype == np.float32
        assert skeleton.shape == (len(skeleton), *SKELETONS[name])
    zipped = dict(data_set.recordings(path))
    assert list(zipped) == list(clips)
    for clip_id, skeleton in clips.items():
        np.testing.assert_array_equal(zipped[clip_id], skeleton)


@pytest.mark.parametrize("name", SKELETONS)
def test_a_single_file_is_read_wherever_it_is(name, tmp_path):
    data_set = datasets.get(name)
    write_raw(name, tmp_path / "raw")
    file = a_file(tmp_path / "raw")
    lone = tmp_path / f"some{file.suffix}"
    lone.write_bytes(file.read_bytes())

    ((clip, skeleton),) = data_set.recordings(lone)

    assert clip == str(lone)
    expected = data_set.read(file.read_bytes(), "")
    np.testing.assert_array_equal(skeleton, expected)


@pytest.mark.parametrize("name", SKELETONS)
def test_a_path_without_recordings_is_an_error_that_names_it(name, tmp_path):
    data_set = datasets.get(name)
    with pytest.raises(RawDataError) as error:
        next(data_set.recordings(tmp_path))
    assert f"{tmp_path}: expected recordings of {name}" in str(error.value)

    with pytest.raises(RawDataError, match=r"nowhere: expected a recording"):
        next(data_set.recordings(tmp_path / "nowhere"))


def test_files_in_another_layout_are_named(tmp_path):
    stray = tmp_path / "skeleton_pos.txt"
    stray.touch()
    with pytest.raises(RawDataError) as error:
        next(datasets.get("sbu").recordings(tmp_path))
    assert f"skeleton_pos.txt: 1 ({stray})" in str(error.value)


@pytest.mark.parametrize("name", SKELETONS)
def test_a_damaged_file_is_named_with_its_line(name, tmp_path):
    file = tmp_path / "damaged"
    file.write_text("damage")
    with pytest.raises(RawDataError) as error:
        next(datasets.get(name).recordings(file))
    assert str(error.value).startswith(f"{file}, line 1")
