"""What a converter makes of raw recordings."""

import collections
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from datasets.custom.folder import Clip


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """Raw recordings, on their way into a folder.

    Attributes:
        layout: Content of `skeleton.json`.
        clips: The clips, each read when it is asked for.
        total: Number of recordings that are read for them.
        left_out: Number of files left out, by (reason, place); complete when
            `clips` is exhausted.
        counted: What the summary calls those numbers in the metadata of the
            clips that say what was changed in them, by column.
    """

    layout: Mapping[str, Any]
    clips: Iterator[Clip]
    total: int
    left_out: collections.Counter[tuple[str, str]]
    counted: Mapping[str, str] = dataclasses.field(default_factory=dict)
