"""What is odd about bodies: their size, and which way they stand.

Each check yields a finding for what it finds.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from datasets.custom.anatomy import Anatomy
from datasets.custom.clip_checks import Clip
from datasets.custom.facts import Totals
from datasets.custom.findings import Finding, counted, note, odd, wrong
from datasets.custom.layout import SKELETON, Layout

# Metres. People are neither larger nor smaller, and a hand is larger, too.
LARGEST, SMALLEST = 5.0, 0.1
# Metres: from a child who crouches to a man who raises his arms.
_PERSON = (0.5, 2.5)
_UNITS = {"m": "metres", "cm": "centimetres", "mm": "millimetres"}
_AXES = {
    "x": (1, 0, 0),
    "-x": (-1, 0, 0),
    "y": (0, 1, 0),
    "-y": (0, -1, 0),
    "z": (0, 0, 1),
    "-z": (0, 0, -1),
}
# What is so in this share of the clips is no accident.
_MOST = 0.75
# Cosine between a body that stands and the vertical. Cameras are tilted.
_UPRIGHT = 0.7
# How much longer than high a body is that lies.
_LONGER = 1.5
# In lengths of the trunk. Of two thousand clips of Kinects, none has toes that
# far behind the heels and hands that are not in front.
_TOES, _HANDS = -0.05, 0.1
# Hands and elbows of fewer clips may be anywhere.
_LEAST_CLIPS = 5


def unit(clips: Sequence[Clip], layout: Layout) -> Iterator[Finding]:
    """Bodies that are too large or too small."""
    sizes = np.array([max(x.facts.extent) for x in clips])
    known = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not len(known):
        return
    size = float(np.median(known))
    if size > LARGEST or size < SMALLEST:
        finding = wrong if size > LARGEST else odd
        yield finding(
            f"Bodies are about {_shown(size)} metres large if the unit is "
            f"{_UNITS[layout.unit]}. {_better_unit(size, layout)}"
        )
        return
    if strange := [
        f"{clip.place}: {_shown(own)} metres"
        for clip, own in zip(clips, sizes, strict=True)
        if not clip.facts.error and (own > LARGEST or own < SMALLEST)
    ]:
        yield odd(
            f"Bodies are larger than {LARGEST:g} metres or smaller than "
            f"{SMALLEST:g} in {counted(len(strange), 'clip')}, and about "
            f"{_shown(size)} metres in others. Do these clips have another "
            "unit?",
            strange,
        )


def _better_unit(size: float, layout: Layout) -> str:
    """The unit in which a body would have the size of a person."""
    metre = np.abs(layout.to_camera(np.ones(3))).max()
    for name, words in _UNITS.items():
        other = dataclasses.replace(layout, unit=name)
        better = size * np.abs(other.to_camera(np.ones(3))).max() / metre
        if _PERSON[0] <= better <= _PERSON[1]:
            return (
                f'That looks like {words}: with "unit": "{name}" in {SKELETON} '
                f"they are {_shown(better)} metres large."
            )
    return f'Is the "unit" in {SKELETON} the right one?'


def _shown(metres: float) -> str:
    return f"{metres:,.0f}" if metres >= 10 else f"{metres:.2g}"


def up(
    clips: Sequence[Clip], layout: Layout, anatomy: Anatomy
) -> Iterator[Finding]:
    """Bodies that are upside down, or lie on their side."""
    if anatomy.has_up:
        yield from _up_by_heads(clips, layout)
    else:
        yield from _up_by_extents(clips, layout)
        yield note(
            "Not checked: whether bodies are upside down. The skeleton has no "
            "joint that is a head, or none that is a foot, a hip or the base "
            "of the spine, by the roles or by the names of the joints."
        )


def _up_by_heads(clips: Sequence[Clip], layout: Layout) -> Iterator[Finding]:
    heads = np.array([x.facts.up for x in clips if x.facts.frames])
    if not len(heads):
        return
    heads = _as_recorded(heads, layout)
    counts = {
        name: int(np.sum(heads @ axis > _UPRIGHT))
        for name, axis in _AXES.items()
    }
    best = max(counts, key=counts.__getitem__)
    if best == layout.up or counts[best] < _MOST * len(heads):
        return
    upside_down = np.array(_AXES[best]) @ _AXES[layout.up] < 0
    yield odd(
        f"Bodies {'are upside down' if upside_down else 'lie'}: in "
        f"{counts[best]} of {counted(len(heads), 'clip')}, heads are where "
        f"{best} of the recordings points to, and {layout.up} is up. Unless "
        f'people do that, write "up": "{best}" in {SKELETON}.'
    )


def _up_by_extents(clips: Sequence[Clip], layout: Layout) -> Iterator[Finding]:
    extents = np.array(
        [
            x.facts.extent
            for x in clips
            if _PERSON[0] <= max(x.facts.extent) <= _PERSON[1]
        ]
    )
    if not len(extents):
        return
    extents = np.abs(_as_recorded(extents, layout))
    longest = int(np.argmax(np.median(extents, axis=0)))
    high = extents @ np.abs(_AXES[layout.up])
    longer = int(np.sum(extents[:, longest] > _LONGER * high))
    if longer >= _MOST * len(extents):
        name = "xyz"[longest]
        yield odd(
            f"Bodies lie: in {longer} of {counted(len(extents), 'clip')}, they "
            f"are much longer along {name} of the recordings than along "
            f"{layout.up}, which is up. Unless people do that, write "
            f'"up": "{name}" or "up": "-{name}" in {SKELETON}.'
        )


def _as_recorded(vectors: np.ndarray, layout: Layout) -> np.ndarray:
    """The reverse of `layout.to_camera`, in metres."""
    axes = np.sign(layout.to_camera(np.eye(3)))
    return vectors @ axes.T


def sides(
    clips: Sequence[Clip], layout: Layout, anatomy: Anatomy
) -> Iterator[Finding]:
    """Left and right exchanged, in all clips or in some.

    Left, up and forward are right-handed. Forward is where toes, noses, hands
    and the bent elbow's hollow are.
    """
    if not (anatomy.has_toes or anatomy.has_hands):
        yield note(
            "Not checked: whether left and right are exchanged. The skeleton "
            "has no `mirror` pairs, or too few joints whose names say which "
            "way a body looks."
        )
        return
    seen = [x for x in clips if x.facts.frames]
    toes = np.array([x.facts.toes for x in seen])
    hands = np.array([x.facts.hands for x in seen])
    forward = toes if anatomy.has_toes else hands
    backward = int(np.sum(forward < 0))
    least = 1 if anatomy.has_toes else _LEAST_CLIPS
    if len(seen) >= least and backward >= _MOST * len(seen):
        other = "right" if layout.handedness == "left" else "left"
        yield odd(
            f"Left and right look exchanged: in {backward} of "
            f"{counted(len(seen), 'clip')}, bodies whose left is left have "
            f"{'toes or nose' if anatomy.has_toes else 'hands and elbows'} "
            "pointing backwards. Either the axes are "
            f'{other}-handed: write "handedness": "{other}" in {SKELETON}. Or '
            "the joints are in another order: see the picture."
        )
        return
    exchanged = [
        clip.place
        for clip, toe, hand in zip(seen, toes, hands, strict=True)
        if toe < _TOES and not hand > _HANDS
    ]
    if exchanged:
        yield odd(
            f"Left and right look exchanged in "
            f"{counted(len(exchanged), 'clip')}:",
            exchanged,
        )


def opposed_pairs(totals: Totals, layout: Layout) -> Iterator[Finding]:
    """Mirror pairs that have left where the others have right."""
    opposed = totals.opposed >= max(_MOST * totals.clips, 1)
    if np.any(opposed):
        yield odd(
            "Some pairs have left and right the other way round than the "
            "other pairs, in all or nearly all clips. Are the joints in "
            "another order?",
            (
                " and ".join(layout.skeleton.mirror[x])
                for x in np.flatnonzero(opposed)
            ),
        )
