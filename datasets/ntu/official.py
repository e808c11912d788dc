"""What the authors of NTU RGB+D publish beside the recordings.

Amir Shahroudy, Jun Liu, Tian-Tsong Ng, Gang Wang, "NTU RGB+D: A large scale
dataset for 3D human activity analysis", CVPR 2016 (`ntu60`); Jun Liu, Amir
Shahroudy, Mauricio Perez, Gang Wang, Ling-Yu Duan, Alex C. Kot, "NTU RGB+D 120:
A large-scale benchmark for 3D human activity understanding", IEEE TPAMI 42(10),
2020 (`ntu120`); action names and lists of missing skeletons from
https://github.com/shahroudy/NTURGB-D.
"""

import dataclasses
import pathlib

# A001 to A120, in the authors' words; NTU RGB+D has the first 60.
ACTIONS: tuple[str, ...] = (
    "drink water",
    "eat meal/snack",
    "brushing teeth",
    "brushing hair",
    "drop",
    "pickup",
    "throw",
    "sitting down",
    "standing up (from sitting position)",
    "clapping",
    "reading",
    "writing",
    "tear up paper",
    "wear jacket",
    "take off jacket",
    "wear a shoe",
    "take off a shoe",
    "wear on glasses",
    "take off glasses",
    "put on a hat/cap",
    "take off a hat/cap",
    "cheer up",
    "hand waving",
    "kicking something",
    "put something inside pocket / take out something from pocket",
    "hopping (one foot jumping)",
    "jump up",
    "make a phone call/answer phone",
    "playing with phone/tablet",
    "typing on a keyboard",
    "pointing to something with finger",
    "taking a selfie",
    "check time (from watch)",
    "rub two hands together",
    "nod head/bow",
    "shake head",
    "wipe face",
    "salute",
    "put the palms together",
    "cross hands in front (say stop)",
    "sneeze/cough",
    "staggering",
    "falling",
    "touch head (headache)",
    "touch chest (stomachache/heart pain)",
    "touch back (backache)",
    "touch neck (neckache)",
    "nausea or vomiting condition",
    "use a fan (with hand or paper)/feeling warm",
    "punching/slapping other person",
    "kicking other person",
    "pushing other person",
    "pat on back of other person",
    "point finger at the other person",
    "hugging other person",
    "giving something to other person",
    "touch other person's pocket",
    "handshaking",
    "walking towards each other",
    "walking apart from each other",
    "put on headphone",
    "take off headphone",
    "shoot at the basket",
    "bounce ball",
    "tennis bat swing",
    "juggling table tennis balls",
    "hush (quite)",
    "flick hair",
    "thumb up",
    "thumb down",
    "make ok sign",
    "make victory sign",
    "staple book",
    "counting money",
    "cutting nails",
    "cutting paper (using scissors)",
    "snapping fingers",
    "open bottle",
    "sniff (smell)",
    "squat down",
    "toss a coin",
    "fold paper",
    "ball up paper",
    "play magic cube",
    "apply cream on face",
    "apply cream on hand back",
    "put on bag",
    "take off bag",
    "put something into a bag",
    "take something out of a bag",
    "open a box",
    "move heavy objects",
    "shake fist",
    "throw up cap/hat",
    "hands up (both hands)",
    "cross arms",
    "arm circles",
    "arm swings",
    "running on the spot",
    "butt kicks (kick backward)",
    "cross toe touch",
    "side kick",
    "yawn",
    "stretch oneself",
    "blow nose",
    "hit other person with something",
    "wield knife towards other person",
    "knock over other person (hit with body)",
    "grab other person's stuff",
    "shoot at other person with a gun",
    "step on foot",
    "high-five",
    "cheers and drink",
    "carry something with other person",
    "take a photo of other person",
    "follow other person",
    "whisper in other person's ear",
    "exchange things with other person",
    "support somebody with one's hand (someone is sick, help him to walk)",
    "finger-guessing game (playing rock-paper-scissors)",
)

# Performers who train in Cross-Subject; all others test.
TRAIN_PERFORMERS = frozenset(
    (
        *(1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35),
        *(38, 45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78),
        *(80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95, 97, 98, 100, 103),
    )
)

# Cameras that train in Cross-View; camera 1 tests.
TRAIN_CAMERAS = frozenset((2, 3))

# Setups that train in Cross-Setup; the odd ones test.
TRAIN_SETUPS = frozenset(range(2, 33, 2))


@dataclasses.dataclass(frozen=True)
class DataSet:
    """One of the two published data sets.

    Attributes:
        title: Its published name.
        actions: How many actions, from A001.
        setups: How many setups, from S001.
        samples: How many recordings, those with missing skeletons included.
        archives: The zips of the public download that it needs.
        protocols: The two evaluations.
        views: What the second of them holds apart.
    """

    title: str
    actions: int
    setups: int
    samples: int
    archives: tuple[str, ...]
    protocols: tuple[str, str]
    views: str


_FIRST = "nturgbd_skeletons_s001_to_s017.zip"
_SECOND = "nturgbd_skeletons_s018_to_s032.zip"
DATA_SETS: dict[str, DataSet] = {
    "ntu60": DataSet(
        title="NTU RGB+D",
        actions=60,
        setups=17,
        samples=56_880,
        archives=(_FIRST,),
        protocols=("cross_subject", "cross_view"),
        views="cameras",
    ),
    "ntu120": DataSet(
        title="NTU RGB+D 120",
        actions=120,
        setups=32,
        samples=114_480,
        archives=(_FIRST, _SECOND),
        protocols=("cross_subject", "cross_setup"),
        views="setups",
    ),
}


def split_names(config: str) -> tuple[str, ...]:
    """The four disjoint splits of a data set.

    They cross the two parts of Cross-Subject with those of Cross-View or
    Cross-Setup, such as `"train_performers_test_cameras"`, so that one prepared
    copy serves every protocol: see `protocol_splits`.

    Args:
        config: `"ntu60"` or `"ntu120"`.
    """
    views = DATA_SETS[config].views
    return tuple(
        f"{performers}_performers_{view}_{views}"
        for performers in ("train", "test")
        for view in ("train", "test")
    )


def split_of(config: str, setup: int, camera: int, performer: int) -> str:
    """Which of `split_names` a recording belongs to."""
    views = DATA_SETS[config].views
    trains = {
        "cameras": camera in TRAIN_CAMERAS,
        "setups": setup in TRAIN_SETUPS,
    }[views]
    performers = "train" if performer in TRAIN_PERFORMERS else "test"
    return f"{performers}_performers_{'train' if trains else 'test'}_{views}"


def protocol_splits(config: str, protocol: str) -> tuple[str, str]:
    """The TFDS splits to train and to test on.

    Args:
        config: `"ntu60"` or `"ntu120"`.
        protocol: `"cross_subject"`; `"cross_view"` of ntu60; `"cross_setup"` of
            ntu120.

    Returns:
        Two expressions for `tfds.load(split=...)`, such as
        `"train_performers_train_cameras+train_performers_test_cameras"`.

    Raises:
        ValueError: The data set or the protocol does not exist.
    """
    if config not in DATA_SETS:
        raise ValueError(
            f"`config` must be one of {', '.join(DATA_SETS)}. "
            f"Received: config={config!r}"
        )
    protocols = DATA_SETS[config].protocols
    if protocol not in protocols:
        raise ValueError(
            f"`protocol` of {config} must be one of {', '.join(protocols)}. "
            f"Received: protocol={protocol!r}"
        )
    both_train, only_performers, only_view, neither = split_names(config)
    if protocol == "cross_subject":
        return f"{both_train}+{only_performers}", f"{only_view}+{neither}"
    return f"{both_train}+{only_view}", f"{only_performers}+{neither}"


def missing_skeletons(config: str) -> frozenset[str]:
    """Names of the samples that the authors ask to leave out."""
    file = pathlib.Path(__file__).with_name(f"missing_skeletons_{config}.txt")
    lines = file.read_text().splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
