"""What `make demo` and `make test` install."""

import re

import pytest

from benchmarks.tables import ROOT

PIN = re.compile(
    r"^([\w.-]+==\S+)((?:.*\\\n\s+--hash=sha256:[0-9a-f]{64})*)", re.M
)


def pins(name):
    """The lines of a file, `name==version`, with what follows each."""
    return dict(PIN.findall((ROOT / name).read_text()))


@pytest.mark.parametrize("name", ["uv", "demo", "test"])
def test_every_file_that_is_installed_has_a_hash(name):
    """Otherwise: `make pins`."""
    locked = pins(f"hashes/{name}.txt")
    assert locked
    assert all("--hash=sha256:" in x for x in locked.values())
    assert locked.keys() <= pins("constraints.txt").keys()


def test_the_tests_have_what_the_demo_has():
    everything = pins("hashes/test.txt").keys()
    assert pins("hashes/demo.txt").keys() < everything
    assert everything == pins("constraints.txt").keys()
