"""Opens a door of the repository in this process."""

import functools
import importlib.util
import pathlib
import types

import pytest
from absl import flags

ROOT = pathlib.Path(__file__).parents[1]


def run(name: str, *arguments: object) -> types.ModuleType:
    """Runs a script, such as `export`, as from the command line.

    The script gets flags of its own: several scripts define the same ones.

    Returns:
        The module of the script.

    Raises:
        absl.flags.Error: A flag is unknown, or its value is not allowed.
        SystemExit: The script ended with an error.
    """
    values = flags.FlagValues()
    spec = importlib.util.spec_from_file_location(name, ROOT / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        for define in [x for x in dir(flags) if x.startswith("DEFINE")]:
            original = getattr(flags, define)
            patch.setattr(
                flags, define, functools.partial(original, flag_values=values)
            )
        spec.loader.exec_module(module)
    module.main(values([f"{name}.py", *map(str, arguments)]))
    return module
