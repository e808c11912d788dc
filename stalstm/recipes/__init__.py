"""Recipes: a short module for each data set, which defines `RECIPE`."""

import importlib
import pkgutil

from stalstm.recipe import Recipe


def get(name: str) -> Recipe:
    """The recipe for a data set, or the default one if it has none."""
    if name not in (x.name for x in pkgutil.iter_modules(__path__)):
        return Recipe()
    return importlib.import_module(f"{__name__}.{name}").RECIPE
