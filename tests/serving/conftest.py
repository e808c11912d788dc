"""One small model, exported once for all tests of serving."""

import pathlib

import numpy as np
import pytest

import export
from stalstm.serving import trained
from tests.serving import fake_server, fake_workdir


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> trained.Trained:
    """A network with small layers and large, random weights."""
    path = tmp_path_factory.mktemp("workdir")
    fake_workdir.write(path)
    return trained.load(path)


@pytest.fixture(scope="session")
def clips() -> list[np.ndarray]:
    """Clips of 1 to 20 frames, two bodies."""
    return fake_workdir.random_clips([1, 2, 3, 5, 12, 20])


@pytest.fixture(scope="session")
def export_dir(small, clips, tmp_path_factory) -> pathlib.Path:
    """What `export.py` leaves: the model `small`, version 1."""
    folder = tmp_path_factory.mktemp("exported")
    labelled = [(x, None) for x in clips]
    export.export(small, folder, "small", labelled, "random clips", frames=24)
    return folder


@pytest.fixture(scope="session")
def servable(export_dir) -> fake_server.Servable:
    return fake_server.Servable("small", export_dir / "small/1")


@pytest.fixture(params=["grpc", "rest"])
def server(request, servable):
    """A server, and where it is."""
    serve = getattr(fake_server, f"{request.param}_server")
    with serve(servable) as (running, address):
        yield running, address
