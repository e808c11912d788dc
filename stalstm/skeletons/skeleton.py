"""The joints of one body, their bones and roles.

A `Skeleton` travels as JSON: in the metadata of prepared data, in a workdir, in
every model and in every export.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

# Joints that the preprocessing may ask for. `spine_base` and `spine_mid` are
# the two ends of the part of the spine that bends least.
ROLES = (
    "torso",
    "left_shoulder",
    "right_shoulder",
    "spine_base",
    "spine_mid",
    "head",
)


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """The joints of one body, in the order of the recordings.

    Attributes:
        name: Name of the skeleton, such as `"nite"`.
        joints: Names of the joints, by index.
        bones: Pairs of joint names that are connected.
        mirror: Pairs of joint names, left and right, that a mirror exchanges.
        roles: Joint names by role, one of `ROLES`.
        parts: Joint names by body part, such as `"left_arm"`.

    Raises:
        ValueError: Two joints share a name, a role is unknown, or a joint is
            not in `joints`.
    """

    name: str
    joints: tuple[str, ...]
    bones: tuple[tuple[str, str], ...] = ()
    mirror: tuple[tuple[str, str], ...] = ()
    roles: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parts: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict
    )

    def __post_init__(self):
        if len(set(self.joints)) < len(self.joints):
            raise ValueError(
                f"`joints` must have different names. Received: {self.joints}"
            )
        if unknown := sorted(set(self.roles) - set(ROLES)):
            raise ValueError(
                f"`roles` must be among {', '.join(ROLES)}. "
                f"Received: {', '.join(unknown)}"
            )
        named = {
            "bones": [joint for pair in self.bones for joint in pair],
            "mirror": [joint for pair in self.mirror for joint in pair],
            "roles": list(self.roles.values()),
            "parts": [joint for part in self.parts.values() for joint in part],
        }
        for argument, joints in named.items():
            if unknown := sorted(set(joints) - set(self.joints)):
                raise ValueError(
                    f"`{argument}` must name joints of the skeleton: "
                    f"{', '.join(self.joints)}. Received: {', '.join(unknown)}"
                )

    def index(self, joint: str) -> int:
        """The index of a joint, by its name."""
        return self.joints.index(joint)

    @property
    def ends(self) -> tuple[str, ...]:
        """The joints with a single bone, such as hands, feet and head."""
        in_bones = [joint for pair in self.bones for joint in pair]
        return tuple(x for x in self.joints if in_bones.count(x) == 1)

    def role(self, role: str) -> int:
        """The index of the joint that has a role.

        Raises:
            ValueError: No joint of this skeleton has it.
        """
        if role not in self.roles:
            raise ValueError(
                f"expected a skeleton with the role {role}. "
                f"Received: skeleton {self.name}, which has "
                f"{', '.join(self.roles) or 'no roles'}"
            )
        return self.index(self.roles[role])

    def split(self, parts: Iterable[str]) -> tuple[tuple[int, ...], ...]:
        """The indices of the joints of each part, for every joint once.

        Args:
            parts: Names of body parts.

        Raises:
            ValueError: This skeleton does not have one of them, or one of its
                joints is in none of them, or in two.
        """
        names = tuple(parts)
        split = tuple(
            tuple(map(self.index, self.parts.get(name, ()))) for name in names
        )
        indices = sorted(index for part in split for index in part)
        if not all(split) or indices != list(range(len(self.joints))):
            received = ", ".join(
                f"{name} ({', '.join(joints)})"
                for name, joints in self.parts.items()
            )
            raise ValueError(
                "expected a skeleton with each of its joints in one of the "
                f"parts {', '.join(names) or 'of the body'}. Received: "
                f"skeleton {self.name}, which has {received or 'no parts'}"
            )
        return split

    def to_json(self) -> dict[str, Any]:
        """JSON values, for `from_json`."""
        return {
            "name": self.name,
            "joints": list(self.joints),
            "bones": [list(pair) for pair in self.bones],
            "mirror": [list(pair) for pair in self.mirror],
            "roles": dict(self.roles),
            "parts": {name: list(part) for name, part in self.parts.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Skeleton":
        """The skeleton that `to_json` wrote."""
        return cls(
            name=record["name"],
            joints=tuple(record["joints"]),
            bones=tuple((a, b) for a, b in record["bones"]),
            mirror=tuple((a, b) for a, b in record["mirror"]),
            roles=dict(record["roles"]),
            parts={name: tuple(x) for name, x in record["parts"].items()},
        )
