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

from stalstm import files

FOLDER = pathlib.Path(__file__).parent / "web" / "vendor"
# Name and version of each package, its licence, and what we take of it.
PACKAGES = (
    (
        "three",
        "0.187.0",
        "MIT",
        (
            "build/three.core.js",
            "build/three.module.js",
            "examples/jsm/controls/OrbitControls.js",
        ),
    ),
    ("uplot", "1.6.32", "MIT", ("dist/uPlot.esm.js", "dist/uPlot.min.css")),
)


def main() -> None:
    """Downloads every package, and writes the files that are different."""
    FOLDER.mkdir(exist_ok=True)
    versions = {}
    for name, version, licence, wanted in PACKAGES:
        content = download(name, version, ("LICENSE", *wanted))
        put(FOLDER / f"LICENSE.{name}", content.pop("LICENSE"))
        versions[name] = {
            "version": version,
            "licence": licence,
            "sha256": {x: checksum(data) for x, data in content.items()},
        }
        for file, data in content.items():
            # Without a time, the same file is compressed to the same bytes.
            put(FOLDER / f"{file}.gz", gzip.compress(data, mtime=0))
        print(f"{name} {version}: {', '.join(wanted)}")
    files.write_json(FOLDER / "versions.json", versions)


def download(
    name: str, version: str, wanted: tuple[str, ...]
) -> dict[str, bytes]:
    """The content of some files of an npm package, by their names."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", f"{name}@{version}"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (archive,) = pathlib.Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            found = [tar.extractfile(f"package/{x}") for x in wanted]
            return {
                pathlib.PurePath(x).name: file.read()
                for x, file in zip(wanted, found, strict=True)
                if file
            }


def put(path: pathlib.Path, data: bytes) -> None:
    """Writes a file."""
    with files.replacing(path) as temporary:
        temporary.write_bytes(data)


def checksum(data: bytes) -> str:
    """SHA-256 of the content of a file."""
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    main()
