"""Where the tests find real recordings."""

import os
import pathlib

import pytest

DATA = pathlib.Path(
    os.environ.get(
        "STALSTM_TEST_DATA",
        pathlib.Path(__file__).parents[2] / "shared" / "data",
    )
)


@pytest.fixture(scope="session")
def sbu_raw_dir() -> pathlib.Path:
    """The real SBU set, as extracted; the test skips where it is absent."""
    folder = DATA / "sbu"
    if not folder.is_dir():
        pytest.skip(f"no real SBU recordings in {folder}")
    return folder


@pytest.fixture(scope="session")
def ntu_raw_dir() -> pathlib.Path:
    """Real NTU samples, as recorded; the test skips where they are absent."""
    folder = DATA / "ntu"
    if not folder.is_dir():
        pytest.skip(f"no real NTU RGB+D recordings in {folder}")
    return folder
