import itertools

import numpy as np
import pytest

from datasets.custom.findings import Severity
from datasets.custom.layout import Layout
from stalstm.skeletons import KINECT1, NITE, standing
from tests.own_folder import OwnFolder, faults

ANN, BEN = "bow/ann_1.npy", "bow/ben_1.npy"
UPS = ("x", "-x", "y", "-y", "z", "-z")
PAIRS = [[KINECT1.index(x) for x in pair] for pair in KINECT1.mirror]


@pytest.fixture
def folder(tmp_path):
    return OwnFolder(tmp_path / "waving")


def scale(folder, factor):
    for clip in folder.clips.values():
        clip *= factor


def exchange(clip, pairs=PAIRS):
    for pair in pairs:
        clip[:, pair] = clip[:, pair[::-1]]


@pytest.mark.parametrize(("unit", "size"), [("mm", "1,537"), ("cm", "154")])
def test_another_unit_is_recognised_and_said_once(folder, unit, size):
    scale(folder, {"mm": 1000, "cm": 100}[unit])
    fault = folder.fault()
    words = {"mm": "millimetres", "cm": "centimetres"}[unit]
    assert fault.severity == Severity.WRONG
    assert fault.text == (
        f"Bodies are about {size} metres large if the unit is metres. That "
        f'looks like {words}: with "unit": "{unit}" in skeleton.json they are '
        "1.5 metres large."
    )
    folder.skeleton["unit"] = unit
    assert folder.inspect().findings == ()


@pytest.mark.parametrize(
    ("factor", "hint"),
    [
        (100, 'with "unit": "cm" in skeleton.json they are 1.5 metres large.'),
        (10, 'Is the "unit" in skeleton.json the right one?'),
    ],
)
def test_another_unit_is_wrong_near_the_origin_too(folder, factor, hint):
    for clip in folder.clips.values():
        clip -= clip.mean(axis=(0, 1))
    scale(folder, factor)
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text.endswith(hint)


def test_metres_that_are_called_millimetres_are_odd(folder):
    folder.skeleton["unit"] = "mm"
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "Bodies are about 0.0015 metres large if the unit is millimetres. "
        'That looks like metres: with "unit": "m" in skeleton.json they are '
        "1.5 metres large."
    )


def test_clips_in_another_unit_than_the_others_are_odd(folder):
    folder.clips[ANN] *= 20
    folder.clips[BEN] /= 100
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "Bodies are larger than 5 metres or smaller than 0.1 in 2 clips, and "
        "about 1.5 metres in others. Do these clips have another unit?"
    )
    assert fault.places == (
        f"{ANN} (line 2): 31 metres",
        f"{BEN} (line 4): 0.015 metres",
    )


def test_a_joint_beyond_the_horizon_is_an_error_of_its_clip(folder):
    folder.clips[ANN][3, 5] += 150
    fault = folder.fault()
    assert fault.severity == Severity.WRONG
    assert fault.text == "1 clip cannot be read:"
    assert fault.places[0].startswith(
        f"{ANN}, frame 3, body 0, joint left_elbow: expected coordinates of "
        "at most 100 metres"
    )


def as_recorded(folder, up):
    axes = np.linalg.inv(Layout(KINECT1, up=up).to_camera(np.eye(3)))
    for file, clip in folder.clips.items():
        folder.clips[file] = clip @ axes


@pytest.mark.parametrize(
    ("up", "said"), [x for x in itertools.product(UPS, UPS) if x[0] != x[1]]
)
def test_a_wrong_axis_is_named(folder, up, said):
    as_recorded(folder, up)
    folder.skeleton["up"] = said
    folder.rows = folder.rows[::4]
    folder.clips = {x["file"]: folder.clips[x["file"]] for x in folder.rows}
    (fault,) = (
        x for x in faults(folder.inspect()) if x.text.startswith("Bodies")
    )
    what = "are upside down" if up.strip("-") == said.strip("-") else "lie"
    assert fault.severity == Severity.ODD
    assert fault.text == (
        f"Bodies {what}: in 6 of 6 clips, heads are where {up} of the "
        f"recordings points to, and {said} is up. Unless people do that, write "
        f'"up": "{up}" in skeleton.json.'
    )


@pytest.mark.parametrize("up", UPS)
def test_the_right_axis_is_not_said_to_be_wrong(folder, up):
    as_recorded(folder, up)
    folder.skeleton["up"] = up
    assert folder.inspect().findings == ()


def test_people_may_lie_in_some_clips(folder):
    for file in list(folder.clips)[:12]:
        folder.clips[file] = folder.clips[file][..., [1, 0, 2]] * (1, -1, 1)
    assert folder.inspect().findings == ()


def nameless(folder, **record):
    joints = [f"joint_{x}" for x in range(len(KINECT1.joints))]
    folder.skeleton = {"name": "nameless", "joints": joints, **record}


def test_joints_without_names_are_not_checked_and_that_is_said(folder):
    nameless(folder)
    up, sides = folder.inspect().findings
    assert up.severity == sides.severity == Severity.NOTE
    assert up.text == (
        "Not checked: whether bodies are upside down. The skeleton has no "
        "joint that is a head, or none that is a foot, a hip or the base of "
        "the spine, by the roles or by the names of the joints."
    )
    assert sides.text == (
        "Not checked: whether left and right are exchanged. The skeleton has "
        "no `mirror` pairs, or too few joints whose names say which way a "
        "body looks."
    )


def test_bodies_that_lie_are_recognised_without_names(folder):
    as_recorded(folder, "-z")
    nameless(folder)
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "Bodies lie: in 24 of 24 clips, they are much longer along z of the "
        "recordings than along y, which is up. Unless people do that, write "
        '"up": "z" or "up": "-z" in skeleton.json.'
    )
    folder.skeleton["up"] = "-z"
    assert faults(folder.inspect()) == []


def test_left_and_right_exchanged_everywhere_are_odd(folder):
    for clip in folder.clips.values():
        exchange(clip)
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "Left and right look exchanged: in 24 of 24 clips, bodies whose left "
        "is left have toes or nose pointing backwards. Either the axes are "
        'left-handed: write "handedness": "left" in skeleton.json. Or the '
        "joints are in another order: see the picture."
    )


def test_left_handed_axes_are_odd_until_they_are_said_to_be(folder):
    for clip in folder.clips.values():
        clip[..., 0] *= -1
    assert '"handedness": "left"' in folder.fault().text
    folder.skeleton["handedness"] = "left"
    assert folder.inspect().findings == ()


def test_right_handed_axes_that_are_called_left_handed_are_odd(folder):
    folder.skeleton["handedness"] = "left"
    assert '"handedness": "right"' in folder.fault().text


def test_clips_with_left_and_right_exchanged_are_odd(folder):
    exchange(folder.clips[ANN])
    exchange(folder.clips[BEN])
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text == "Left and right look exchanged in 2 clips:"
    assert fault.places == (f"{ANN} (line 2)", f"{BEN} (line 4)")


def test_people_may_turn_their_back(folder):
    for file in list(folder.clips)[::2]:
        folder.clips[file] = folder.clips[file] * (-1, 1, -1)
    assert folder.inspect().findings == ()


@pytest.mark.parametrize("exchanged", [False, True])
def test_hands_and_elbows_tell_left_from_right_without_toes(folder, exchanged):
    folder.skeleton = {"skeleton": "nite"}
    rng = np.random.default_rng(0)
    for file in folder.clips:
        clip = standing(NITE) + rng.normal(scale=0.01, size=(12, 15, 3))
        if exchanged:
            clip *= (-1, 1, 1)
        folder.clips[file] = clip
    # A few clips say nothing.
    folder.clips[ANN] *= (-1, 1, 1)
    if not exchanged:
        assert folder.inspect().findings == ()
        return
    fault = folder.fault()
    assert fault.severity == Severity.ODD
    assert fault.text.startswith(
        "Left and right look exchanged: in 23 of 24 clips, bodies whose left "
        "is left have hands and elbows pointing backwards."
    )


def test_a_pair_in_another_order_than_the_others_is_odd(folder):
    hips = KINECT1.mirror.index(("left_hip", "right_hip"))
    for clip in folder.clips.values():
        exchange(clip, [PAIRS[hips]])
    (fault,) = (x for x in faults(folder.inspect()) if "pairs" in x.text)
    assert fault.severity == Severity.ODD
    assert fault.text == (
        "Some pairs have left and right the other way round than the other "
        "pairs, in all or nearly all clips. Are the joints in another order?"
    )
    assert fault.places == ("left_hip and right_hip",)
