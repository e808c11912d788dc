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


def test_samples_memory_of_a_program_and_of_its_children():
    child = "x = bytearray(200 * 2**20); print(len(x)); input()"
    code = f"""
import subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c", {child!r}],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
)
child.stdout.readline()
time.sleep(0.5)
child.communicate(b"\\n")
"""
    sampled = run(code, sample_every=0.05)
    assert max(sampled.samples) > 200 > min(sampled.samples)
    assert not run("print(1)").samples


def test_a_sampled_program_that_fails_says_so():
    with pytest.raises(SystemExit, match="exit status 3"):
        run("import sys; sys.exit(3)", sample_every=0.01)
