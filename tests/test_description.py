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
    others: list[dict] = [{}, {**record, "skeleton": 3}, {"classes": []}]
    for other in others:
        with pytest.raises(ValueError, match="as this version writes them"):
            Description.from_json(other)


def test_folds_test_on_one_and_train_on_the_others():
    assert list(DATA.protocols) == ["fold_1", "fold_2", "fold_3"]
    assert DATA.protocols["fold_2"] == Protocol("fold_1+fold_3", "fold_2")


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
