"""A small body with five parts, and what bidirectional models share."""

import numpy as np

from stalstm.export import litert
from stalstm.layers import LSTM
from stalstm.skeletons import Skeleton
from tests.models import model_test

SKELETON = Skeleton(
    "six",
    # The joints of a part are not neighbours, nor are parts of equal size.
    ("head", "torso", "left_hand", "left_foot", "right_foot", "right_hand"),
    roles={"torso": "torso"},
    parts={
        "trunk": ("torso", "head"),
        "left_arm": ("left_hand",),
        "right_arm": ("right_hand",),
        "left_leg": ("left_foot",),
        "right_leg": ("right_foot",),
    },
)


def check_recurrence(model, number):
    """The fast recurrence reaches all LSTM layers, and gives the same.

    Args:
        model: A built model for `SKELETON`.
        number: Number of its LSTM layers, both directions counted.
    """
    inputs = model_test.make_inputs(SKELETON)
    expected = model(inputs)["logits"]
    model.set_recurrence("xla")
    layers = [x for x in model._flatten_layers() if isinstance(x, LSTM)]
    assert [x.recurrence for x in layers] == ["xla"] * number
    np.testing.assert_allclose(
        model(inputs)["logits"], expected, rtol=1e-4, atol=1e-5
    )


def check_litert(model):
    """The clip model converts, and gives what Keras gives."""
    from ai_edge_litert.interpreter import Interpreter

    inputs = model_test.make_inputs(SKELETON)
    expected = model(inputs)["logits"]
    function, specs = litert.clip_signature(model, model_test.FRAMES)
    content = litert.convert(litert.trace(function, specs, model), "float32")
    run = Interpreter(model_content=content).get_signature_runner()
    for n in range(len(inputs["length"])):
        clip = {name: x[n : n + 1] for name, x in inputs.items()}
        np.testing.assert_allclose(
            run(**clip)["logits"][0], expected[n], rtol=1e-3, atol=1e-4
        )
