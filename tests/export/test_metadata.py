import json

from stalstm.export import metadata
from stalstm.skeletons import NITE, Skeleton
from tests.export import exported


def test_says_what_a_client_needs(small):
    card = metadata.describe(small)
    assert card == json.loads(json.dumps(card))
    assert card["labels"] == list(exported.LABELS)
    assert card["joints"][2] == "torso"
    assert Skeleton.from_json(card["skeleton"]) == NITE
    assert (card["bodies"], card["least_bodies"]) == (2, 2)
    assert card["look_ahead"] == 2
    assert card["attentions"] == ["spatial_attention", "temporal_attention"]
    assert (card["streams"], card["cannot_stream"]) == (True, None)
    assert card["training"]["recipe"]["model"]["units"]["value"] == 8


def test_says_nothing_of_the_machine_that_trained(small):
    assert "this/machine" not in json.dumps(metadata.describe(small))


def test_without_order_and_smoothing_less_is_asked():
    model = exported.trained("smoothing=false", "body_order=recorded")
    card = metadata.describe(model)
    assert (card["least_bodies"], card["look_ahead"]) == (1, 0)


def test_says_why_a_model_cannot_stream():
    card = metadata.describe(exported.whole_clips())
    assert card["streams"] is False
    assert card["cannot_stream"] == exported.WholeClips.cannot_stream
    assert card["attentions"] == []
