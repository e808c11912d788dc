import numpy as np
import pytest

from stalstm.models.co_occurrence_lstm import CoOccurrenceLSTM
from tests import reference
from tests.models import model_test
from tests.models.body import SKELETON, check_litert, check_recurrence

KWARGS = {"skeleton": SKELETON, "units": 6, "groups": 3}
INPUTS = model_test.make_inputs(SKELETON)


def make_model(**kwargs):
    return model_test.make_model(CoOccurrenceLSTM, **{**KWARGS, **kwargs})


@pytest.mark.long(seconds=15)
def test_is_a_good_model(tmp_path):
    model_test.run_model_test(
        CoOccurrenceLSTM, tmp_path, lambda3=0.01, **KWARGS
    )


@pytest.mark.parametrize("pooling", ["sum", "mean"])
def test_fuses_both_directions_between_the_layers(pooling):
    model = make_model(pooling=pooling)
    logits = model(INPUTS)["logits"].numpy()

    def dense(layer, inputs):
        w = reference.weights(layer)
        return inputs @ w["kernel"] + w["bias"]

    for n, length in enumerate(INPUTS["length"]):
        hidden = INPUTS["skeleton"][n, :length].reshape(length, -1)
        hidden = reference.bidirectional(model.bidirectional_1, hidden)
        hidden = np.tanh(dense(model.fusion_1, hidden))
        hidden = reference.bidirectional(model.bidirectional_2, hidden)
        hidden = np.tanh(dense(model.fusion_2, hidden))
        hidden = reference.bidirectional(model.bidirectional_3, hidden)
        scores = dense(model.score, hidden)
        expected = getattr(np, pooling)(scores, axis=0)
        np.testing.assert_allclose(logits[n], expected, rtol=1e-4, atol=1e-5)


def test_loss_has_the_co_occurrence_of_the_first_three_layers():
    model = make_model(lambda3=0.01, lambda_groups=0.02)
    model_test.compile_model(model)
    loss, _ = model.evaluate(INPUTS, model_test.LABELS, verbose=0)
    probabilities = model(INPUTS)["probabilities"].numpy()
    expected = -np.log(probabilities[range(3), model_test.LABELS]).mean()
    for layer in (model.bidirectional_1, model.fusion_1, model.bidirectional_2):
        for name, weight in reference.weights(layer).items():
            if name.split("/")[-1] != "kernel":
                continue
            # Gate by gate.
            for matrix in np.split(weight, weight.shape[1] // 6, axis=1):
                expected += 0.01 * np.abs(matrix).sum()
                expected += 0.02 * reference.co_occurrence(matrix, groups=3)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_dropout_is_that_of_the_last_lstm_layer():
    model = make_model(dropout=0.3)
    in_depth = [
        getattr(layer, "in_depth_dropout", None)
        for both in (
            model.bidirectional_1,
            model.bidirectional_2,
            model.bidirectional_3,
        )
        for layer in both.layers
    ]
    assert in_depth == [None] * 4 + [0.3] * 2
    logits = model(INPUTS)["logits"]
    np.testing.assert_array_equal(model(INPUTS)["logits"], logits)
    assert np.any(model(INPUTS, training=True)["logits"] != logits)


def test_dropout_resumes_from_a_checkpoint(tmp_path):
    model = make_model(dropout=0.3)
    model(INPUTS, training=True)
    model.save_weights(tmp_path / "model.weights.h5")
    expected = model(INPUTS, training=True)["logits"].numpy()
    assert np.any(model(INPUTS, training=True)["logits"].numpy() != expected)
    model.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(
        model(INPUTS, training=True)["logits"], expected
    )


def test_both_recurrences_agree():
    check_recurrence(make_model(), 6)


def test_litert_has_its_operations():
    check_litert(make_model())


def test_units_must_divide_by_the_groups():
    with pytest.raises(ValueError, match=r"`groups`, 3\. Received: units=5"):
        make_model(units=5)
