import numpy as np
import pytest

from stalstm.models.hierarchical_rnn import HierarchicalRNN
from stalstm.skeletons import MEDIAPIPE
from tests import reference
from tests.models import model_test
from tests.models.body import SKELETON, check_litert, check_recurrence

KWARGS = {"skeleton": SKELETON, "part_units": 3}
INPUTS = model_test.make_inputs(SKELETON)


@pytest.mark.long(seconds=25)
def test_is_a_good_model(tmp_path):
    model_test.run_model_test(HierarchicalRNN, tmp_path, lambda3=0.01, **KWARGS)


@pytest.mark.parametrize("pooling", ["sum", "mean"])
def test_merges_the_parts_of_each_body_upwards(pooling):
    model = model_test.make_model(HierarchicalRNN, pooling=pooling, **KWARGS)
    logits = model(INPUTS)["logits"].numpy()

    def read(layer, name, *inputs):
        merged = np.concatenate(inputs, axis=1)
        return reference.bidirectional_rnn(layer, name, merged)

    for n, length in enumerate(INPUTS["length"]):
        bodies = []
        for body in (0, 1):
            clip = INPUTS["skeleton"][n, :length, body]
            part = {
                name: read(
                    model.parts,
                    name,
                    *(clip[:, SKELETON.index(x)] for x in joints),
                )
                for name, joints in SKELETON.parts.items()
            }
            limb = {
                name: read(model.limbs, name, part[name], part["trunk"])
                for name in part
                if name != "trunk"
            }
            for half, pair in (("upper", "arm"), ("lower", "leg")):
                left, right = limb[f"left_{pair}"], limb[f"right_{pair}"]
                bodies.append(read(model.halves, half, left, right))
        hidden = reference.bidirectional(
            model.body, np.concatenate(bodies, axis=1)
        )
        w = reference.weights(model.score)
        scores = hidden @ w["kernel"] + w["bias"]
        expected = getattr(np, pooling)(scores, axis=0)
        np.testing.assert_allclose(logits[n], expected, rtol=1e-4, atol=1e-5)


def test_both_recurrences_agree():
    check_recurrence(model_test.make_model(HierarchicalRNN, **KWARGS), 2)


def test_litert_has_its_operations():
    check_litert(model_test.make_model(HierarchicalRNN, **KWARGS))


def test_a_skeleton_without_the_five_parts_is_an_error():
    with pytest.raises(ValueError, match=r"trunk.*Received: skeleton three"):
        model_test.make_model(HierarchicalRNN)
    with pytest.raises(ValueError, match="Received: skeleton mediapipe"):
        model_test.make_model(HierarchicalRNN, skeleton=MEDIAPIPE)
