"""Path flags, and commands to print."""

import os
import pathlib
import shlex
import sys
from typing import Any

from absl import flags


class _PathParser(flags.ArgumentParser):
    def parse(self, argument: Any) -> pathlib.Path:
        return pathlib.Path(argument).expanduser()

    def flag_type(self) -> str:
        return "path"


def DEFINE_path(
    name: str, default: str | None, help: str, required: bool = False
) -> flags.FlagHolder:
    """Defines an absl flag whose value is a `pathlib.Path`, `~` expanded."""
    return flags.DEFINE(
        _PathParser(),
        name,
        default,
        help,
        serializer=flags.ArgumentSerializer(),
        required=required,
    )


def command(*arguments: str) -> str:
    """A command line that runs this Python, for printing."""
    return shlex.join([os.path.relpath(sys.executable), *arguments])


def script(name: str) -> str:
    """Path of one of the scripts next to this package, for printing."""
    return os.path.relpath(pathlib.Path(__file__).parents[1] / name)
