"""Clips to compare exported models on."""

import pathlib

import numpy as np
import tensorflow_datasets as tfds

from stalstm import input_pipeline
from stalstm.models.classifier import Classifier
from stalstm.runtime.litert import InputError, check_clip

# A clip `(frames, bodies, joints, 3)` and its label, `None` if unknown.
Labelled = tuple[np.ndarray, int | None]


def load(
    model: Classifier, data_dir: pathlib.Path, split: str, number: int
) -> tuple[list[Labelled], int]:
    """Reads the first clips of a split.

    Args:
        model: The model that is to take them.
        data_dir: Folder of the prepared data set.
        split: Name of the split.
        number: How many clips to read at most.

    Returns:
        The clips, and the number of further ones that the model refuses, since
        too few bodies appear in them.
    """
    builder = tfds.builder_from_directory(data_dir)
    clips: list[Labelled] = []
    refused = 0
    joints = len(model.skeleton.joints)
    for inputs, label in (
        input_pipeline.load_clips(builder, split)
        .take(number)
        .as_numpy_iterator()
    ):
        try:
            skeleton = check_clip(
                inputs["skeleton"], model.bodies, joints, model.least_bodies
            )
        except InputError:
            refused += 1
        else:
            clips.append((skeleton, int(label)))
    return clips, refused


def random(model: Classifier, frames: int) -> np.ndarray:
    """A clip `(frames, bodies, joints, 3)` of random movement.

    The same number of frames gives the same clip.
    """
    rng = np.random.default_rng(frames)
    joints = len(model.skeleton.joints)
    pose = rng.normal(scale=0.4, size=(model.bodies, joints, 3))
    noise = rng.normal(scale=0.05, size=(frames, *pose.shape))
    skeleton = pose + noise.cumsum(axis=0) + [0, 0, 3]
    return skeleton.astype(np.float32)
