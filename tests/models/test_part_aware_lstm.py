import numpy as np
import pytest

from stalstm.models.part_aware_lstm import PartAwareLSTM
from tests import reference
from tests.models import model_test
from tests.models.body import SKELETON, check_recurrence

KWARGS = {"skeleton": SKELETON, "units": 10}
INPUTS = model_test.make_inputs(SKELETON)


@pytest.mark.long(seconds=10)
def test_is_a_good_model(tmp_path):
    model_test.run_model_test(PartAwareLSTM, tmp_path, lambda3=0.01, **KWARGS)


def test_each_part_has_its_memory_in_each_layer():
    model = model_test.make_model(PartAwareLSTM, **KWARGS)
    first, second = model.main_lstm.layers
    names = list(SKELETON.parts)
    expected = [
        next(names.index(x) for x in names if joint in SKELETON.parts[x])
        for joint in SKELETON.joints
    ]
    assert list(first.parts) == expected * 2
    assert list(second.parts) == list(range(5))


def test_scores_the_classes_by_the_last_frame():
    model = model_test.make_model(PartAwareLSTM, **KWARGS)
    logits = model(INPUTS)["logits"].numpy()
    w = reference.weights(model.main_lstm.score)
    for n, length in enumerate(INPUTS["length"]):
        hidden = INPUTS["skeleton"][n, :length].reshape(length, -1)
        for layer in model.main_lstm.layers:
            hidden = reference.part_lstm(layer, hidden)
        expected = hidden[-1] @ w["kernel"] + w["bias"]
        np.testing.assert_allclose(logits[n], expected, rtol=1e-4, atol=1e-5)


def test_both_recurrences_agree():
    check_recurrence(model_test.make_model(PartAwareLSTM, **KWARGS), 2)


def test_a_skeleton_without_parts_is_an_error():
    with pytest.raises(ValueError, match="skeleton three, which has no parts"):
        model_test.make_model(PartAwareLSTM)


def test_units_must_divide_by_the_parts():
    with pytest.raises(ValueError, match=r"parts, 5\. Received: units=12"):
        model_test.make_model(PartAwareLSTM, **{**KWARGS, "units": 12})
