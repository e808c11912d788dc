import random
import textwrap

import pytest

from benchmarks.reliability import kills, victims
from datasets.sbu.dummy_data_generation import write_dummy_recordings


def program(code):
    """A program that gets the names `files`, `folder` and `time`."""
    setup = "import pathlib, sys, time; from stalstm import files\n"
    setup += "folder = pathlib.Path(sys.argv[1])\n"
    code = setup + textwrap.dedent(code)
    return victims.Program(lambda folder: ["-c", code, str(folder)])


def last(name, program, number):
    rng = random.Random(f"0 {name}")
    *_, result = kills.attack(program, number, rng)
    return result


def test_what_is_written_whole_and_resumed_is_fine():
    careful = program(
        """
        folder.mkdir(exist_ok=True)
        for number in range(20):
            path = folder / f"{number}.json"
            if not path.exists():
                files.write_json(path, {"seconds": time.time()})
            time.sleep(0.01)
        """
    )
    result = last("careful", careful, 5)
    assert result["kills"] >= 5
    assert result["opened"] > 20
    assert not result["findings"]


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        (
            """
            with (folder / "half.json").open("w") as file:
                file.write('{"a"')
                file.flush()
                time.sleep(0.3)
                file.write(": 1}")
            """,
            "half.json: JSONDecodeError",
        ),
        (
            """
            with (folder / "count.txt").open("a") as file:
                for _ in range(20):
                    file.write("x")
                    file.flush()
                    time.sleep(0.02)
            """,
            "count.txt",
        ),
    ],
)
def test_what_is_not_is_found(code, finding):
    careless = program("folder.mkdir(exist_ok=True)\n" + textwrap.dedent(code))
    result = last("careless", careless, 20)
    assert any(finding in x for x in result["findings"])


def test_a_program_that_fails_is_no_end():
    with pytest.raises(RuntimeError, match="no such thing"):
        last("failing", program("raise SystemExit('no such thing')"), 1)


@pytest.mark.long(seconds=25)
def test_a_preparation_ends_as_if_nobody_had_killed_it(tmp_path):
    write_dummy_recordings(tmp_path)
    preparation = victims.Program(
        lambda folder: [
            *("-c", victims.PREPARE, "sbu", str(tmp_path), str(folder))
        ]
    )
    result = last("preparation", preparation, 2)
    assert result["opened"] > 0
    assert not result["findings"], result


def test_versions_are_compared_one_by_one(tmp_path):
    for version in (1, 2):
        (tmp_path / f"sbu/{version}").mkdir(parents=True)
        (tmp_path / f"sbu/{version}/a.txt").write_text("same")
    found = victims.state(tmp_path)
    assert not victims.differences({"1": found["1"]}, found)
    (tmp_path / "sbu/2/a.txt").write_text("else")
    (tmp_path / "sbu/2/tmp_b").write_text("left over")
    expected = {"1": found["1"]}
    assert victims.differences(expected, victims.state(tmp_path)) == [
        "2 sbu/*/a.txt",
        "2 sbu/*/tmp_b",
    ]


def test_a_file_that_may_not_grow_is_an_error(tmp_path):
    writes = program("files.write_text(folder / 'a.txt', 10_000 * 'x')")
    ended = victims.run(writes, tmp_path, largest=4096)
    assert ended is not None
    assert ended.returncode == 1
    assert str(tmp_path / "a.txt") in ended.stdout
    assert not list(tmp_path.iterdir())
    assert kills.to_its_end(writes, tmp_path)
