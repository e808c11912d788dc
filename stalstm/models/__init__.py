"""The models, by name: a file each, which ends with `MODEL = ItsClass`.

A new model is a new file: see `stalstm.models.deep_lstm`.
"""

import importlib
import pkgutil

from stalstm.models.classifier import Classifier

MODELS: dict[str, type[Classifier]] = {
    module.name: importlib.import_module(f"{__name__}.{module.name}").MODEL
    for module in pkgutil.iter_modules(__path__)
    if module.name != "classifier"
}
