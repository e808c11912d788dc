"""A newcomer's machine: a clone, a home and an environment of its own."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from tests.door import ROOT

# What this machine needs to reach a package index; a newcomer has it too.
_NETWORK = re.compile(r"PROXY$|SSL|CERT|CA_BUNDLE|^(PIP|UV)_", re.IGNORECASE)
_AUTHOR = ("-c", "user.name=newcomer", "-c", "user.email=newcomer@localhost")


def environment(home: pathlib.Path) -> dict[str, str]:
    """Environment variables of a newcomer.

    Args:
        home: Home of the newcomer. Its package caches are those of the real
            user, to install quickly; a real pip configuration holds too.
    """
    temporary = home.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    real_home = pathlib.Path.home()
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", real_home / ".cache"))
    python = pathlib.Path(os.path.realpath(sys.executable))
    variables = {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([str(python.parent), os.defpath]),
        "PIP_CACHE_DIR": str(cache / "pip"),
        "TERM": "dumb",
        "TMPDIR": str(temporary),
        "UV_CACHE_DIR": str(cache / "uv"),
    }
    for name in ("pip/pip.conf", "uv/uv.toml"):
        file = real_home / ".config" / name
        if file.exists():
            variables[f"{file.stem.upper()}_CONFIG_FILE"] = str(file)
    network = {k: v for k, v in os.environ.items() if _NETWORK.search(k)}
    return {**variables, **network}


def copy_tree(folder: pathlib.Path) -> None:
    """Copies what a clone would hold if all of this tree were committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        # A file that is listed may have been deleted.
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def clone(folder: pathlib.Path) -> None:
    """Makes a clone of this repository, in which all is committed."""
    copy_tree(folder)
    for arguments in (
        ["init", "--quiet"],
        ["add", "--all"],
        [*_AUTHOR, "commit", "--quiet", "--message=All"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True)


def untracked(folder: pathlib.Path) -> list[str]:
    """Changes in a clone, and files that are neither tracked nor ignored."""
    return subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()


def make_environment(folder: pathlib.Path, wheel: pathlib.Path) -> None:
    """Makes a virtual environment with a wheel, as constraints.txt has it."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python, pins = str(folder / "bin/python"), str(ROOT / "constraints.txt")
    what = ["install", "--quiet", "--constraint", pins, str(wheel)]
    uv = [sys.executable, "-m", "uv", "pip", *what, "--python", python]
    # As in the Makefile: some mirrors are known to pip only.
    if subprocess.run(uv).returncode:
        subprocess.run([python, "-m", "pip", *what], check=True)
