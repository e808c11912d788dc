import pytest

from datasets.ntu import official

EVERYONE = [
    (setup, camera, performer)
    for setup in range(1, 33)
    for camera in (1, 2, 3)
    for performer in range(1, 107)
]


@pytest.mark.parametrize(
    ("config", "protocol", "trains"),
    [
        (
            "ntu60",
            "cross_subject",
            lambda setup, camera, performer: (
                performer
                in {
                    1,
                    2,
                    4,
                    5,
                    8,
                    9,
                    13,
                    14,
                    15,
                    16,
                    17,
                    18,
                    19,
                    25,
                    27,
                    28,
                    31,
                }
                | {34, 35, 38}
                | set(range(41, 107)) & official.TRAIN_PERFORMERS
            ),
        ),
        ("ntu60", "cross_view", lambda setup, camera, performer: camera != 1),
        (
            "ntu120",
            "cross_subject",
            lambda setup, camera, performer: (
                performer in official.TRAIN_PERFORMERS
            ),
        ),
        (
            "ntu120",
            "cross_setup",
            lambda setup, camera, performer: setup % 2 == 0,
        ),
    ],
)
def test_a_protocol_is_a_union_of_the_splits(config, protocol, trains):
    splits = official.protocols(config)[protocol]
    train, test = splits.train.split("+"), splits.test.split("+")
    assert sorted(train + test) == sorted(official.split_names(config))
    for recorded in EVERYONE:
        split = official.split_of(config, *recorded)
        assert (split in train) == bool(trains(*recorded))


def test_53_of_the_106_performers_train():
    assert len(official.TRAIN_PERFORMERS) == 53
    assert set(range(1, 107)) > official.TRAIN_PERFORMERS
    assert len([p for p in official.TRAIN_PERFORMERS if p <= 40]) == 20


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ("ntu60", ["cross_subject", "cross_view"]),
        ("ntu120", ["cross_subject", "cross_setup"]),
    ],
)
def test_a_data_set_has_two_protocols(config, names):
    assert list(official.protocols(config)) == names


def test_there_are_120_actions():
    assert len(set(official.ACTIONS)) == 120
    assert official.ACTIONS[0] == "drink water"
    assert official.ACTIONS[59] == "walking apart from each other"
    assert official.ACTIONS[60] == "put on headphone"


def test_the_lists_of_missing_skeletons_are_whole(ntu_raw_dir):
    for config, name in (("ntu60", "RGBD"), ("ntu120", "RGBD120")):
        path = ntu_raw_dir / f"NTU_{name}_samples_with_missing_skeletons.txt"
        names = [
            line
            for line in path.read_text().splitlines()
            if line.startswith("S0")
        ]
        assert official.missing_skeletons(config) == set(names)
    assert len(official.missing_skeletons("ntu60")) == 302
    assert len(official.missing_skeletons("ntu120")) == 535
