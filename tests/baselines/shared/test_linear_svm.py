import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from stalstm.baselines.shared.linear_svm import scaled_linear_svm, tuned


def test_features_are_scaled():
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    # One channel tells the classes apart, but is small beside a noisy one.
    features = np.stack(
        [labels + rng.normal(size=40) / 10, rng.normal(size=40)], axis=1
    )
    features *= [0.001, 1000]
    assert (
        scaled_linear_svm(0).fit(features, labels).score(features, labels)
        > 0.95
    )


def test_a_parameter_is_chosen_by_cross_validation():
    labels = np.arange(20) % 2
    search = tuned(KNeighborsClassifier(), "n_neighbors", (16, 1))
    search.fit(labels[:, None], labels)
    assert search.best_params_ == {"n_neighbors": 1}


def test_few_clips_a_class_are_split_into_fewer_parts():
    labels = np.array([0, 1, 0, 1, 2])
    search = tuned(KNeighborsClassifier(), "n_neighbors", (1, 2))
    with pytest.warns(UserWarning, match="only 1 members"):  # of class 2
        search.fit(labels[:, None], labels)
    assert search.n_splits_ == 2
