import os
import pathlib
import shlex
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from datasets.custom.check import check
from tests.own_folder import OwnFolder

ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return OwnFolder(pathlib.Path("my waving"))


def printed(capsys):
    return capsys.readouterr().out


def last_command(text):
    return shlex.split(text.splitlines()[-1])


def test_a_clean_folder_ends_with_the_command_to_train(folder, capsys):
    assert check(folder.write(), processes=1) == 0
    text = printed(capsys)
    assert text.startswith(
        "Nothing is wrong with my waving, and nothing is odd.\n"
    )
    assert "\nClips: 24, in 3 classes: bow 8, jump 8, wave 8\n" in text
    python, script, dataset = last_command(text)
    assert os.path.samefile(python, sys.executable)
    assert os.path.samefile(script, ROOT / "train.py")
    assert dataset == "--dataset=my waving"


def test_what_is_odd_does_not_prevent_a_training(folder, capsys):
    folder.clips["bow/ann_1.npy"] = folder.clips["bow/ann_1.npy"][:1]
    assert check(folder.write(), processes=1) == 1
    text = printed(capsys)
    assert text.startswith(
        "Odd:\n\n"
        "  1 clip of a single frame, in which nothing can move:\n"
        "  - bow/ann_1.npy (line 2)\n\n"
        "Clips: 24,"
    )
    assert last_command(text)[-1] == "--dataset=my waving"


def test_what_is_wrong_is_to_be_corrected_first(folder, capsys):
    folder.skeleton["sensor"] = "v1"
    folder.clips["bow/ann_1.npy"] = folder.clips["bow/ann_1.npy"][:, :15]
    folder.clips["bow/ben_1.npy"][:] = 0
    assert check(folder.write(), processes=1) == 2
    text = printed(capsys)
    assert (
        text.index("Wrong:\n\n  1 clip cannot be read:")
        < text.index("Odd:\n\n  Nobody is in 1 clip")
        < text.index("Notes:\n\n  skeleton.json has keys")
        < text.index("Clips: 24,")
    )
    assert "train.py" not in text
    assert last_command(text)[1:] == [
        "-m",
        "datasets.custom.check",
        "my waving",
    ]


def test_a_folder_that_is_called_like_a_data_set_is_told_apart(folder, capsys):
    folder.path = pathlib.Path("sbu")
    check(folder.write(), processes=1)
    assert last_command(printed(capsys))[-1] == "--dataset=./sbu"


def test_the_picture_is_outside_of_the_folder(folder, capsys):
    check(folder.write(), processes=1)
    assert "Picture: my waving_check.png, a frame of every class" in printed(
        capsys
    )
    with Image.open("my waving_check.png") as image:
        assert np.ptp(np.array(image)) > 200
    files = {x.name for x in folder.path.rglob("*") if x.is_file()}
    assert files == {
        "skeleton.json",
        "manifest.csv",
        *(pathlib.Path(x).name for x in folder.clips),
    }
    for out in ("my waving/x.png", "my waving/../my waving/deep/x.png"):
        with pytest.raises(ValueError, match="outside of the recordings"):
            check(folder.path, pathlib.Path(out))
    with pytest.raises(ValueError, match=r"ends with \.png"):
        check(folder.path, pathlib.Path("x.txt"))


def test_without_a_clip_there_is_no_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert check(tmp_path / "nowhere") == 2
    assert "Picture" not in printed(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_cannot_be_written_is_no_failure(folder, capsys):
    pathlib.Path("file").touch()
    out = pathlib.Path("file/picture.png")
    assert check(folder.write(), out, processes=1) == 0
    assert "Picture: not drawn." in printed(capsys)


def test_many_classes_are_drawn_in_part(folder, capsys, monkeypatch):
    monkeypatch.setattr("datasets.custom.check.DRAWN", 2)
    check(folder.write(), processes=1)
    assert "a frame of 2 of 3 classes" in printed(capsys)


def run(*arguments):
    """The command, which must do without TensorFlow."""
    code = (
        "import runpy, sys; sys.modules['tensorflow'] = None; "
        "runpy.run_module('datasets.custom.check', run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_the_exit_status_is_for_scripts(folder):
    folder.clips["bow/ann_1.npy"] = folder.clips["bow/ann_1.npy"][:1]
    done = run("--out=deep/picture.png", folder.write())
    assert done.returncode == 1
    assert done.stdout.startswith("Odd:\n")
    assert done.stderr == ""
    assert pathlib.Path("deep/picture.png").exists()
    refused = run()
    assert refused.returncode == 2
    assert refused.stderr == "expected a folder. Received: nothing\n"
