"""Where the tests find real recordings, and which tests begin."""

import gc
import os
import pathlib
from collections.abc import Callable, Iterator

import hypothesis
import keras
import pytest

from datasets.sbu.dummy_data_generation import write_dummy_recordings
from stalstm import files
from tests import eager as without_graphs

# Fixtures: small models, exported once for each worker.
pytest_plugins = ["tests.export.exported", "tests.show.browser"]
# A busy machine is no failure.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

DATA = pathlib.Path(
    os.environ.get(
        "STALSTM_TEST_DATA",
        pathlib.Path(__file__).parents[2] / "shared" / "data",
    )
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin, so that none of them ends the run alone."""

    def seconds(item: pytest.Item) -> int:
        mark = item.get_closest_marker("long")
        return mark.kwargs.get("seconds", 10) if mark else 0

    items.sort(key=seconds, reverse=True)


def pytest_collection_finish() -> None:
    """All is imported: the garbage collector need not look through it again."""
    gc.freeze()


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """A test draws the same numbers in every run, whatever ran before it."""
    keras.utils.set_random_seed(0)


@pytest.fixture
def eager() -> Iterator[None]:
    """The test trains without graphs."""
    with without_graphs.eager():
        yield


@pytest.fixture(scope="session")
def once(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Callable[[pathlib.Path], object]], pathlib.Path]:
    """`once(name, make)` is a folder for all workers; the first one makes it.

    Tests only read what is in it.
    """

    def once(name, make):
        base = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            base = base.parent
        folder = base / name
        with files.alone(base / f"{name}.lock"):
            if not folder.exists():
                with files.replacing(folder) as temporary:
                    temporary.mkdir()
                    make(temporary)
        return folder

    return once


@pytest.fixture(scope="session")
def small_sbu(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Flags for a small data set in SBU's format, which the first run prepares.

    Five frames a clip, in every set and fold; their values mean nothing.
    """
    folder = tmp_path_factory.mktemp("small_sbu")
    write_dummy_recordings(folder / "raw", frames=5)
    return [
        "--dataset=sbu",
        f"--raw_dir={folder / 'raw'}",
        f"--data_dir={folder / 'prepared'}",
    ]


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
