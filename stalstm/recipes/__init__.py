"""Recipes: a short module for each data set, or for a purpose.

It defines `RECIPE`, or a function `recipe(data)` that chooses one by what the
data set says of itself, and returns it with a line about each choice.
"""

import importlib
import pkgutil

from stalstm.description import Description
from stalstm.recipe import Recipe


def names() -> list[str]:
    """Names of all recipes."""
    return [x.name for x in pkgutil.iter_modules(__path__)]


def get(name: str, data: Description) -> tuple[Recipe, list[str]]:
    """A recipe by its name.

    Args:
        name: One of `names`, or the name of a data set: one without a recipe
            of its own gets the default values.
        data: What the data set says of itself.

    Returns:
        The recipe, and a line about each choice that it made by the data.
    """
    if name not in names():
        return Recipe(), []
    module = importlib.import_module(f"{__name__}.{name}")
    if hasattr(module, "RECIPE"):
        return module.RECIPE, []
    return module.recipe(data)
