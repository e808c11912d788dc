"""The eight interactions of the SBU set, each in a few lines of kinematics.

A motion moves the two bodies first, then their hands and feet: see `Figure`.
Times are in seconds after the onset, at average tempo.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from datasets.synthetic.figure import SIDES, UP, Figure


@dataclasses.dataclass
class Scene:
    """Two people who face each other.

    Attributes:
        rng: Source of everything that varies.
        time: Time of each frame, `(frames,)`, in seconds after the onset, at
            average tempo.
        actor: The one who starts the interaction.
        reactor: The other.
    """

    rng: np.random.Generator
    time: np.ndarray
    actor: Figure
    reactor: Figure

    def draw(self, low: float, high: float) -> float:
        return self.rng.uniform(low, high)

    def ramp(self, start, duration):
        """A smooth transition from 0 to 1, `(frames,)`."""
        done = np.clip((self.time - start) / duration, 0, 1)
        return done**3 * (10 - 15 * done + 6 * done**2)

    def pulse(self, start, rise, hold, fall):
        """A smooth transition from 0 to 1 and back to 0, `(frames,)`."""
        return self.ramp(start, rise) - self.ramp(start + rise + hold, fall)

    def stand_apart(self, gap: float) -> None:
        for figure in (self.actor, self.reactor):
            figure.walk(-gap / 2)

    def hand_of(self, figure: Figure) -> int:
        """The side that a performer uses this time, mostly the main hand."""
        preferred = figure.performer.main_hand
        return preferred if self.rng.random() < 0.9 else 1 - preferred

    def between(self, height: float):
        """A point between the two, at a height in metres above the hips."""
        return (self.actor.spine(height) + self.reactor.spine(height)) / 2


def approaching(scene: Scene) -> None:
    """One walks up to the other, who may come a little closer as well."""
    _close_in(scene, scene.ramp(0, 1.1))


def departing(scene: Scene) -> None:
    """An approach played backwards: one steps back, facing the other."""
    _close_in(scene, 1 - scene.ramp(0, 1.1))


def _close_in(scene: Scene, progress) -> None:
    near, far = scene.draw(0.45, 0.75), scene.draw(1.15, 1.55)
    share = scene.draw(0, 0.3)
    scene.stand_apart(far)
    scene.actor.walk((1 - share) * (far - near) * progress)
    scene.reactor.walk(share * (far - near) * progress)


def kicking(scene: Scene) -> None:
    """A leg swings up towards the other, who shrinks back."""
    actor, leg = scene.actor, scene.actor.performer.leg
    swing = scene.pulse(0, 0.35, 0.05, 0.4)
    scene.stand_apart(scene.draw(1.05, 1.4))
    actor.walk(scene.draw(0, 0.2) * scene.ramp(-0.3, 0.5))
    actor.lean -= actor.performer.energy * scene.draw(0.2, 0.4) * swing
    _flinch(scene, 0.3, back=scene.draw(0.05, 0.3), lean=-0.1)
    height = np.clip(actor.performer.energy * scene.draw(0.4, 0.75), 0, 0.8)
    actor.kick(
        scene.hand_of(actor), [scene.draw(0.7, 0.9) * leg, height, 0], swing
    )


def pushing(scene: Scene) -> None:
    """Two hands shove the other, who staggers away."""
    actor, reactor = scene.actor, scene.reactor
    scene.stand_apart(scene.draw(0.8, 1.15))
    actor.walk(scene.draw(0.2, 0.4) * scene.ramp(-0.2, 0.5))
    actor.lean += scene.draw(0.15, 0.35) * scene.pulse(0, 0.3, 0.3, 0.4)
    back = actor.performer.energy * scene.draw(0.35, 0.6)
    _flinch(scene, 0.3, back, lean=-scene.draw(0.1, 0.3))
    height = scene.draw(0.28, 0.4)
    for hand in SIDES:
        chest = reactor.spine(height) + 0.1 * actor.outward(hand)
        actor.reach(hand, chest, scene.pulse(0, 0.3, 0.3, 0.4))


def punching(scene: Scene) -> None:
    """A fist darts at the face or chest, once or twice."""
    actor, reactor = scene.actor, scene.reactor
    hand = scene.hand_of(actor)
    hits = [(hand, scene.pulse(0, 0.2, 0.05, 0.25))]
    if scene.rng.random() < 0.5:
        hits.append((1 - hand, scene.pulse(0.4, 0.2, 0.05, 0.25)))
    scene.stand_apart(scene.draw(0.75, 1.1))
    actor.walk(scene.draw(0, 0.25) * scene.ramp(-0.2, 0.4))
    for side, hit in hits:
        actor.twist += [0.5, -0.5][side] * hit
    _flinch(scene, 0.15, scene.draw(0, 0.2), lean=-scene.draw(0.25, 0.5))
    height = scene.draw(0.45, 0.62)
    guard = scene.pulse(-0.25, 0.25, 0.4, 0.3)
    for side in SIDES:
        chin = actor.spine(0.4) + 0.25 * actor.forward
        actor.reach(side, chin + 0.08 * actor.outward(side), guard)
    for side, hit in hits:
        actor.reach(side, reactor.spine(height), hit)


def _flinch(scene: Scene, start: float, back: float, lean: float) -> None:
    """The reactor gives way to a blow.

    Args:
        scene: The scene.
        start: Time of the blow, in seconds after the onset.
        back: Distance that the reactor steps back, in metres.
        lean: Forward lean of the reactor during the blow, in radians.
    """
    reactor = scene.reactor
    blow = scene.pulse(start, 0.2, 0.1, 0.5)
    reactor.walk(-back * scene.ramp(start, 0.45))
    reactor.lean += lean * blow
    reactor.nod -= lean * blow
    for hand in SIDES:
        fling = [scene.draw(0, 0.5), scene.draw(0, 0.5), 0]
        reactor.gesture(hand, blow[:, None] * fling)


def shaking_hands(scene: Scene) -> None:
    """Two hands meet halfway, shake and part."""
    scene.stand_apart(scene.draw(0.9, 1.25))
    grip = scene.pulse(0, 0.45, scene.draw(0.8, 1.2), 0.4)
    for figure in (scene.actor, scene.reactor):
        figure.walk(scene.draw(0.05, 0.15) * grip)
        figure.lean += scene.draw(0, 0.15) * grip
    swing = scene.draw(0.07, 0.11) * np.sin(
        2 * np.pi * scene.draw(1.6, 2.4) * scene.time
    )
    meeting = scene.between(scene.draw(0.1, 0.3)) + swing[:, None] * UP
    hand = scene.hand_of(scene.actor)
    for figure in (scene.actor, scene.reactor):
        figure.reach(hand, meeting, grip)


def exchanging_objects(scene: Scene) -> None:
    """One holds out an object; the other takes it and keeps it."""
    actor, reactor = scene.actor, scene.reactor
    scene.stand_apart(scene.draw(1.0, 1.35))
    give, take = (
        scene.pulse(0, 0.4, 0.5, 0.4),
        scene.pulse(0.35, 0.4, 0.15, 0.4),
    )
    actor.lean += scene.draw(0, 0.15) * give
    reactor.lean += scene.draw(0, 0.15) * take
    meeting = scene.between(scene.draw(0.2, 0.4))
    both_hands = scene.rng.random() < 0.6
    for figure, holds, hands_over in (
        (actor, 1 - scene.ramp(0.9, 0.4), give),
        (reactor, scene.ramp(0.9, 0.4), take),
    ):
        for hand in SIDES if both_hands else (scene.hand_of(figure),):
            side = 0.08 * figure.outward(hand)
            held = figure.spine(0.25) + 0.32 * figure.forward + side
            figure.reach(hand, held, holds)
            figure.reach(hand, meeting + side, hands_over)


def hugging(scene: Scene) -> None:
    """Both close in, put their arms around each other, and let go."""
    pair = (scene.actor, scene.reactor)
    near, before, after = (
        scene.draw(*gap) for gap in ((0.28, 0.4), (0.8, 1.3), (0.7, 1.3))
    )
    scene.stand_apart(before)
    come, go = scene.ramp(0, 0.7), scene.ramp(1.2, 0.6)
    share = scene.draw(0.1, 0.9)
    for figure, part in zip(pair, (share, 1 - share), strict=True):
        figure.walk(part * ((before - near) * come - (after - near) * go))
    embrace = scene.pulse(0.2, 0.5, 0.5, 0.5)
    for figure, other in (pair, pair[::-1]):
        high = scene.hand_of(figure)
        for hand in SIDES:
            back = other.spine(0.35 if hand == high else 0.15)
            side = 0.08 * figure.outward(hand)
            figure.reach(hand, back - 0.15 * other.forward + side, embrace)


@dataclasses.dataclass(frozen=True)
class Interaction:
    """A motion, and its duration in seconds at average tempo."""

    motion: Callable[[Scene], None]
    seconds: float


# By the folder of the action, in the order of `sbu.recordings.ACTIONS`.
INTERACTIONS: dict[str, Interaction] = {
    "01": Interaction(approaching, 1.1),
    "02": Interaction(departing, 1.1),
    "03": Interaction(kicking, 0.9),
    "04": Interaction(pushing, 1.1),
    "05": Interaction(shaking_hands, 1.7),
    "06": Interaction(hugging, 1.8),
    "07": Interaction(exchanging_objects, 1.4),
    "08": Interaction(punching, 0.8),
}
