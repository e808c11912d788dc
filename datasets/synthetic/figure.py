"""A jointed figure: the positions of 15 joints, from the movements of a body.

The first axis of every array is the frames. World axes are x to the left of the
image, y up from the floor and z away from the camera, in metres. A figure's own
axes are forward, up and left.
"""

import dataclasses

import numpy as np

LEFT, RIGHT = 0, 1
SIDES = (LEFT, RIGHT)

# Indices of the joints, in the order of `stalstm.skeletons.NITE`.
HEAD, NECK, TORSO = 0, 1, 2
SHOULDERS, ELBOWS, HANDS = (3, 6), (4, 7), (5, 8)
HIPS, KNEES, FEET = (9, 12), (10, 13), (11, 14)

UP = np.array([0.0, 1.0, 0.0])
# The outward direction of each side, along the left axis.
_OUTWARD = np.array([1.0, -1.0])


@dataclasses.dataclass(frozen=True)
class Performer:
    """A person, who stays the same from clip to clip.

    Attributes:
        trunk: Distance from the neck to the torso, and from the torso to the
            middle of the hips, in metres.
        shoulder, hip: Half the width of the body there, in metres.
        head, upper_arm, forearm, thigh, shin: Lengths of bones, in metres.
        tempo: Speed relative to the average; 1.1 is 10 % faster.
        energy: Amplitude relative to the average.
        stoop: Forward lean at rest, in radians.
        main_hand: The preferred side for both hand and foot, `LEFT` or `RIGHT`.
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
    """Rotates two perpendicular unit vectors, `a` towards `b`."""
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    return cos * a + sin * b, cos * b - sin * a


def bend(root, target, upper, lower, hint):
    """Inverse kinematics of two bones that reach for `target`.

    Args:
        root: Position of the first joint, `(frames, 3)`.
        target: Desired position of the last joint, `(frames, 3)`. Beyond the
            reach of the bones, the last joint lies on the way to it.
        upper, lower: Lengths of the two bones, which differ little.
        hint: Direction in which the middle joint bends, `(frames, 3)`.

    Returns:
        Positions of the middle and the last joint, each `(frames, 3)`.
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

    Move the body first (`walk`, and the angles), then hands and feet: `reach`
    and `kick` use the pose of the trunk at the time of the call.

    Attributes:
        travel: Distance walked towards the other, `(frames,)`, in metres. The
            gait follows from it.
        heading: Angle of the body away from the other, to its own left,
            `(frames,)`, in radians.
        lean, tilt: Angles of the trunk, forward and to its left, `(frames,)`,
            in radians.
        twist: Angle of the left shoulder forward, `(frames,)`, in radians.
        nod: Angle of the head forward, `(frames,)`, in radians.
        crouch: Distance by which the hips are lowered, `(frames,)`, in metres.
    """

    def __init__(self, performer, direction, offset, hands, feet, frames):
        """A figure at rest, above the origin of the floor.

        Args:
            performer: The `Performer`.
            direction: Direction in which it walks and looks: +1 along the x
                axis, -1 against it.
            offset: Distance from the line to the other, to its own left, in
                metres.
            hands: Left and right hand, relative to the shoulders, `(2, 3)`, in
                its own axes and in arm lengths.
            feet: Left and right foot, relative to the floor below the hips,
                `(2, 3)`, in its own axes and in metres.
            frames: Length of the clip, in frames.
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
        """Walks a distance, in metres; backwards where it is negative."""
        self.travel = self.travel + distance

    @property
    def _ground(self):
        return self._start + self.travel[:, None] * self._ahead

    @property
    def forward(self):
        """The horizontal direction that the body faces, `(frames, 3)`."""
        return turn(self._ahead, np.cross(UP, self._ahead), self.heading)[0]

    def outward(self, side: int):
        """The horizontal direction from the middle to a side, `(frames, 3)`."""
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
        """The point midway between the hips, `(frames, 3)`."""
        height = 0.975 * self.performer.leg - self.crouch
        return self._ground + height[:, None] * UP

    def spine(self, metres: float):
        """A point of the spine, some metres above the hips, `(frames, 3)`."""
        return self.hips + metres * self._trunk_axes()[1]

    def shoulder(self, side: int):
        """The shoulder of a side, `(frames, 3)`."""
        outward = _OUTWARD[side] * self.performer.shoulder
        return (
            self.spine(2 * self.performer.trunk)
            + outward * self._shoulder_axes()[:, 2]
        )

    def reach(self, side: int, target, weight) -> None:
        """Moves a hand towards a point.

        Args:
            side: `LEFT` or `RIGHT`.
            target: The point, `(frames, 3)`, in world axes.
            weight: Fraction of the way, `(frames,)`.
        """
        offset = target - self.shoulder(side)
        own = np.einsum("fax,fx->fa", self._shoulder_axes(), offset)
        hand = self._hands[:, side]
        self._hands[:, side] = hand + weight[:, None] * (own - hand)
        self._busy[:, side] = np.maximum(self._busy[:, side], weight)

    def gesture(self, side: int, offset) -> None:
        """Displaces a hand.

        Args:
            side: `LEFT` or `RIGHT`.
            offset: Displacement, `(frames, 3)`, in own axes and arm lengths.
        """
        self._hands[:, side] += offset * self.performer.arm

    def kick(self, side: int, target, weight) -> None:
        """Moves a foot towards a point.

        Args:
            side: `LEFT` or `RIGHT`.
            target: The point, relative to the floor below the hips, `(3,)`, in
                own axes and metres.
            weight: Fraction of the way, `(frames,)`.
        """
        foot = self._feet[:, side]
        self._feet[:, side] = foot + weight[:, None] * (target - foot)

    def _gait(self):
        """How far the feet are forward and lifted, each `(frames, 2)`."""
        stride = 1.3 * self.performer.leg
        speed = np.abs(np.gradient(self.travel))
        # A standing figure has its feet together, whatever the phase.
        stepping = np.clip(speed / 0.04, 0, 1)[:, None]
        phase = 2 * np.pi * self.travel[:, None] / stride + [0, np.pi]
        direction = np.sign(np.gradient(self.travel))[:, None]
        forward = stepping * stride / 5 * np.sin(phase)
        lift = stepping * 0.1 * np.maximum(0, np.cos(phase) * direction)
        return forward, lift

    def joints(self):
        """All joints, `(frames, 15, 3)`, in world axes."""
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
            # Idle arms swing against the legs.
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
