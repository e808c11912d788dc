"""Human action recognition from 3-D skeletons by attention LSTMs.

import stalstm

model = stalstm.load("workdirs/sbu_fold_3_seed_0")  # or a file, or a folder
print(model.predict(skeleton)["label"])  # (frames, bodies, joints, 3)
"""

import os
from typing import Any

# Set before importing TensorFlow, to silence its startup warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def load(name_or_path: str | os.PathLike[str], **options: Any) -> Any:
    """See `stalstm.loading.load`."""
    from stalstm import loading

    return loading.load(name_or_path, **options)


def connect(server: str, model: str, **options: Any) -> Any:
    """See `stalstm.runtime.client.connect`."""
    from stalstm.runtime import client

    return client.connect(server, model, **options)
