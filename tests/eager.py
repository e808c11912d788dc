"""Trainings without graphs, which take seconds to trace.

For tests whose claims need no graph: of files, flags, splits and resuming.
"""

import contextlib
import warnings
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def eager() -> Iterator[None]:
    """Runs every `tf.function` as it is written, but for those of `tf.data`."""
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            # Each data set warns that its functions are graphs nevertheless.
            warnings.filterwarnings("ignore", "Even though the `tf.config")
            yield
    finally:
        tf.config.run_functions_eagerly(False)
