"""Paths from the command line, and commands to show."""

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
    """A command that runs this Python, to show in a terminal."""
    return shlex.join([os.path.relpath(sys.executable), *arguments])


def script(name: str) -> str:
    """Path of one of the scripts next to this package, to show."""
    return os.path.relpath(pathlib.Path(__file__).parents[1] / name)
