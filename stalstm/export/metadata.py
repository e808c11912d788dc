"""What an exported model says about itself."""

import importlib.metadata
from typing import Any

from stalstm.models.classifier import Classifier
from stalstm.runtime.litert import FORMAT_VERSION
from stalstm.workdir import PACKAGES, Trained


def describe(trained: Trained) -> dict[str, Any]:
    """Returns the content of `model.json`, which travels with every export.

    `training` is the workdir's `config.json`, without the place of its data.
    """
    config = trained.records["config"]
    # On clips that it has trained on, an accuracy says nothing.
    tested = config["test_split"] != config["training_split"]
    accuracy = trained.records["evaluation"]["accuracy"] if tested else None
    return {
        "format_version": FORMAT_VERSION,
        **of_model(trained.model),
        "accuracy": accuracy,
        "training": {x: y for x, y in config.items() if x != "data_dir"},
        "export_versions": {
            x: importlib.metadata.version(x)
            for x in (*PACKAGES, "ai-edge-litert")
        },
    }


def of_model(model: Classifier) -> dict[str, Any]:
    """The part of it that a model knows without its training."""
    return {
        "labels": list(model.classes),
        "bodies": model.bodies,
        "joints": list(model.skeleton.joints),
        "skeleton": model.skeleton.to_json(),
        "units": "metres, camera space",
        "least_bodies": model.least_bodies,
        "look_ahead": model.look_ahead,
        "attentions": list(model.attentions),
        "streams": model.cannot_stream is None,
        "cannot_stream": model.cannot_stream,
    }
