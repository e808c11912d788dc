"""Recipes: a short module for each data set.

It defines `RECIPE`, or a function `recipe(data)` that chooses one by what the
data set says of itself, and returns it with a line about each choice.
"""

import importlib
import pkgutil

from stalstm.description import Description
from stalstm.recipe import Recipe


def get(name: str, data: Description) -> tuple[Recipe, list[str]]:
    """The recipe for a data set, or the default one if it has none.

    Returns:
        The recipe, and a line about each choice that it made by the data.
    """
    if name not in (x.name for x in pkgutil.iter_modules(__path__)):
        return Recipe(), []
    module = importlib.import_module(f"{__name__}.{name}")
    if hasattr(module, "RECIPE"):
        return module.RECIPE, []
    return module.recipe(data)
