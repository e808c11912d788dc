"""The classical methods of the paper's tables, by name: a file each.

A file ends with `BASELINE = estimator`, a function that makes an unfitted
scikit-learn estimator for a data set:

    classifier = BASELINES["lie_group"](description, seed)
    classifier.fit(clips, labels)
    predicted = classifier.predict(clips)

`clips` is a list of skeletons `(frames, bodies, joints, 3)`, float32, in metres
in camera space (x to the left of the image, y up, z away from the camera); an
absent body is all zeros. `labels` are integers. What several methods share is
in `stalstm.baselines.shared`. TensorFlow is not needed.
"""

import importlib
import pkgutil
from collections.abc import Callable

try:
    from sklearn.base import BaseEstimator
except ImportError as error:
    raise ImportError(
        "The baselines need scikit-learn: pip install stalstm[baselines]. "
        f"Received: {error}"
    ) from error

from stalstm.description import Description

BASELINES: dict[str, Callable[[Description, int], BaseEstimator]] = {
    module.name: importlib.import_module(f"{__name__}.{module.name}").BASELINE
    for module in pkgutil.iter_modules(__path__)
    if not module.ispkg
}
