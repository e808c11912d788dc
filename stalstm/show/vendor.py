"""Renews the libraries of the pages from npm: `make vendor`.

They lie in `stalstm/show/web/vendor/`, as npm has them but compressed, with
their licences; `versions.json` says which versions they are and has the
checksum of each file. Nobody else needs npm.
"""

import gzip
import hashlib
import pathlib
import subprocess
import tarfile
import tempfile
from typing import NamedTuple

from stalstm import files

FOLDER = pathlib.Path(__file__).parent / "web" / "vendor"


class Package(NamedTuple):
    """A package of npm.

    Attributes:
        name, version: As npm has them.
        licence: Its SPDX name. The text comes with the package, but for that
            of Apache-2.0, which lies at the root of this repository.
        files: What we call each file that we take.
    """

    name: str
    version: str
    licence: str
    files: dict[str, str]


# What we take of each package: files of it, and what we call them.
PACKAGES = (
    Package(
        "three",
        "0.187.0",
        "MIT",
        {
            "build/three.core.js": "three.core.js",
            "build/three.module.js": "three.module.js",
            "examples/jsm/controls/OrbitControls.js": "OrbitControls.js",
        },
    ),
    Package(
        "uplot",
        "1.6.32",
        "MIT",
        {
            "dist/uPlot.esm.js": "uPlot.esm.js",
            "dist/uPlot.min.css": "uPlot.min.css",
        },
    ),
    # The build that needs least of a browser: no threads, no relaxed SIMD.
    Package(
        "@litertjs/core",
        "2.5.3",
        "Apache-2.0",
        {
            "dist/index.js": "litert.js",
            "wasm/litert_wasm_compat_internal.js": "litert_wasm.js",
            "wasm/litert_wasm_compat_internal.wasm": "litert_wasm.wasm",
        },
    ),
    Package(
        "@litertjs/wasm-utils",
        "2.5.3",
        "Apache-2.0",
        {"dist/index.js": "litert_wasm_utils.js"},
    ),
)


def main() -> None:
    """Downloads every package, and writes the files that are different."""
    FOLDER.mkdir(exist_ok=True)
    versions = {}
    for package in PACKAGES:
        content = download(package)
        if "LICENSE" in content:
            put(FOLDER / f"LICENSE.{package.name}", content.pop("LICENSE"))
        versions[package.name] = {
            "version": package.version,
            "licence": package.licence,
            "sha256": {x: checksum(data) for x, data in content.items()},
        }
        for file, data in content.items():
            # Without a time, the same file is compressed to the same bytes.
            put(FOLDER / f"{file}.gz", gzip.compress(data, mtime=0))
        print(f"{package.name} {package.version}: {', '.join(content)}")
    files.write_json(FOLDER / "versions.json", versions)


def download(package: Package) -> dict[str, bytes]:
    """The files of a package by our names, and its `LICENSE` if it has one.

    Raises:
        ValueError: The package lacks one of the files.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                "npm",
                "pack",
                "--silent",
                f"{package.name}@{package.version}",
            ],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (archive,) = pathlib.Path(folder).glob("*.tgz")
        content = {}
        with tarfile.open(archive) as tar:
            for member in tar:
                name = member.name.removeprefix("package/")
                file = tar.extractfile(member)
                if file and (name in package.files or name == "LICENSE"):
                    content[package.files.get(name, name)] = file.read()
    if missing := [x for x, y in package.files.items() if y not in content]:
        raise ValueError(
            f"{package.name} {package.version}: expected "
            f"{', '.join(package.files)}. Received: no {', '.join(missing)}"
        )
    return content


def put(path: pathlib.Path, data: bytes) -> None:
    """Writes a file."""
    with files.replacing(path) as temporary:
        temporary.write_bytes(data)


def checksum(data: bytes) -> str:
    """SHA-256 of the content of a file."""
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    main()
