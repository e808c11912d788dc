import dataclasses

import numpy as np
import pytest

from stalstm.description import Description
from stalstm.preprocessing import Distances
from stalstm.preprocessing.distances import DistancesFields
from stalstm.skeletons import NITE
from tests.preprocessing.frame_layer_test import (
    CLIPS,
    LENGTHS,
    make_absent,
    presence,
    run,
    run_frame_layer_test,
)


def test_is_a_good_frame_layer(tmp_path):
    run_frame_layer_test(Distances(0.3, 1.0), tmp_path)


def test_are_those_to_the_other_performer_s_joints():
    outputs, _ = run(Distances(0.3, 1.0), CLIPS)
    for n, length in enumerate(LENGTHS):
        for t in range(length):
            for body in (0, 1):
                for joint in range(4):
                    here = CLIPS[n, t, body, joint]
                    there = CLIPS[n, t, 1 - body]
                    distance = np.sqrt(((there - here) ** 2).sum(-1))
                    np.testing.assert_allclose(
                        outputs[n, t, body, joint, 3:],
                        0.3 * (distance - 1.0),
                        rtol=1e-4,
                        atol=1e-6,
                    )


def test_may_be_those_to_some_joints(tmp_path):
    layer = Distances(0.3, 1.0, joints=[3, 1])
    run_frame_layer_test(layer, tmp_path)
    every, _ = run(Distances(0.3, 1.0), CLIPS)
    some, _ = run(layer, CLIPS)
    np.testing.assert_array_equal(some, every[..., [0, 1, 2, 3 + 3, 3 + 1]])


def test_are_zero_without_the_other_performer():
    outputs, _ = run(Distances(0.3, 1.0), make_absent(CLIPS))
    np.testing.assert_array_equal(outputs[1, ..., 3:], 0)
    np.testing.assert_array_equal(outputs[0, :3, ..., 3:], 0)
    assert np.all(outputs[0, 3:7, ..., 3:] != 0)


def test_need_two_bodies():
    one = CLIPS[:, :, :1]
    with pytest.raises(ValueError, match=r"two bodies\. Received: 1"):
        Distances()(one, presence(one), LENGTHS)


def test_to_the_ends_are_those_to_hands_feet_and_head():
    fields = DistancesFields(distances=0.3, distances_to="ends")
    layer = fields.layer(Description(NITE, 2, ("kick",), {}))
    assert layer is not None
    assert layer.joints is not None
    assert [NITE.joints[x] for x in layer.joints] == [
        "head",
        "left_hand",
        "right_hand",
        "left_foot",
        "right_foot",
    ]
    boneless = dataclasses.replace(NITE, bones=())
    with pytest.raises(ValueError, match="needs a skeleton with bones"):
        fields.layer(Description(boneless, 2, ("kick",), {}))
