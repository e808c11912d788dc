"""What a prepared data set says of itself.

A builder in `datasets/` writes a `Description` into its metadata; training
copies it into the workdir. Nothing else has to know which data set has what.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from stalstm.skeletons import Skeleton


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A pair of splits.

    Attributes:
        train, test: Expressions for `tfds.load(split=...)`, such as
            `"fold_1+fold_2"`.
    """

    train: str
    test: str


@dataclasses.dataclass(frozen=True)
class Contents:
    """How much there is in the clips of a data set.

    Attributes:
        clips: Number of clips.
        least_bodies: Number of bodies that appear in every clip.
        median_frames: Half of the clips are no longer than this.
        long_frames: Nine out of ten clips are no longer than this.
        turned: In nine out of ten clips, the first body begins turned by no
            more degrees than this from the direction that is usual; `None` if
            that is not known.
    """

    clips: int
    least_bodies: int
    median_frames: int
    long_frames: int
    turned: int | None = None


@dataclasses.dataclass(frozen=True)
class Description:
    """What a prepared data set says of itself.

    Attributes:
        skeleton: The joints of each body.
        bodies: Number of bodies in every frame, absent ones included.
        classes: Names of the classes, in the order of the labels.
        protocols: Protocols by name, such as `"fold_3"` or `"cross_subject"`;
            the first one is the default.
        contents: What is in the clips, if the data set knows it beforehand.
        reading: How raw recordings are read, as JSON values, where the format
            does not settle that: unit and axes of own recordings.
    """

    skeleton: Skeleton
    bodies: int
    classes: tuple[str, ...]
    protocols: Mapping[str, Protocol]
    contents: Contents | None = None
    reading: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def require(
        self,
        setting: str,
        roles: Iterable[str] = (),
        bodies: int | None = None,
    ) -> None:
        """Checks that the data has what a setting needs.

        Args:
            setting: What an error calls it, such as `"axes=clip"`.
            roles: Roles that the skeleton must have.
            bodies: Number of bodies that the data must have; `None`, any.

        Raises:
            ValueError: The data lacks something. The message names the setting
                and what is missing.
        """
        if bodies is not None and bodies != self.bodies:
            raise ValueError(
                f"`{setting}` needs {bodies} bodies. "
                f"Received: data with {self.bodies}"
            )
        if lacking := [x for x in roles if x not in self.skeleton.roles]:
            raise ValueError(
                f"`{setting}` needs a skeleton with the roles "
                f"{', '.join(roles)}. Received: data with the skeleton "
                f"{self.skeleton.name}, without {', '.join(lacking)}"
            )

    def validation(self, name: str) -> Protocol:
        """A protocol in which a training split takes the place of the test.

        Of the first protocol the first training split is held out, of the
        second one the second and so on, so that each of five folds is held out
        once.

        Args:
            name: Name of the protocol.

        Raises:
            ValueError: The protocol trains on a single split.
        """
        train = self.protocols[name].train.split("+")
        if len(train) < 2:
            raise ValueError(
                "validation holds out one of several training splits. "
                f"Received: {name}, which trains on {train[0]} alone"
            )
        held_out = train[list(self.protocols).index(name) % len(train)]
        others = [split for split in train if split != held_out]
        return Protocol("+".join(others), held_out)

    def everything(self) -> Protocol:
        """Trains on every clip, and tests on the same: for a model to ship."""
        one = next(iter(self.protocols.values()))
        every = f"{one.train}+{one.test}"
        return Protocol(every, every)

    def to_json(self) -> dict[str, Any]:
        """JSON values, for `from_json`."""
        return {
            "skeleton": self.skeleton.to_json(),
            "bodies": self.bodies,
            "classes": list(self.classes),
            "protocols": {
                name: dataclasses.asdict(protocol)
                for name, protocol in self.protocols.items()
            },
            "contents": self.contents and dataclasses.asdict(self.contents),
            "reading": dict(self.reading),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Description":
        """The description that `to_json` wrote.

        Raises:
            ValueError: The record is not one of this version.
        """
        contents = record.get("contents")
        try:
            return cls(
                skeleton=Skeleton.from_json(record["skeleton"]),
                bodies=record["bodies"],
                classes=tuple(record["classes"]),
                protocols={
                    name: Protocol(**x)
                    for name, x in record["protocols"].items()
                },
                # Version 0.2.0 wrote neither.
                contents=contents and Contents(**contents),
                reading=record.get("reading", {}),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(
                "expected skeleton, bodies, classes and protocols, as this "
                f"version writes them. Received: {type(error).__name__}: "
                f"{error}"
            ) from None


def fold_protocols(folds: int) -> dict[str, Protocol]:
    """`fold_1`, `fold_2`, ...: test on one fold, train on the others."""
    names = [f"fold_{number}" for number in range(1, folds + 1)]
    return {
        test: Protocol("+".join(x for x in names if x != test), test)
        for test in names
    }
