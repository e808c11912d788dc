import pytest

from stalstm import files


def test_json_appears_complete_or_not_at_all(tmp_path):
    path = tmp_path / "x.json"
    files.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        files.write_json(path, {"a": object()})
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
