import types

import pytest

from datasets import building
from datasets.raw import RawDataError
from stalstm.description import Protocol


@pytest.mark.parametrize(
    ("clips", "empty"),
    [
        ({"a": 1, "b": 0, "c": 2}, None),
        ({"a": 1, "b": 1, "c": 0}, "c"),
        ({"a": 0, "b": 0, "c": 2}, r"a\+b"),
    ],
)
def test_a_protocol_has_clips_on_both_sides(clips, empty):
    splits = {
        x: types.SimpleNamespace(num_examples=n) for x, n in clips.items()
    }
    builder = types.SimpleNamespace(
        info=types.SimpleNamespace(splits=splits), data_dir="here"
    )
    protocols = [Protocol("c", "c"), Protocol("a+b", "c")]
    if empty is None:
        building.check_clips(builder, protocols)
        return
    with pytest.raises(
        RawDataError, match=rf"expected clips in {empty}\. .*here"
    ):
        building.check_clips(builder, protocols)
