"""Human action recognition from 3-D skeletons by attention LSTMs.

import stalstm

model = stalstm.load("workdirs/sbu_fold_3_seed_0")  # or a file, or a folder
print(model.predict(skeleton)["label"])  # (frames, bodies, joints, 3)
"""

import os
from typing import Any


def load(name_or_path: str | os.PathLike[str], **options: Any) -> Any:
    """See `stalstm.loading.load`."""
    import stalstm.loading

    return stalstm.loading.load(name_or_path, **options)


def connect(server: str, model: str, **options: Any) -> Any:
    """See `stalstm.runtime.client.connect`."""
    from stalstm.runtime import client

    return client.connect(server, model, **options)
