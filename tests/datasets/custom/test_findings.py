import pathlib

from datasets.custom.findings import (
    Severity,
    counted,
    enumerated,
    note,
    odd,
    relative,
    wrong,
)


def test_a_finding_is_a_paragraph_that_names_the_first_places():
    places = (f"clip {number}" for number in range(1, 43))
    assert str(
        odd("Something is odd, in many more clips than fit:", places)
    ) == (
        "  Something is odd, in many more clips than fit:\n"
        "  - clip 1\n"
        "  - clip 2\n"
        "  - clip 3\n"
        "  - clip 4\n"
        "  - clip 5\n"
        "  - and 37 more"
    )
    assert str(note("Alone.")) == "  Alone."


def test_no_line_is_longer_than_80_characters():
    text = "a few words " * 20
    lines = str(wrong(text, [text])).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line.startswith("  ") for line in lines)


def test_the_names_of_files_are_not_broken():
    name = "a-very/long-name/" * 8
    assert name in str(wrong("Wrong:", [f"the file {name} is here"]))


def test_the_severity_is_the_exit_status():
    found = [note("a"), odd("b"), wrong("c")]
    assert [x.severity for x in found] == [0, 1, 2]
    assert max(Severity) == Severity.WRONG


def test_things_are_counted_in_words():
    assert counted(1, "clip") == "1 clip"
    assert counted(1200, "class") == "1,200 classes"
    assert enumerated(["a", "b"]) == "a, b"
    assert enumerated([*"abcdefghijk"]) == "a, b, c, d, e and 6 more"


def test_messages_have_paths_inside_the_folder():
    folder = pathlib.Path("some", "where")
    text = f"{folder / 'a' / 'b.npy'}: bad"
    assert relative(text, folder) == f"{pathlib.Path('a', 'b.npy')}: bad"
