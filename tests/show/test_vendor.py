import gzip
import hashlib
import pathlib
import tarfile

import pytest

from stalstm import files
from stalstm.show import vendor


def test_every_library_is_as_it_came_and_has_its_licence():
    versions = files.read_json(vendor.FOLDER / "versions.json")
    expected = {"versions.json"}
    for name, about in versions.items():
        if about["licence"] != "Apache-2.0":
            expected.add(f"LICENSE.{name}")
        for file, checksum in about["sha256"].items():
            expected.add(f"{file}.gz")
            data = gzip.decompress((vendor.FOLDER / f"{file}.gz").read_bytes())
            assert hashlib.sha256(data).hexdigest() == checksum, file
    assert {x.name for x in vendor.FOLDER.iterdir()} == expected
    assert {
        name: (about["version"], about["licence"])
        for name, about in versions.items()
    } == {x.name: (x.version, x.licence) for x in vendor.PACKAGES}


def test_a_package_without_a_file_that_is_wanted_is_an_error(monkeypatch):
    def npm(command, cwd, **_):
        with tarfile.open(pathlib.Path(cwd) / "x.tgz", "w:gz") as tar:
            tar.addfile(tarfile.TarInfo("package/build/three.core.js"))

    monkeypatch.setattr(vendor.subprocess, "run", npm)
    with pytest.raises(ValueError, match=r"no build/three\.module\.js, ex"):
        vendor.download(vendor.PACKAGES[0])
