"""What the authors of NTU RGB+D publish along with the recordings.

Amir Shahroudy, Jun Liu, Tian-Tsong Ng, Gang Wang, "NTU RGB+D: A large scale
dataset for 3D human activity analysis", CVPR 2016 (`ntu60`); Jun Liu, Amir
Shahroudy, Mauricio Perez, Gang Wang, Ling-Yu Duan, Alex C. Kot, "NTU RGB+D 120:
A large-scale benchmark for 3D human activity understanding", IEEE TPAMI 42(10),
2020 (`ntu120`). The names of the actions and the lists of missing skeletons are
from https://github.com/shahroudy/NTURGB-D.
"""

import dataclasses
import pathlib

from stalstm.description import Protocol

# A001 to A120, as the authors name them; NTU RGB+D has the first 60.
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

# Cross-Subject: the performers to train on; all others are for testing.
TRAIN_PERFORMERS = frozenset(
    (
        *(1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35),
        *(38, 45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78),
        *(80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95, 97, 98, 100, 103),
    )
)

# Cross-View: the cameras to train on; camera 1 is for testing.
TRAIN_CAMERAS = frozenset((2, 3))

# Cross-Setup: the setups to train on; the odd ones are for testing.
TRAIN_SETUPS = frozenset(range(2, 33, 2))


@dataclasses.dataclass(frozen=True)
class Config:
    """One of the two published data sets.

    Attributes:
        title: Published name.
        actions: Number of actions, from A001.
        setups: Number of setups, from S001.
        samples: Number of recordings, including those with missing skeletons.
        archives: Zips of the public download that it consists of.
        views: What the second protocol separates, besides Cross-Subject:
            `"cameras"` or `"setups"`.
    """

    title: str
    actions: int
    setups: int
    samples: int
    archives: tuple[str, ...]
    views: str


_FIRST = "nturgbd_skeletons_s001_to_s017.zip"
_SECOND = "nturgbd_skeletons_s018_to_s032.zip"
CONFIGS: dict[str, Config] = {
    "ntu60": Config(
        title="NTU RGB+D",
        actions=60,
        setups=17,
        samples=56_880,
        archives=(_FIRST,),
        views="cameras",
    ),
    "ntu120": Config(
        title="NTU RGB+D 120",
        actions=120,
        setups=32,
        samples=114_480,
        archives=(_FIRST, _SECOND),
        views="setups",
    ),
}


def split_names(config: str) -> tuple[str, ...]:
    """The four disjoint splits of a data set.

    Each is an intersection of a part of Cross-Subject with a part of Cross-View
    or Cross-Setup, such as `"train_performers_test_cameras"`, so that one
    prepared copy serves both protocols.

    Args:
        config: `"ntu60"` or `"ntu120"`.
    """
    views = CONFIGS[config].views
    return tuple(
        f"{performers}_performers_{view}_{views}"
        for performers in ("train", "test")
        for view in ("train", "test")
    )


def split_of(config: str, setup: int, camera: int, performer: int) -> str:
    """The split of `split_names` to which a recording belongs."""
    views = CONFIGS[config].views
    trains = {
        "cameras": camera in TRAIN_CAMERAS,
        "setups": setup in TRAIN_SETUPS,
    }[views]
    performers = "train" if performer in TRAIN_PERFORMERS else "test"
    return f"{performers}_performers_{'train' if trains else 'test'}_{views}"


def protocols(config: str) -> dict[str, Protocol]:
    """The two official protocols of a data set, by name.

    Args:
        config: `"ntu60"` or `"ntu120"`.
    """
    both_train, only_performers, only_view, neither = split_names(config)
    second = {"cameras": "cross_view", "setups": "cross_setup"}
    return {
        "cross_subject": Protocol(
            train=f"{both_train}+{only_performers}",
            test=f"{only_view}+{neither}",
        ),
        second[CONFIGS[config].views]: Protocol(
            train=f"{both_train}+{only_view}",
            test=f"{only_performers}+{neither}",
        ),
    }


def missing_skeletons(config: str) -> frozenset[str]:
    """The `clip_id`s of the samples that the authors ask to leave out."""
    file = pathlib.Path(__file__).with_name(f"missing_skeletons_{config}.txt")
    lines = file.read_text().splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
