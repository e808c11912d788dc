import gzip
import hashlib

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
