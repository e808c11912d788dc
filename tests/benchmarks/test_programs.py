import sys

import pytest

from benchmarks import programs


def run(code, **kwargs):
    return programs.run([sys.executable, "-c", code], **kwargs)


def test_a_program_is_measured_and_its_last_json_is_read():
    finished = run("print('{}'); print('{\"a\": 1}'); print('the end')")
    assert finished.json() == {"a": 1}
    assert finished.seconds > 0
    # Linux counts what the parent has when it starts the program.
    assert finished.peak_memory_mib > 1


def test_output_and_environment_are_as_asked(tmp_path):
    file = tmp_path / "output.txt"
    code = "import os; print(os.environ['ASKED'], flush=True); os.abort()"
    with pytest.raises(SystemExit):
        run(code, environment={"ASKED": "so"}, output=file)
    assert file.read_text().startswith("so")


def test_a_failure_is_shown_with_the_end_of_the_output():
    with pytest.raises(SystemExit, match=r"status 1:(.|\n)*no such thing"):
        run("raise SystemExit('no such thing')")
    with pytest.raises(SystemExit, match="expected a program"):
        programs.run(["/there/is/none"])
