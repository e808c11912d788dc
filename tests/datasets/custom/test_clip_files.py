import codecs
import contextlib
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.custom.clip_files import parse
from datasets.raw import LARGEST_FILE, RawDataError
from stalstm.skeletons import Skeleton

JOINTS = ("head", "left, hand", "right_hand")
SKELETON = Skeleton("crane", JOINTS)
MARK = codecs.BOM_UTF8


def quoted(name):
    return f'"{name}"' if "," in name else name


def field(value):
    return "" if np.isnan(value) else repr(float(value))


def to_npy(clip):
    file = io.BytesIO()
    np.save(file, clip)
    return file.getvalue()


def to_npz(clip):
    file = io.BytesIO()
    np.savez_compressed(file, skeleton=clip, other=np.zeros(3))
    return file.getvalue()


def to_long(clip, end="\n"):
    lines = ["frame,body,joint,x,y,z"]
    for frame, body, joint in np.ndindex(clip.shape[:3]):
        xyz = map(field, clip[frame, body, joint])
        # Names and indices in turn.
        name = quoted(JOINTS[joint]) if frame % 2 else joint
        lines.append(f"{frame},{body},{name},{','.join(xyz)}")
    return end.join([*lines, ""]).encode()


def to_wide(clip, end="\r\n"):
    names = [
        quoted(f"{body}_{joint}_{axis}")
        for body in range(clip.shape[1])
        for joint in JOINTS
        for axis in "xyz"
    ]
    lines = [",".join([*names, "frame"])]
    for number, frame in enumerate(clip):
        lines.append(",".join([*map(field, frame.flat), str(number)]))
    return MARK + end.join([*lines, ""]).encode()


def to_numbers(clip):
    lines = (",".join(map(field, frame.flat)) for frame in clip)
    return "".join(f"{line}\n" for line in lines).encode()


def to_jsonl(clip):
    lines = []
    for frame in clip:
        bodies = [
            [None if np.isnan(joint).all() else joint.tolist() for joint in b]
            for b in frame
        ]
        lines.append(json.dumps({"skeleton": bodies}))
    return MARK + "\n".join(lines).encode()


WRITERS = {
    "npy": to_npy,
    "npz": to_npz,
    "long.csv": to_long,
    "wide.csv": to_wide,
    "numbers.csv": to_numbers,
    "jsonl": to_jsonl,
}


@st.composite
def clips(draw):
    """Any floats; whole joints and single coordinates are missing.

    The last frame and the last body are there: formats that list joints know
    nothing of what nobody was seen in.
    """
    frames = draw(st.integers(1, 5))
    bodies = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    clip = rng.normal(size=(frames, bodies, 3, 3)) * 10.0 ** draw(
        st.integers(-8, 4)
    )
    missing = draw(st.sampled_from([0, 0.2, 0.9]))
    clip[rng.random(clip.shape[:3]) < missing] = np.nan
    clip[rng.random(clip.shape) < missing / 4] = np.nan
    clip[-1, -1, -1] = 1, 2, 3
    return clip


@pytest.mark.parametrize("format_", WRITERS)
@given(clips())
def test_every_clip_survives_writing_and_reading(format_, clip):
    data = WRITERS[format_](clip)
    again = parse(data, f"clip.{format_}", SKELETON)
    assert again.dtype == np.float64
    np.testing.assert_array_equal(again, clip)


# Of NumPy, about the header that Python 2 wrote.
@pytest.mark.filterwarnings("ignore:Reading `.npy`:UserWarning")
@pytest.mark.parametrize("format_", WRITERS)
@given(data=st.data())
def test_a_damaged_file_is_read_or_named(format_, data):
    """Some bytes are others, or the end is missing."""
    clip = np.arange(54).reshape(3, 2, 3, 3) / 4
    content = bytearray(WRITERS[format_](clip))
    at = st.integers(0, len(content) - 1)
    for place, byte in data.draw(
        st.lists(st.tuples(at, st.integers(0, 255)), max_size=3)
    ):
        content[place] = byte
    content = content[: data.draw(at)] if data.draw(st.booleans()) else content
    with contextlib.suppress(RawDataError):
        again = parse(bytes(content), f"clip.{format_}", SKELETON)
        assert again.shape[2:] == (3, 3)


def test_the_suffix_says_the_format_in_any_case():
    clip = np.ones((1, 1, 3, 3))
    np.testing.assert_array_equal(parse(to_npy(clip), "A.NPY", SKELETON), clip)
    with pytest.raises(
        RawDataError, match=r"ends with \.npy, \.npz, \.csv, \.jsonl\. .*\.bvh"
    ):
        parse(b"x", "clip.bvh", SKELETON)
    with pytest.raises(RawDataError, match="Received: no suffix"):
        parse(b"x", "clip", SKELETON)


@pytest.mark.parametrize("format_", WRITERS)
def test_an_empty_file_is_an_error(format_):
    with pytest.raises(RawDataError, match="Received: an empty file"):
        parse(b"", f"clip.{format_}", SKELETON)


def test_a_file_that_is_too_large_is_an_error():
    with pytest.raises(RawDataError, match="at most 209715200 bytes"):
        parse(bytes(LARGEST_FILE + 1), "clip.csv", SKELETON)
