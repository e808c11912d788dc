import pathlib
import shutil
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.ntu.fake_recordings import format_recording
from datasets.ntu.recordings import read_recording, survey
from datasets.raw import RawDataError

# Neighbours that a float64 cannot tell apart.
BODY_IDS = st.integers(72057594037927936, 72057594037927946)


@st.composite
def frames_of_bodies(draw):
    """Any sequence of body counts and ids; coordinates of seven digits."""
    ids = draw(
        st.lists(st.lists(BODY_IDS, max_size=6, unique=True), max_size=8)
    )
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    return [
        {i: rng.integers(-9_999_999, 9_999_999, (25, 3)) / 1e6 for i in frame}
        for frame in ids
    ]


def frames_again(clip):
    frames: list[dict[int, np.ndarray]] = [{} for _ in range(clip.frames)]
    for body_id, body in clip.bodies.items():
        for frame, joints in zip(body.frames, body.joints, strict=True):
            frames[frame][body_id] = joints
    return frames


def one_body(frames=3):
    joints = np.arange(75).reshape(25, 3) / 10
    return format_recording([{72057594037931101: joints}] * frames)


def edited(line, text):
    """One body in three frames, its line (counted from 1) changed."""
    lines = one_body().splitlines()
    lines[line - 1 : line] = text
    return b"\n".join(lines) + b"\n"


@given(frames_of_bodies())
def test_any_sequence_of_bodies_survives_writing_and_reading(frames):
    again = frames_again(read_recording(format_recording(frames), "x"))
    assert [set(bodies) for bodies in again] == [set(b) for b in frames]
    for bodies, read in zip(frames, again, strict=True):
        for body_id, joints in bodies.items():
            np.testing.assert_array_equal(
                read[body_id], joints.astype(np.float32)
            )


@given(frames_of_bodies())
def test_crlf_is_lf(frames):
    text = format_recording(frames)
    lf = frames_again(read_recording(text, "x"))
    crlf = frames_again(read_recording(text.replace(b"\n", b"\r\n"), "x"))
    for ours, theirs in zip(lf, crlf, strict=True):
        np.testing.assert_equal(ours, theirs)


@given(frames_of_bodies(), st.data())
def test_a_file_cut_at_any_line_is_named_with_the_line(frames, data):
    lines = format_recording(frames).splitlines(keepends=True)
    kept = data.draw(st.integers(0, len(lines) - 1))
    with pytest.raises(RawDataError, match=rf"^x, line {kept + 1}: .*the end"):
        read_recording(b"".join(lines[:kept]), "x")


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, [b"three"], "line 1: expected the number of frames.*'three'"),
        (1, [b"4"], "line 86: expected the number of bodies of frame 4"),
        (1, [b"2"], "line 58: expected the end of the file after 2 frames"),
        (2, [b"-1"], "line 2: expected the number of bodies.*'-1'"),
        (3, [b"7 0 0"], "line 3: expected a body line of 10 fields.*'7 0 0'"),
        (3, [b"7.2e16 0 1 1 1 1 0 0 0 2"], "line 3: .* the first its id"),
        (4, [b"24"], "line 4: expected 25 joints.*'24'"),
        (7, [], "line 29: expected a joint line of 12 fields. .*: 1 fields"),
        (7, [b"0 0 0" + b" 0" * 9] * 2, "line 30: expected the number of bo"),
        (9, [b"0 0 0" + b" 0" * 8], "line 9: expected .* 12 .*: 11 fields"),
        (9, [b"0 O 0" + b" 0" * 9], "line 9, field 2: expected a .*: 'O'"),
        (9, [b"0 0 nan" + b" 0" * 9], "line 9, field 3: .*: 'nan'"),
        (9, [b"1e99 0 0" + b" 0" * 9], "line 9, field 1: .*: '1e99'"),
        (9, [b""], "line 9: expected .* 12 .*: 0 fields"),
        (9, [b"1_0 0 0" + b" 0" * 9], "line 9, field 1: .*: '1_0'"),
        (9, [b"0 0 350" + b" 0" * 9], "line 9, field 3: .*100.*: '350'"),
        (9, [b"0\v0 0 0" + b" 0" * 9], "line 9, field 1: .*x0b0'"),
        (9, [b"0 0 0" + b" 0" * 8 + b" garbage"], "line 9, .* 12: .*'garbage'"),
        (9, [b"0 0 0" + b" 0" * 8 + b" 1.2.3"], "line 9, .* 12: .*'1.2.3'"),
        (3, [b"7 0 1 1 1 1 0 0 x 2"], "line 3: expected a body line"),
        (3, [b"7 0 1 1 1 1 0 0 0\v2"], "line 3: expected a body line"),
        (3, [b"7" * 21 + b" 0 1 1 1 1 0 0 0 2"], "line 3: expected a body"),
        (1, [b"1" * 5000], "line 1: expected the number of frames"),
        (2, [b"1\v"], "line 2: expected the number of bodies"),
    ],
)
def test_damage_is_named_with_its_line(line, text, message):
    with pytest.raises(RawDataError, match=rf"^x, {message}"):
        read_recording(edited(line, text), "x")


def test_more_frames_than_a_clip_may_have_are_refused():
    with pytest.raises(RawDataError, match=r"^x: expected at most 20000000 jo"):
        read_recording(edited(1, [b"20000000"]), "x")


def test_a_body_twice_in_a_frame_is_an_error():
    lines = one_body(1).splitlines()
    twice = b"\n".join([b"1", b"2", *lines[2:], *lines[2:]])
    with pytest.raises(RawDataError, match=r"line 30: .*7594037931101 again"):
        read_recording(twice, "x")


def test_spaces_and_blank_lines_at_ends_do_no_harm():
    text = one_body().replace(b"\n", b" \n").replace(b"0.2 ", b"  0.2\t")
    spaced = read_recording(text + b"\n\n", "x").bodies
    plain = read_recording(one_body(), "x").bodies
    np.testing.assert_array_equal(
        spaced[72057594037931101].joints, plain[72057594037931101].joints
    )


@pytest.mark.parametrize("field", [b"-1.#IND", b"nan", b"-Infinity", b"1e999"])
def test_fields_that_are_not_kept_need_not_be_finite(field):
    text = one_body().replace(b"277.419", field)
    assert read_recording(text, "x").bodies[72057594037931101].joints[0, 0, 1]


# Numbers read off the text of the real recordings.
GOLDEN = [
    (
        "S001C001P001R001A001",
        103,
        {
            72057594037931101: (
                (0.2181153, 0.1725972, 3.785547),
                (0.1140334, 0.7601054, 3.444),
            )
        },
    ),
    (
        "S001C001P001R001A006",  # CRLF
        75,
        {
            72057594037931327: (
                (0.1918217, 0.1897492, 3.761418),
                (0.2800292, 0.1045151, 3.584917),
            )
        },
    ),
    (
        "S017C003P020R002A055",
        66,
        {
            72057594037937917: (
                (0.5353333, 0.08966982, 3.621557),
                None,
            ),
            72057594037937959: (
                (1.135853, 0.566093, 4.079773),
                (0.9083293, 0.8198445, 3.382248),
            ),
        },
    ),
    ("S001C003P005R002A004", 92, {}),
]


@pytest.mark.parametrize(("clip_id", "frames", "bodies"), GOLDEN)
def test_real_recordings_are_read_as_written(
    ntu_raw_dir, clip_id, frames, bodies
):
    path = ntu_raw_dir / f"{clip_id}.skeleton"
    clip = read_recording(path.read_bytes(), clip_id)
    assert clip.frames == frames
    assert list(clip.bodies) == list(bodies)
    for body_id, (first, last) in bodies.items():
        body = clip.bodies[body_id]
        np.testing.assert_array_equal(body.frames, np.arange(frames))
        np.testing.assert_array_equal(body.joints[0, 0], np.float32(first))
        if last:
            np.testing.assert_array_equal(body.joints[-1, -1], np.float32(last))


def test_real_recordings_are_read_as_line_by_line(ntu_raw_dir):
    for path in ntu_raw_dir.glob("*.skeleton"):
        lines = iter(path.read_text().split("\n"))
        expected = []
        for _ in range(int(next(lines))):
            for _ in range(int(next(lines))):
                next(lines)
                for _ in range(int(next(lines))):
                    expected.append(next(lines).split()[:3])
        bodies = read_recording(path.read_bytes(), path.name).bodies.values()
        got = sorted(
            xyz for b in bodies for xyz in b.joints.reshape(-1, 3).tolist()
        )
        assert got == sorted(
            np.array(expected, np.float32).reshape(-1, 3).tolist()
        )


@pytest.fixture
def raw_dir(tmp_path) -> pathlib.Path:
    """Two clips in a folder, two in a zip, one of them in both."""
    names = [f"S001C00{camera}P001R001A001.skeleton" for camera in (1, 2, 3)]
    folder = tmp_path / "raw" / "nturgb+d_skeletons"
    folder.mkdir(parents=True)
    for frames, name in enumerate(names[:2], start=1):
        (folder / name).write_bytes(one_body(frames))
    with zipfile.ZipFile(tmp_path / "raw" / "some.zip", "w") as archive:
        for name in names[1:]:
            archive.writestr(f"nturgb+d_skeletons/{name}", one_body(9))
        archive.writestr(f"__MACOSX/._{names[0]}", b"")
    return tmp_path / "raw"


def test_folders_and_zips_are_found_and_read(raw_dir):
    recordings = survey(raw_dir).recordings
    assert [recording.clip_id for recording in recordings] == [
        f"S001C00{camera}P001R001A001" for camera in (1, 2, 3)
    ]
    # The copy in the zip is the one that is not read.
    assert [recording.read().frames for recording in recordings] == [1, 2, 9]


def test_a_name_says_what_was_recorded(raw_dir):
    recording = survey(raw_dir).recordings[-1]
    named = "S017C003P040R002A058"
    shutil.copy(
        raw_dir / "nturgb+d_skeletons" / "S001C001P001R001A001.skeleton",
        raw_dir / f"{named}.skeleton",
    )
    recording = survey(raw_dir).recordings[-1]
    assert recording.clip_id == named
    assert recording.setup == 17
    assert recording.camera == 3
    assert recording.performer == 40
    assert recording.replication == 2
    assert recording.action == 58


def test_what_is_not_read_is_counted_and_named(raw_dir):
    odd = raw_dir / "walking.skeleton"
    odd.write_text("0\n")
    with zipfile.ZipFile(raw_dir / "images.zip", "w") as archive:
        archive.writestr("image.png", b"")
    assert survey(raw_dir).ignored == {
        ("not named SsssCcccPpppRrrrAaaa.skeleton", str(odd)): 1,
        (
            "copies of clips found in a folder or an earlier zip",
            str(raw_dir / "some.zip"),
        ): 1,
        ("zip without a recording", str(raw_dir / "images.zip")): 1,
    }


def test_a_zip_cut_short_is_named(raw_dir):
    path = raw_dir / "some.zip"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(RawDataError, match=r"some\.zip: expected a whole zip"):
        survey(raw_dir)


def test_a_damaged_member_is_named(raw_dir, tmp_path):
    path = raw_dir / "other.zip"
    name = "S002C001P001R001A001.skeleton"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, one_body())
    path.write_bytes(path.read_bytes().replace(b"0.5", b"0.6", 1))
    with pytest.raises(RawDataError, match=rf"other\.zip.{name}: .*CRC"):
        survey(raw_dir).recordings[-1].read()
