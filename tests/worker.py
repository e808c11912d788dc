"""`train.py` as one of the processes of `test_multi_worker.py`.

    python -m tests.worker INDEX DIES_AT FLAGS

It says what its weights are at every record, writes nothing but as the chief,
and dies at a place such as step_3:7, a stage and an iteration.
"""

import hashlib
import os
import signal
import sys

import keras
import pytest

from stalstm import distribution, files, stage_log
from tests import door

index, dies_at, *flags = sys.argv[1:]
stage_log.PERIOD = 5
distribution.APPEARS_WITHIN = 1
on_train_batch_end = stage_log.StageLog.on_train_batch_end


def digest_weights(self, model):
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(keras.ops.convert_to_numpy(weight).tobytes())
    print(f"weights {self.name} {self.done} {digest.hexdigest()}", flush=True)


def dying(self, batch, logs=None):
    on_train_batch_end(self, batch, logs)
    if dies_at == f"{self.name}:{self.done}":
        os.kill(os.getpid(), signal.SIGTERM)


def forbidden(path):
    raise AssertionError(f"only the chief writes. Received: {path}")


patch = pytest.MonkeyPatch()
patch.setattr(stage_log.StageLog, "check", digest_weights)
patch.setattr(stage_log.StageLog, "on_train_batch_end", dying)
if index != "0":
    patch.setattr(files, "replacing", forbidden)
    patch.setattr(files, "alone", forbidden)
door.run("train", *flags)
