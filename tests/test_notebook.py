"""The notebook: what is committed was run, and its code still runs."""

import re
import shlex
import sys

import nbformat
import pytest

from tests import door

PATH = door.ROOT / "examples/quickstart.ipynb"
# A training of its real length takes a minute.
FEWER = ["--set=iterations=2", "--set=main_layers=1", "--noreport"]


@pytest.fixture(scope="module")
def cells():
    notebook = nbformat.read(PATH, as_version=4)
    return [x for x in notebook.cells if x.cell_type == "code"]


def test_it_was_run_from_top_to_bottom(cells):
    assert [x.execution_count for x in cells] == list(range(1, 11))
    outputs = [output for x in cells for output in x.outputs]
    kinds = [x.output_type for x in outputs]
    assert "error" not in kinds
    pictures = [x for x in outputs if "image/png" in x.get("data", {})]
    assert len(pictures) == 3
    for output in outputs:
        text = output.get("text", "")
        assert "Traceback" not in text
        assert not re.search(r"/(home|root|tmp|work)/", text), text


@pytest.mark.long(seconds=15)
def test_its_code_runs(cells, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(PATH.parent)
    monkeypatch.setattr(sys, "path", [*sys.path])
    values: dict = {}
    *first, export, _ = cells
    for cell in first:
        if cell.source.startswith("!"):
            # What only a notebook understands.
            line = cell.source.replace("\\\n", " ").partition(" 2>")[0]
            line = line.replace("{workdir}", str(tmp_path / "run"))
            _, script, *flags = shlex.split(line)
            data_dir = f"--data_dir={tmp_path}"
            door.run(script.removesuffix(".py"), *flags, data_dir, *FEWER)
            values["workdir"] = tmp_path / "run"
        else:
            exec(compile(cell.source, str(PATH), "exec"), values)
    assert "export.py --workdir={workdir}" in export.source
    assert "in the end:" in capsys.readouterr().out
