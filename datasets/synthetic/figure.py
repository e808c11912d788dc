"""A jointed figure: where fifteen joints are, given what a body does.

Arrays run over frames first. World axes are x to the left of the image, y up
from the floor and z away from the camera, in metres. A figure's own axes are
forward, up and left.
"""

import dataclasses

import numpy as np

LEFT, RIGHT = 0, 1
SIDES = (LEFT, RIGHT)

# The order of the SBU files.
HEAD, NECK, TORSO = 0, 1, 2
SHOULDERS, ELBOWS, HANDS = (3, 6), (4, 7), (5, 8)
HIPS, KNEES, FEET = (9, 12), (10, 13), (11, 14)

UP = np.array([0.0, 1.0, 0.0])
# Towards the left of each side: +1 for the left limb, -1 for the right one.
_OUTWARD = np.array([1.0, -1.0])


@dataclasses.dataclass(frozen=True)
class Performer:
    """A person: what stays the same from clip to clip.

    Attributes:
        trunk: Metres from neck to torso, and from there to between the hips.
        shoulder, hip: Half the width of the body there, metres.
        head, upper_arm, forearm, thigh, shin: Lengths of bones, metres.
        tempo: Speed relative to the average; 1.1 is 10 % faster.
        energy: Amplitude relative to the average.
        stoop: Forward lean when at rest, radians.
        main_hand: `LEFT` or `RIGHT`, preferred for hand and foot.
    """

    trunk: float
    shoulder: float
    hip: float
    head: float
    upper_arm: float
    forearm: float
    thigh: float
    shin: float
    tempo: float
    energy: float
    stoop: float
    main_hand: int

    @property
    def arm(self) -> float:
        return self.upper_arm + self.forearm

    @property
    def leg(self) -> float:
        return self.thigh + self.shin


def turn(a, b, angle):
    """Rotates `a` towards `b`, perpendicular unit vectors, and `b` with it."""
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    return cos * a + sin * b, cos * b - sin * a


def bend(root, target, upper, lower, hint):
    """Inverse kinematics of two bones, towards `target` as far as they reach.

    Args:
        root, target: `(frames, 3)`, first joint and where the last should be.
        upper, lower: Lengths of the two bones, which differ little.
        hint: `(frames, 3)`, the direction in which the middle joint bends.

    Returns:
        The middle and the last joint, each `(frames, 3)`.
    """
    line = target - root
    wanted = np.linalg.norm(line, axis=-1, keepdims=True)
    line = line / np.maximum(wanted, 1e-6)
    reach = np.clip(wanted, 0.15 * (upper + lower), 0.995 * (upper + lower))
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    across = np.sqrt(upper**2 - along**2)
    hint = hint - np.sum(hint * line, axis=-1, keepdims=True) * line
    hint = hint / np.maximum(np.linalg.norm(hint, axis=-1, keepdims=True), 1e-6)
    return root + along * line + across * hint, root + reach * line


class Figure:
    """A performer during one clip, face to face with another.

    Bodies move first (`walk`, and the angles), then hands and feet reach:
    `reach` and `kick` take the pose of the trunk as it is when they are called.

    Attributes:
        travel: `(frames,)`, metres towards the other; the gait follows from it.
        heading, lean, tilt, twist, nod: `(frames,)`, radians: the body away
            from the other, to its left; the trunk forward and to its left; the
            left shoulder forward; the head forward.
        crouch: `(frames,)`, metres by which the hips are lowered.
    """

    def __init__(self, performer, direction, offset, hands, feet, frames):
        """A figure at rest, above the origin of the floor.

        Args:
            performer: A `Performer`.
            direction: +1 to walk and look along x, -1 against it.
            offset: Metres to its own left of the line to the other.
            hands: `(2, 3)`, left and right, from the shoulder, in its own axes
                and arm lengths.
            feet: `(2, 3)`, left and right, from below the hips, in its own
                axes and metres.
            frames: Length of the clip.
        """
        self.performer = performer
        self._ahead = np.array([float(direction), 0.0, 0.0])
        self._start = offset * np.cross(UP, self._ahead)
        self.lean = np.full(frames, performer.stoop)
        (
            self.travel,
            self.heading,
            self.tilt,
            self.twist,
            self.nod,
            self.crouch,
        ) = np.zeros((6, frames))
        self._hands = np.tile(hands * performer.arm, (frames, 1, 1))
        self._feet = np.tile(feet, (frames, 1, 1))
        self._busy = np.zeros((frames, 2))

    def walk(self, distance) -> None:
        """Adds metres towards the other; backwards where negative."""
        self.travel = self.travel + distance

    @property
    def _ground(self):
        return self._start + self.travel[:, None] * self._ahead

    @property
    def forward(self):
        """`(frames, 3)`, the horizontal direction faced."""
        return turn(self._ahead, np.cross(UP, self._ahead), self.heading)[0]

    def outward(self, side: int):
        """`(frames, 3)`, the horizontal direction from the middle to a side."""
        return _OUTWARD[side] * np.cross(UP, self.forward)

    def _trunk_axes(self):
        left = np.cross(UP, self.forward)
        up, forward = turn(UP, self.forward, self.lean)
        up, left = turn(up, left, self.tilt)
        return forward, up, left

    def _shoulder_axes(self):
        forward, up, left = self._trunk_axes()
        left, forward = turn(left, forward, self.twist)
        # (frames, axis, 3)
        return np.stack([forward, up, left], axis=1)

    @property
    def hips(self):
        """`(frames, 3)`, midway between the hips."""
        height = 0.975 * self.performer.leg - self.crouch
        return self._ground + height[:, None] * UP

    def spine(self, metres: float):
        """`(frames, 3)`, the point of the spine so far above the hips."""
        return self.hips + metres * self._trunk_axes()[1]

    def shoulder(self, side: int):
        """`(frames, 3)`, one shoulder."""
        outward = _OUTWARD[side] * self.performer.shoulder
        return (
            self.spine(2 * self.performer.trunk)
            + outward * self._shoulder_axes()[:, 2]
        )

    def reach(self, side: int, target, weight) -> None:
        """Moves a hand towards `target`, world, by `weight`, `(frames,)`."""
        offset = target - self.shoulder(side)
        own = np.einsum("fax,fx->fa", self._shoulder_axes(), offset)
        hand = self._hands[:, side]
        self._hands[:, side] = hand + weight[:, None] * (own - hand)
        self._busy[:, side] = np.maximum(self._busy[:, side], weight)

    def gesture(self, side: int, offset) -> None:
        """Adds `(frames, 3)`, in its own axes and arm lengths, to a hand."""
        self._hands[:, side] += offset * self.performer.arm

    def kick(self, side: int, target, weight) -> None:
        """Moves a foot to `target`, `(3,)` in own axes, by `weight`."""
        foot = self._feet[:, side]
        self._feet[:, side] = foot + weight[:, None] * (target - foot)

    def _gait(self):
        """How far feet are forward and lifted, each `(frames, 2)`, metres."""
        stride = 1.3 * self.performer.leg
        speed = np.abs(np.gradient(self.travel))
        # A standing figure has its feet together, whatever its phase.
        stepping = np.clip(speed / 0.04, 0, 1)[:, None]
        phase = 2 * np.pi * self.travel[:, None] / stride + [0, np.pi]
        direction = np.sign(np.gradient(self.travel))[:, None]
        forward = stepping * stride / 5 * np.sin(phase)
        lift = stepping * 0.1 * np.maximum(0, np.cos(phase) * direction)
        return forward, lift

    def joints(self):
        """`(frames, 15, 3)`, all joints in the world."""
        performer = self.performer
        forward, up, left = self._trunk_axes()
        joints = np.empty((len(self.travel), 15, 3))
        joints[:, TORSO] = self.spine(performer.trunk)
        joints[:, NECK] = self.spine(2 * performer.trunk)
        joints[:, HEAD] = (
            joints[:, NECK] + performer.head * turn(up, forward, self.nod)[0]
        )
        self._place_arms(joints)
        self._place_legs(joints, left)
        return joints

    def _place_arms(self, joints) -> None:
        axes = self._shoulder_axes()
        steps, _ = self._gait()
        for side in SIDES:
            # Arms that do nothing swing against the legs.
            swing = 0.6 * (1 - self._busy[:, side]) * steps[:, 1 - side]
            hand = self._hands[:, side] + swing[:, None] * [1, 0, 0]
            shoulder = self.shoulder(side)
            joints[:, SHOULDERS[side]] = shoulder
            joints[:, ELBOWS[side]], joints[:, HANDS[side]] = bend(
                shoulder,
                shoulder + np.einsum("fa,fax->fx", hand, axes),
                self.performer.upper_arm,
                self.performer.forearm,
                hint=[-0.4, -0.8, 0.5 * _OUTWARD[side]] @ axes,
            )

    def _place_legs(self, joints, left) -> None:
        ahead = np.stack(
            [self.forward, np.tile(UP, (len(left), 1)), left], axis=1
        )
        steps, lifts = self._gait()
        for side in SIDES:
            foot = self._feet[:, side].copy()
            foot[:, 0] += steps[:, side]
            foot[:, 1] += lifts[:, side]
            hip = self.hips + _OUTWARD[side] * self.performer.hip * left
            joints[:, HIPS[side]] = hip
            joints[:, KNEES[side]], joints[:, FEET[side]] = bend(
                hip,
                self._ground + np.einsum("fa,fax->fx", foot, ahead),
                self.performer.thigh,
                self.performer.shin,
                hint=[1.0, 0.2, 0.0] @ ahead,
            )
