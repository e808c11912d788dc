import dataclasses
import json

import pytest

from stalstm.description import (
    Contents,
    Description,
    Protocol,
    fold_protocols,
)
from stalstm.skeletons import NITE, Skeleton

DATA = Description(NITE, 2, ("kick", "hug"), fold_protocols(3))


def test_survives_json():
    record = json.loads(json.dumps(DATA.to_json()))
    assert Description.from_json(record) == DATA
    own = dataclasses.replace(
        DATA, contents=Contents(9, 1, 30, 60), reading={"unit": "cm"}
    )
    assert Description.from_json(json.loads(json.dumps(own.to_json()))) == own
    others: list[dict] = [
        {},
        {"classes": []},
        {**record, "skeleton": 3},
        {**record, "protocols": []},
    ]
    for other in others:
        with pytest.raises(ValueError, match="as this version writes them"):
            Description.from_json(other)


def test_folds_test_on_one_and_train_on_the_others():
    assert list(DATA.protocols) == ["fold_1", "fold_2", "fold_3"]
    assert DATA.protocols["fold_2"] == Protocol("fold_1+fold_3", "fold_2")


def test_validation_holds_out_each_fold_once_and_never_tests():
    five = Description(NITE, 2, ("kick",), fold_protocols(5))
    held_out = []
    for name, protocol in five.protocols.items():
        validation = five.validation(name)
        held_out.append(validation.test)
        everything = {*validation.train.split("+"), validation.test}
        assert everything == set(protocol.train.split("+"))
        assert validation.test not in validation.train
    assert sorted(held_out) == list(five.protocols)
    one = Description(NITE, 2, ("kick",), {"cross_view": Protocol("a", "b")})
    with pytest.raises(ValueError, match="which trains on a alone"):
        one.validation("cross_view")


def test_everything_is_every_split():
    (train, test) = dataclasses.astuple(DATA.everything())
    assert train == test
    assert sorted(train.split("+")) == ["fold_1", "fold_2", "fold_3"]


def test_a_setting_that_needs_what_is_not_there_names_both():
    worm = Description(Skeleton("worm", ("tail",)), 1, ("a",), {})
    DATA.require("axes=clip", ["torso", "head"], bodies=2)
    with pytest.raises(
        ValueError,
        match=r"`axes=clip` needs .*torso, head.*skeleton worm, without torso",
    ):
        worm.require("axes=clip", ["torso", "head"])
    with pytest.raises(
        ValueError,
        match=r"`body_order=left_first` needs 2 bodies\. Received: data with 1",
    ):
        worm.require("body_order=left_first", bodies=2)
