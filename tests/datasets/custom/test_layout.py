import codecs
import json
import pickle

import numpy as np
import pytest

from datasets.custom.layout import Layout, read_layout
from datasets.raw import RawDataError
from stalstm.skeletons import KINECT2, SHIPPED, Skeleton

OWN = {
    "name": "crane",
    "joints": ["base", "left_arm", "right_arm"],
    "bones": [["base", "left_arm"], ["base", "right_arm"]],
    "mirror": [["left_arm", "right_arm"]],
    "roles": {"torso": "base"},
    "parts": {"arms": ["left_arm", "right_arm"]},
}


def write(folder, record):
    text = record if isinstance(record, str) else json.dumps(record)
    (folder / "skeleton.json").write_text(text, encoding="utf-8")


def message(folder, record):
    write(folder, record)
    with pytest.raises(RawDataError) as error:
        read_layout(folder)
    assert str(error.value).startswith(f"{folder / 'skeleton.json'}: ")
    assert " Received: " in str(error.value)
    return str(error.value)


def test_a_skeleton_of_its_own_is_read_in_full(tmp_path):
    write(tmp_path, {**OWN, "unit": "mm", "up": "-z", "bodies": 2})

    layout, unknown = read_layout(tmp_path)

    assert layout == Layout(
        Skeleton(
            name="crane",
            joints=("base", "left_arm", "right_arm"),
            bones=(("base", "left_arm"), ("base", "right_arm")),
            mirror=(("left_arm", "right_arm"),),
            roles={"torso": "base"},
            parts={"arms": ("left_arm", "right_arm")},
        ),
        unit="mm",
        up="-z",
        bodies=2,
    )
    assert unknown == []


def test_joints_are_enough(tmp_path):
    write(tmp_path, {"joints": ["a", "b"]})
    layout, _ = read_layout(tmp_path)
    assert layout == Layout(Skeleton("custom", ("a", "b")))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_skeleton_is_read_by_its_name(name, tmp_path):
    write(tmp_path, {"skeleton": name, "max_gap": 3})
    layout, _ = read_layout(tmp_path)
    assert layout.skeleton == SHIPPED[name]
    assert layout.max_gap == 3
    assert layout.up == ("-y" if name == "mediapipe" else "y")


def test_what_the_file_says_of_mediapipe_goes_before_the_default(tmp_path):
    write(tmp_path, {"skeleton": "mediapipe", "up": "y"})
    assert read_layout(tmp_path)[0].up == "y"


def test_unknown_keys_are_named(tmp_path):
    write(tmp_path, {"skeleton": "nite", "units": "mm", "author": "A"})
    layout, unknown = read_layout(tmp_path)
    assert layout.unit == "m"
    assert unknown == ["author", "units"]


def test_a_byte_order_mark_is_accepted(tmp_path):
    text = json.dumps({"joints": ["köpfchen"]}, ensure_ascii=False)
    path = tmp_path / "skeleton.json"
    path.write_bytes(codecs.BOM_UTF8 + text.encode())
    assert read_layout(tmp_path)[0].skeleton.joints == ("köpfchen",)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ([], "an object"),
        ({}, 'either "skeleton"'),
        ({"name": "x"}, '"joints", a list of names. Received: name'),
        ({"skeleton": "nite", "joints": ["a"]}, "Received: skeleton, joints"),
        ({"skeleton": "kinect3"}, "nite, kinect1, kinect2, mediapipe, h36m"),
        ({"skeleton": ["nite"]}, 'Received: skeleton=["nite"]'),
        ({"joints": []}, "`joints` must be a list of names"),
        ({"joints": "head"}, 'Received: joints="head"'),
        ({"joints": ["a", 1]}, 'Received: joints=["a", 1]'),
        ({"joints": ["a", " b"]}, "`joints` must be"),
        ({"joints": ["a", "a"]}, "`joints` must have different names"),
        ({**OWN, "name": 3}, "`name` must be a name. Received: name=3"),
        ({**OWN, "bones": [["base"]]}, "`bones` must be a list of pairs"),
        ({**OWN, "bones": {"base": "arm"}}, "`bones` must be a list of pairs"),
        ({**OWN, "bones": [["base", "hook"]]}, "`bones` must name joints"),
        ({**OWN, "mirror": [["base", "hook"]]}, "Received: hook"),
        ({**OWN, "mirror": "left"}, "`mirror` must be a list of pairs"),
        ({**OWN, "roles": {"tail": "base"}}, "`roles` must be among torso"),
        ({**OWN, "roles": {"head": ["base"]}}, "`roles` must be an object"),
        ({**OWN, "parts": {"arms": "base"}}, "`parts` must be an object"),
        ({**OWN, "unit": "ft"}, "one of m, cm, mm. Received: unit='ft'"),
        ({**OWN, "unit": ["m"]}, "`unit` must be one of m, cm, mm"),
        ({**OWN, "up": "w"}, "one of x, -x, y, -y, z, -z. Received: up='w'"),
        ({**OWN, "handedness": "both"}, "`handedness` must be one of right"),
        ({**OWN, "bodies": 0}, "at least 1. Received: bodies=0"),
        ({**OWN, "bodies": True}, "`bodies` must be a whole number"),
        ({**OWN, "max_gap": -1}, "at least 0. Received: max_gap=-1"),
        ({**OWN, "max_gap": None}, "`max_gap` must be a whole number"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(record, expected, tmp_path):
    assert expected in message(tmp_path, record)


def test_damaged_json_is_named_with_line_and_column(tmp_path):
    assert "line 2 column 8" in message(tmp_path, '{"joints":\n ["a", }')
    assert "recursion" in message(tmp_path, "[" * 100_000)


def test_what_is_not_utf8_is_named(tmp_path):
    (tmp_path / "skeleton.json").write_bytes(b'{"joints": ["\xff"]}')
    with pytest.raises(RawDataError, match=r"JSON in UTF-8\. Received: .*0xff"):
        read_layout(tmp_path)


def test_a_folder_without_the_file_is_told_what_it_needs(tmp_path):
    with pytest.raises(
        RawDataError,
        match=r"skeleton\.json, manifest\.csv and .* docs/own_data\.md.*"
        r"Received: a folder without skeleton\.json",
    ):
        read_layout(tmp_path)
    with pytest.raises(RawDataError, match=r"nowhere: .* there is no folder"):
        read_layout(tmp_path / "nowhere")


@pytest.mark.parametrize("unit", ["m", "cm", "mm"])
@pytest.mark.parametrize("up", ["x", "-x", "y", "-y", "z", "-z"])
@pytest.mark.parametrize("handedness", ["right", "left"])
def test_y_is_up_in_camera_space_and_the_axes_right_handed(
    unit, up, handedness
):
    layout = Layout(KINECT2, unit, up, handedness)
    metre = {"m": 1, "cm": 100, "mm": 1000}[unit]
    upwards = np.zeros(3)
    upwards["xyz".index(up[-1])] = -metre if up[0] == "-" else metre

    np.testing.assert_array_equal(layout.to_camera(upwards), [0, 1, 0])
    # Three axes of the recordings, turned: a mirror changes the sign.
    turned = layout.to_camera(np.eye(3) * metre)
    volume = 1 if handedness == "right" else -1
    assert np.linalg.det(turned) == pytest.approx(volume)


def test_the_axes_of_mediapipe_become_those_of_the_camera():
    """x to the right, y down, z away: x to the left, y up, z away."""
    layout = Layout(KINECT2, up="-y")
    turned = layout.to_camera(np.array([1, 2, 3]))
    np.testing.assert_array_equal(turned, [-1, -2, 3])


def test_an_infinite_coordinate_does_not_spread():
    layout = Layout(KINECT2, unit="cm", up="z")
    turned = layout.to_camera(np.array([np.inf, 100, 200]))
    np.testing.assert_array_equal(turned, [np.inf, 2, -1])


def test_the_conversion_is_said_in_words():
    assert Layout(KINECT2).conversion() == ""
    assert Layout(KINECT2, "cm", "-z", "left").conversion() == (
        "centimetres to metres, -z up to y up, left-handed to right-handed axes"
    )


def test_json_keeps_how_recordings_are_read():
    layout = Layout(KINECT2, "mm", "z", "left", bodies=2, max_gap=4)
    reading = json.loads(json.dumps(layout.to_json()))
    again = Layout.from_json(KINECT2, reading)
    assert again == Layout(KINECT2, "mm", "z", "left", max_gap=4)
    assert Layout.from_json(KINECT2, {}) == Layout(KINECT2)
    with pytest.raises(ValueError, match=r"`reading`.*Received: scale"):
        Layout.from_json(KINECT2, {"scale": 2})


def test_a_layout_can_be_sent_to_another_process():
    layout = Layout(KINECT2, "mm")
    assert pickle.loads(pickle.dumps(layout)) == layout
