import concurrent.futures
import errno
import math
import os
import re
import socket
import time

import pytest

from stalstm import files


def test_json_appears_complete_or_not_at_all(tmp_path):
    path = tmp_path / "x.json"
    files.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        files.write_json(path, {"a": object()})
    for number in (math.nan, math.inf):
        with pytest.raises(ValueError, match="not JSON compliant"):
            files.write_json(path, {"a": [number]})
    assert files.read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("folder", [True, False])
def test_a_failure_leaves_nothing_behind(folder, tmp_path):
    path = tmp_path / "made"

    def write():
        with files.replacing(path) as temporary:
            assert temporary.parent == tmp_path
            if folder:
                temporary.mkdir()
                (temporary / "a").write_text("half")
            else:
                temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_named(tmp_path):
    path = tmp_path / "made"
    with (
        pytest.raises(OSError, match=re.escape(f"No space left: '{path}'")),
        files.replacing(path),
    ):
        raise OSError(errno.ENOSPC, "No space left")
    with pytest.raises(OSError, match=r"^other words$"), files.replacing(path):
        raise OSError("other words")


def test_what_a_killed_process_left_is_in_nobody_s_way(tmp_path):
    path = tmp_path / "made"
    with files.replacing(path) as temporary:
        name = temporary
        temporary.mkdir()
    path.rmdir()
    name.mkdir()
    (name / "left").write_text("half")
    with files.replacing(path) as temporary:
        temporary.mkdir()
    assert list(tmp_path.rglob("*")) == [path]


def test_who_is_not_alone_waits_and_says_so(tmp_path, capfd):
    lock = tmp_path / "deep" / "lock"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:

        def enter():
            with files.alone(lock):
                return "entered"

        with files.alone(lock):
            second = pool.submit(enter)
            with pytest.raises(concurrent.futures.TimeoutError):
                second.result(timeout=0.2)
        assert second.result() == "entered"
    me = rf"process {os.getpid()} on {socket.gethostname()}, since 20\S* \S*"
    waiting = rf"Waiting for {me}: it holds {lock}\n"
    assert re.fullmatch(waiting, capfd.readouterr().err)
    assert not lock.exists()


def test_one_of_many_is_alone_at_a_time(tmp_path):
    lock = tmp_path / "lock"
    inside = []

    def enter(number):
        with files.alone(lock):
            inside.append(number)
            time.sleep(0.005)
            assert inside == [number]
            inside.remove(number)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(40)))
    assert not lock.exists()


def test_a_lock_that_a_killed_process_left_is_taken(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text("process 1 on here, since long ago\n")
    with files.alone(lock):
        assert f"process {os.getpid()} on" in lock.read_text()
