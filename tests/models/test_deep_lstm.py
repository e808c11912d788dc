import numpy as np
import pytest

from stalstm.models.deep_lstm import DeepLSTM
from tests import reference
from tests.models.model_test import (
    INPUTS,
    LENGTHS,
    make_model,
    run_model_test,
)


@pytest.mark.long(seconds=10)
def test_is_a_good_model(tmp_path):
    run_model_test(DeepLSTM, tmp_path, main_layers=2, lambda3=0.01)


def test_scores_the_classes_by_the_last_frame():
    model = make_model(DeepLSTM)
    logits = model(INPUTS)["logits"].numpy()
    for n, length in enumerate(LENGTHS):
        clip = INPUTS["skeleton"][n, :length].reshape(length, 18)
        scores = reference.main_lstm(model.main_lstm, clip)
        np.testing.assert_allclose(logits[n], scores[-1], rtol=1e-4, atol=1e-5)
