import numpy as np
import pytest

from datasets.custom.csv_files import parse_csv
from datasets.raw import RawDataError
from stalstm.skeletons import Skeleton

SKELETON = Skeleton("pair", ("a", "b_1"))
NAN = np.nan


def parse(text):
    data = text if isinstance(text, bytes) else text.encode()
    return parse_csv(data, "x.csv", SKELETON)


def test_lines_of_a_long_table_may_be_in_any_order():
    clip = parse(
        "z,joint,frame,y,body,x,confidence\n"
        "3,b_1,8,2,5,1,0.9\n"
        "6,0,7,5,2,4,\n"
        '9,"b_1",7,8,2,7,\n'
    )
    assert clip.shape == (2, 2, 2, 3)
    np.testing.assert_array_equal(clip[0, 0], [[4, 5, 6], [7, 8, 9]])
    np.testing.assert_array_equal(clip[1, 1], [[NAN] * 3, [1, 2, 3]])
    assert np.isnan(clip[[0, 1], [1, 0]]).all()


def test_a_long_table_without_bodies_has_one():
    clip = parse("Frame,Joint,X,Y,Z\n0,a,1,2,3\n0,b_1,4,5,6\n2,a,7,8,9\n")
    assert clip.shape == (3, 1, 2, 3)
    np.testing.assert_array_equal(clip[0, 0], [[1, 2, 3], [4, 5, 6]])
    assert np.isnan(clip[1]).all()


def test_columns_of_a_wide_table_may_be_in_any_order():
    clip = parse(
        "b_1_x,b_1_z,b_1_y,note,a_x,a_y,a_z,frame\n"
        "1,3,2,go,4,5,6,10\n"
        "7,,8,,NaN,,,12\n"
    )
    assert clip.shape == (3, 1, 2, 3)
    np.testing.assert_array_equal(clip[0, 0], [[4, 5, 6], [1, 2, 3]])
    assert np.isnan(clip[1]).all()
    np.testing.assert_array_equal(clip[2, 0], [[NAN] * 3, [7, 8, NAN]])


def test_bodies_of_a_wide_table_are_sorted_by_number():
    names = [
        f"{n}_{j}_{x}" for n in (10, 9) for j in ("a", "b_1") for x in "xyz"
    ]
    clip = parse(f"{','.join(names)}\n{','.join(map(str, range(12)))}\n")
    np.testing.assert_array_equal(clip[0, 0].ravel(), range(6, 12))
    np.testing.assert_array_equal(clip[0, 1].ravel(), range(6))


@pytest.mark.parametrize("bodies", [1, 2])
def test_without_names_a_frame_number_may_come_first(bodies):
    expected = np.arange(12 * bodies).reshape(2, bodies, 2, 3)
    values = [",".join(map(str, frame.flat)) for frame in expected]
    np.testing.assert_array_equal(parse("\n".join(values)), expected)
    numbered = parse(f"3,{values[0]}\n4,{values[1]}\n")
    np.testing.assert_array_equal(numbered, expected)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_empty_lines_do_not_matter(end):
    lines = ["frame,joint,x,y,z", "", "0,a,1,2,3", "0,b_1,4,5,6", "", ""]
    clip = parse(end.join(lines))
    np.testing.assert_array_equal(clip, [[[[1, 2, 3], [4, 5, 6]]]])
    clip = parse(end.join(["1,2,3,4,5,6", "", "1,2,3,4,5,6", ""]))
    np.testing.assert_array_equal(clip, [[[[1, 2, 3], [4, 5, 6]]]] * 2)


@pytest.mark.parametrize("spelling", ["", "nan", "NaN", "NAN", "-nan", " nan "])
def test_what_is_missing(spelling):
    clip = parse(f"1,2,3,4,5,{spelling}\n")
    np.testing.assert_array_equal(clip[0, 0, 1], [4, 5, NAN])


@pytest.mark.parametrize(
    ("spelling", "value"),
    [("+1.5", 1.5), (" 2 ", 2), ("-.5e1", -5), ("3.", 3), ("1E-3", 1e-3)],
)
def test_numbers_may_be_written_in_many_ways(spelling, value):
    assert parse(f"1,2,3,4,5,{spelling}\n")[0, 0, 1, 2] == value


@pytest.mark.parametrize(
    "spelling",
    ["1_0", "0x1", "inf", "-Infinity", "1e999", "nan(2)", "NA", "1,5", "1;5"],
)
def test_anything_else_is_an_error_with_the_line(spelling):
    good = "1,2,3,4,5,6\n"
    with pytest.raises(RawDataError, match=r"^x\.csv, line 4"):
        parse(f"{good}\n{good}1,2,3,4,5,{spelling}\n")


LONG = "frame,body,joint,x,y,z\n0,0,a,1,2,3\n\n"
WIDE = "frame,a_x,a_y,a_z,b_1_x,b_1_y,b_1_z\n4,1,2,3,4,5,6\n\n"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (LONG + "0,0,b_1,1,2\n", "expected 6 fields"),
        (LONG + "0,0,b_1,1,2,3,4\n", "Received: 7"),
        (LONG + "0,0,c,1,2,3\n", "one of a, b_1, or its index from 0. Recei"),
        (LONG + "0,0,2,1,2,3\n", "Received: '2'"),
        (LONG + "0,0,-1,1,2,3\n", "Received: '-1'"),
        (LONG + "0,0,,1,2,3\n", "Received: ''"),
        (LONG + "0,0,a,4,5,6\n", "once in a frame. Received: a again"),
        (LONG + "0,0,0,4,5,6\n", "once in a frame. Received: a again"),
        (LONG + "0.5,0,a,4,5,6\n", "whole number as frame. Received: 0.5"),
        (LONG + ",0,a,4,5,6\n", "whole number as frame. Received: nan"),
        (LONG + "1,b,a,4,5,6\n", "field 2: expected a finite number"),
        (LONG + "1,0,a,4,5,x\n", "field 6: expected a finite number"),
        (LONG + '1,0,"a,4,5,6\n', "expected fields separated by commas"),
        (WIDE + "4,1,2,3,4,5,6\n", "that increase. Received: 4 after 4"),
        (WIDE + "3,1,2,3,4,5,6\n", "that increase. Received: 3 after 4"),
        (WIDE + ",1,2,3,4,5,6\n", "whole number as frame"),
        (WIDE + "5,1,2,3,4,5\n", "expected 7 fields"),
        (WIDE + "5,1,2,3,4,5,6,7\n", "Received: 8"),
    ],
)
def test_a_wrong_line_is_named(lines, expected):
    with pytest.raises(RawDataError) as error:
        parse(lines)
    assert str(error.value).startswith("x.csv, line 4")
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("\n", "expected 6 numbers for each body"),
        ("1,2,3,4,5", "the 2 joints of the skeleton pair, optionally after a"),
        ("1,2,3,4,5,6,7,8", "Received: 8 numbers"),
        ("1,2,3,4,5,O", "expected numbers; or names of columns, either frame"),
        ("frame,joint,x,y", "Received: 'frame,joint,x,y'"),
        ("frame,joint,x,y,z,x", "expected each column once. Received: x again"),
        ("a_x,a_y,a_z,b_1_x,b_1_y", "1 too few, the first that lacks is b_1_z"),
        ("a_x,a_y,a_z,b_1_x,b_1_y,b_1_w", "that lacks is b_1_z of body 0"),
        ("a_x,0_a_x", "expected each column once. Received: 0_a_x again"),
        ('"a_x', "expected fields separated by commas"),
    ],
)
def test_a_wrong_first_line_is_named(line, expected):
    with pytest.raises(RawDataError) as error:
        parse(f"{line}\n1,2,3,4,5,6\n")
    assert str(error.value).startswith("x.csv, line 1: ")
    assert expected in str(error.value)


def test_what_is_not_utf8_is_named():
    with pytest.raises(RawDataError, match=r"line 3: .*in UTF-8.*'0,0,\\\\xe4"):
        parse(LONG.encode().strip() + b"\n0,0,\xe4,1,2,3\n")


@pytest.mark.parametrize("header", [LONG, WIDE])
def test_a_table_without_lines_is_a_clip_without_frames(header):
    assert len(parse(header.splitlines()[0])) == 0


def test_a_frame_number_does_not_claim_memory():
    with pytest.raises(RawDataError, match="Received: 1000000000001 frames"):
        parse(LONG + "1000000000000,0,a,1,2,3\n")
    with pytest.raises(RawDataError, match="expected a whole number as frame"):
        parse(LONG + "1e300,0,a,1,2,3\n")
