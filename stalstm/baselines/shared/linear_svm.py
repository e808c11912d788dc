"""Linear support vector machines, with C chosen on the training clips."""

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC


def linear_svm(seed: int, **arguments) -> LinearSVC:
    """A linear one-against-all SVM, solved as precisely as LIBLINEAR does.

    scikit-learn's own default is a thousand times stricter; on SBU it takes
    several times as long and predicts the same. Features must not be much
    smaller than one: of those, the solver stops too soon.
    """
    return LinearSVC(tol=0.1, random_state=seed, **arguments)


def scaled_linear_svm(seed: int) -> Pipeline:
    """`linear_svm` of features with mean 0 and variance 1."""
    return make_pipeline(StandardScaler(), linear_svm(seed))


def tuned(
    classifier: BaseEstimator, parameter: str, values: Sequence[float]
) -> GridSearchCV:
    """A classifier that chooses one of its parameters by cross-validation.

    The training clips are split into five parts, in their order and stratified
    by class, or into fewer if no class has five clips; then all of them train
    with the best value.

    Args:
        classifier: Estimator of clips.
        parameter: Name of the parameter, such as `"linearsvc__C"`.
        values: Values to try.
    """
    return GridSearchCV(
        classifier, {parameter: list(values)}, cv=_UpToFiveParts()
    )


class _UpToFiveParts(StratifiedKFold):
    def get_n_splits(self, X=None, y=None, groups=None):
        return int(min(5, np.unique(y, return_counts=True)[1].max()))

    def split(self, X, y, groups=None):
        return StratifiedKFold(self.get_n_splits(X, y)).split(X, y)
