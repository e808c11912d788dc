import json

import numpy as np
import pytest

from datasets.custom.json_files import parse_jsonl
from datasets.raw import RawDataError
from stalstm.skeletons import Skeleton

SKELETON = Skeleton("pair", ("a", "b"))
NAN = np.nan


def parse(*lines):
    text = "\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines)
    return parse_jsonl(text.encode(), "x.jsonl", SKELETON)


def body(first=0):
    return np.arange(first, first + 6.0).reshape(2, 3).tolist()


def test_one_body_needs_no_list_of_bodies():
    clip = parse({"skeleton": body(0)}, {"skeleton": [body(6)]})
    np.testing.assert_array_equal(clip, np.arange(12.0).reshape(2, 1, 2, 3))


def test_frames_with_fewer_bodies_are_padded():
    clip = parse({"skeleton": [body(), body(6)]}, {"skeleton": [body(12)]})
    assert clip.shape == (2, 2, 2, 3)
    np.testing.assert_array_equal(clip[1, 0], body(12))
    assert np.isnan(clip[1, 1]).all()


def test_null_is_what_is_missing():
    clip = parse(
        {"skeleton": [[1, 2, 3], None]},
        {"skeleton": [[None, 2, 3], [NAN, 5, 6]]},
        {"skeleton": [None, [None, [1, 2, 3]]]},
        {"skeleton": [[], body()]},
    )
    np.testing.assert_array_equal(clip[0, 0], [[1, 2, 3], [NAN] * 3])
    np.testing.assert_array_equal(clip[1, 0], [[NAN, 2, 3], [NAN, 5, 6]])
    np.testing.assert_array_equal(clip[2, 1], [[NAN] * 3, [1, 2, 3]])
    np.testing.assert_array_equal(clip[3, 1], body())
    assert np.isnan(clip[2:, 0]).all()


@pytest.mark.parametrize(
    "nobody",
    [None, [], [None], [[]], [None, None], [[None] * 3] * 2, [[None] * 2]],
)
def test_a_frame_without_anybody_may_be_written_in_many_ways(nobody):
    clip = parse({"skeleton": nobody}, {"skeleton": body()})
    assert clip.shape == (2, 1, 2, 3)
    assert np.isnan(clip[0]).all()
    np.testing.assert_array_equal(clip[1, 0], body())


def test_frames_that_are_left_out_have_no_bodies():
    clip = parse(
        {"frame": 7, "skeleton": body()},
        {"skeleton": body()},
        {"frame": 11.0, "skeleton": body()},
    )
    there = ~np.isnan(clip).all(axis=(1, 2, 3))
    assert there.tolist() == [True, True, False, False, True]


def test_empty_lines_and_other_keys_do_not_matter():
    clip = parse("", {"time": 3.5, "seen": True, "skeleton": body()}, " ", "")
    np.testing.assert_array_equal(clip, [[body()]])


def test_no_line_is_a_clip_without_frames():
    assert parse("\n").shape == (0, 0, 2, 3)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"skeleton": [', "a JSON object. Received: "),
        ("[" * 100_000, "a JSON object"),
        ("[1, 2]", "the key \"skeleton\". Received: '[1, 2]'"),
        ({"frame": 3}, 'the key "skeleton"'),
        ({"skeleton": 3}, "[body][joint][x, y, z] as skeleton. Received: 3"),
        ({"skeleton": [1, 2, 3]}, "[joint][x, y, z] or [body]"),
        ({"skeleton": {"a": [1, 2, 3]}}, "[joint][x, y, z] or [body]"),
        ({"skeleton": body()[:1]}, "body 0: expected 2 joints. Received: 1"),
        ({"skeleton": [body(), body() * 2]}, "body 1: expected 2 joints"),
        ({"skeleton": [[1, 2, 3], [1, 2]]}, "joint 1: expected three finite"),
        ({"skeleton": [[1, 2, 3], [1, 2, "3"]]}, 'Received: [1, 2, "3"]'),
        ({"skeleton": [[1, 2, 3], [1, 2, True]]}, "Received: [1, 2, true]"),
        ({"skeleton": [[1, 2, 3], [1, 2, np.inf]]}, "[1, 2, Infinity]"),
        ({"skeleton": [[1, 2, 3], [1, 2, 10**400]]}, "joint 1: expected three"),
        ({"frame": 0, "skeleton": body()}, "greater than that of the line be"),
        ({"frame": 1.5, "skeleton": body()}, "as frame, .* Received: 1.5"),
        ({"frame": "1", "skeleton": body()}, 'Received: "1"'),
        ({"frame": True, "skeleton": body()}, "Received: true"),
    ],
)
def test_a_wrong_line_is_named(line, expected):
    with pytest.raises(RawDataError) as error:
        parse({"skeleton": body()}, line)
    assert str(error.value).startswith("x.jsonl, line 2")
    before, _, after = expected.partition(" .* ")
    assert before in str(error.value)
    assert after in str(error.value)


def test_a_frame_number_does_not_claim_memory():
    with pytest.raises(RawDataError, match="Received: 1000000000001 frames"):
        parse(
            {"frame": 0, "skeleton": body()},
            {"frame": 10**12, "skeleton": body()},
        )
