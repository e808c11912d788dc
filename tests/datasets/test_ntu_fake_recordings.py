import subprocess
import sys

import pytest

from datasets.ntu import fake_recordings, recordings
from datasets.ntu.fake_recordings import write_fake_recordings


def run(*arguments):
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "datasets.ntu.fake_recordings",
            *map(str, arguments),
        ],
        capture_output=True,
        text=True,
    )


def test_the_command_writes_what_it_is_told_to_and_says_so(tmp_path):
    result = run(tmp_path / "new/ntu.zip", "--clips=8", "--classes=4")

    assert result.returncode == 0
    said = f"Wrote 8 recordings to {tmp_path / 'new/ntu.zip'}\n"
    assert (result.stdout, result.stderr) == (said, "")
    survey = recordings.survey(tmp_path / "new")
    actions = [x.action for x in survey.recordings]
    assert sorted(actions) == [1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected the folder or the zip to write. Received: nothing"),
        (("a", "80", "4"), "Received: ['a', '80', '4']"),
        (("--classes=121", "a"), "--classes=121"),
        ((".",), "must not exist yet"),
    ],
)
def test_what_it_cannot_do_is_an_error_in_a_line(arguments, message):
    result = run(*arguments)

    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["raw.zip", "raw"])
def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch, name):
    def break_down(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(fake_recordings, "_recording", break_down)
    with pytest.raises(KeyboardInterrupt):
        write_fake_recordings(tmp_path / name)

    assert not list(tmp_path.iterdir())
