"""Random changes of the training clips; evaluation and exports have none.

Clips are changed in camera space, before the model prepares them. Changes over
time come first, clip by clip, since batches hold clips of similar length; the
others are done for a whole batch at once.
"""

import dataclasses
import math

import tensorflow as tf

from stalstm.description import Description
from stalstm.fields import Fields, ours


@dataclasses.dataclass(frozen=True, kw_only=True)
class Augmentation(Fields):
    """How much the training clips are changed at random; zeros change nothing.

    Ranges are uniform, and drawn anew for every clip in every batch.
    """

    # Largest part of a clip that is cut off, at its ends together.
    crop: float = ours(0.0, at_least=0, below=1)
    # Largest factor by which a clip becomes faster or slower.
    speed: float = ours(1.0, at_least=1)
    # Largest angles in degrees: around the vertical, and forwards or sideways.
    yaw: float = ours(0.0, at_least=0)
    tilt: float = ours(0.0, at_least=0)
    # Largest stretching of each axis: 0.1 is from 0.9 to 1.1.
    stretch: float = ours(0.0, at_least=0, below=1)
    # Standard deviations in metres: of each body's place, of each joint's
    # place in the whole clip, and of each joint in each frame.
    body_shift: float = ours(0.0, at_least=0)
    joint_shift: float = ours(0.0, at_least=0)
    noise: float = ours(0.0, at_least=0)
    # Mirrors half of the clips: left becomes right.
    mirror: bool = ours(False)
    # Part of the bodies whose left joints are named right in the whole clip,
    # and the other way round, as trackers do to people seen from the side.
    swap_sides: float = ours(0.0, at_least=0, below=1)

    def check(self, data: Description) -> None:
        """Checks that the data has what the fields need.

        Raises:
            ValueError: The skeleton says of no joints that they are left and
                right, or a class name does.
        """
        if self.mirror:
            asked = "mirror=true"
        elif self.swap_sides:
            asked = f"swap_sides={self.swap_sides:g}"
        else:
            return
        if not data.skeleton.mirror:
            raise ValueError(
                f"`{asked}` needs a skeleton with the pairs of joints that a "
                "mirror exchanges. Received: data with the skeleton "
                f"{data.skeleton.name}, without such pairs"
            )
        if sided := [x for x in data.classes if names_a_side(x)]:
            raise ValueError(
                f"`{asked}` needs classes that remain what they are when left "
                f"becomes right. Received: {', '.join(sided)}"
            )

    def in_time(self, skeleton: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Cuts off a clip's ends and changes its speed.

        Args:
            skeleton: `(frames, bodies, joints, 3)`, metres. An absent body is
                all zeros.
            seed: Two integers.

        Returns:
            The clip, with another number of frames.
        """
        if not self.crop and self.speed == 1:
            return skeleton
        frames = tf.cast(tf.shape(skeleton)[0], tf.float32)
        cut, start, speed = tf.unstack(
            tf.random.stateless_uniform((3,), seed), num=3
        )
        last = (frames - 1) * (1 - self.crop * cut)
        start *= frames - 1 - last
        speed = tf.exp((2 * speed - 1) * math.log(self.speed))
        number = tf.cast(tf.round(last / speed), tf.int32) + 1
        steps = tf.maximum(number - 1, 1)
        place = tf.range(number) / steps * tf.cast(last, tf.float64)
        return _interpolated(skeleton, start + tf.cast(place, tf.float32))

    def in_space(
        self, skeleton: tf.Tensor, data: Description, seed: tf.Tensor
    ) -> tf.Tensor:
        """Turns, stretches, mirrors and disturbs the clips of a batch.

        Args:
            skeleton: `(batch, frames, bodies, joints, 3)`, metres in camera
                space. What is all zeros, absent bodies and padding, stays so.
            data: What the data set says of itself.
            seed: Two integers.
        """
        batch, _, bodies, joints, _ = tf.unstack(tf.shape(skeleton), num=5)
        seeds = tf.unstack(tf.random.split(seed, 7), num=7)
        there = tf.reduce_any(skeleton != 0, axis=(3, 4), keepdims=True)

        def normal(number, shape, deviation):
            return tf.random.stateless_normal(shape, seeds[number]) * deviation

        changed = skeleton
        if self.swap_sides:
            chosen = tf.random.stateless_uniform(
                (batch, 1, bodies, 1, 1), seeds[6]
            )
            changed = tf.where(
                chosen < self.swap_sides, _other_sides(changed, data), changed
            )
        if self.yaw or self.tilt or self.stretch or self.mirror:
            centre = _centre(skeleton, there)
            changed -= centre
            if self.mirror:
                changed = _mirrored(changed, data, seeds[0])
            if self.stretch:
                factors = tf.random.stateless_uniform(
                    (batch, 1, 1, 1, 3),
                    seeds[1],
                    1 - self.stretch,
                    1 + self.stretch,
                )
                changed *= factors
            if self.yaw or self.tilt:
                angles = tf.random.stateless_uniform((batch, 3), seeds[2], -1)
                angles *= [math.radians(x) for x in self._angles()]
                changed = tf.einsum(
                    "bij,bfnkj->bfnki", _rotations(angles), changed
                )
            changed += centre
        if self.body_shift:
            changed += normal(3, (batch, 1, bodies, 1, 3), self.body_shift)
        if self.joint_shift:
            changed += normal(
                4, (batch, 1, bodies, joints, 3), self.joint_shift
            )
        if self.noise:
            changed += normal(5, tf.shape(skeleton), self.noise)
        return tf.where(there, changed, 0.0)

    def _angles(self) -> tuple[float, float, float]:
        """Largest angles around x, y and z, in degrees."""
        return self.tilt, self.yaw, self.tilt


def names_a_side(name: str) -> bool:
    """Whether the name of a class tells left from right, or a turn's sense."""
    words = name.lower().replace("-", "_").replace(" ", "_").split("_")
    sides = {"left", "right", "clockwise", "counterclockwise", "cw", "ccw"}
    return not sides.isdisjoint(words)


def _interpolated(skeleton, place):
    """The clip at places between its frames, `(new frames,)`.

    A body that is absent in one of the frames around a place is taken from the
    nearer one.
    """
    frames = tf.shape(skeleton)[0]
    before = tf.clip_by_value(tf.cast(place, tf.int32), 0, frames - 1)
    after = tf.minimum(before + 1, frames - 1)
    weight = (place - tf.cast(before, tf.float32))[:, None, None, None]
    first, second = tf.gather(skeleton, before), tf.gather(skeleton, after)
    both = tf.logical_and(
        tf.reduce_any(first != 0, axis=(2, 3), keepdims=True),
        tf.reduce_any(second != 0, axis=(2, 3), keepdims=True),
    )
    nearer = tf.where(weight < 0.5, first, second)
    return tf.where(both, first + weight * (second - first), nearer)


def _centre(skeleton, there):
    """The middle of all joints of a clip, `(batch, 1, 1, 1, 3)`."""
    number = tf.reduce_sum(tf.cast(there, tf.float32), (1, 2, 3, 4))
    number *= tf.cast(tf.shape(skeleton)[3], tf.float32)
    total = tf.reduce_sum(skeleton, axis=(1, 2, 3))
    return (total / tf.maximum(number, 1)[:, None])[:, None, None, None]


def _other_sides(skeleton, data):
    """The bodies with left joints named right, and the other way round."""
    order = list(range(len(data.skeleton.joints)))
    for pair in data.skeleton.mirror:
        left, right = map(data.skeleton.index, pair)
        order[left], order[right] = right, left
    return tf.gather(skeleton, order, axis=3)


def _mirrored(skeleton, data, seed):
    """Half of the clips as a mirror shows them; the origin is their centre."""
    mirror = _other_sides(skeleton, data) * [-1.0, 1.0, 1.0]
    chosen = tf.random.stateless_uniform((tf.shape(skeleton)[0],), seed) < 0.5
    return tf.where(chosen[:, None, None, None, None], mirror, skeleton)


def _rotations(angles):
    """Rotations by angles around x, then z, then y: `(batch, 3, 3)`."""
    cosine, sine = tf.cos(angles), tf.sin(angles)

    def around(axis):
        c, s = cosine[:, axis], sine[:, axis]
        one, zero = tf.ones_like(c), tf.zeros_like(c)
        rows = {
            0: [one, zero, zero, zero, c, -s, zero, s, c],
            1: [c, zero, s, zero, one, zero, -s, zero, c],
            2: [c, -s, zero, s, c, zero, zero, zero, one],
        }[axis]
        return tf.reshape(tf.stack(rows, axis=-1), (-1, 3, 3))

    return around(1) @ around(2) @ around(0)
