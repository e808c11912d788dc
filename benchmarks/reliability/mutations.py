"""Damages bytes, at random but the same for the same seed."""

import copy
import json
import random
from typing import Any

# What formats and their readers tend to trip over.
TOKENS = (
    b"nan",
    b"-inf",
    b"1e999",
    b"-0",
    b"1_0",
    b"0x10",
    b"99999999999999999999",
    b"9" * 5000,
    b"9" * 100_000,
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x0b",
    b"\r",
    b"\n\n",
    b",,",
    b"null",
    b"true",
    b"[[[[",
    b'{"a":',
    b'"',
    b"\\ud800",
)
# Values that a reader of JSON may not expect.
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    10**30,
    float("nan"),
    float("inf"),
    "",
    "\ud800",
    "x" * 1000,
    [],
    {},
    [None],
    {"a": 1},
)
LARGEST = 1_000_000  # bytes; a mutation that doubles cannot go on for ever


def mutated(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """A damaged copy: of JSON, half of them are still JSON.

    Args:
        data: What to damage.
        others: Inputs of the same kind, to take parts from.
        rng: Source of all that is random.
    """
    if data[:1] in (b"{", b"[") and rng.random() < 0.5:
        try:
            return of_json(json.loads(data), rng)
        except (ValueError, RecursionError):
            pass
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        at, end = sorted(rng.randint(0, len(result)) for _ in range(2))
        end = min(end, at + rng.choice((1, 4, 64, 4096)))
        kind = rng.randrange(8)
        if kind == 0 and result:
            at = min(at, len(result) - 1)
            result[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del result[at:end]
        elif kind == 2:
            result[at:at] = rng.choice(TOKENS)
        elif kind == 3:
            result[at:end] = rng.choice(TOKENS)
        elif kind == 4:
            result[at:at] = result[at:end]
        elif kind == 5:
            del result[at:]
        elif kind == 6:
            other = rng.choice(others)
            begin = rng.randint(0, len(other))
            result[at:end] = other[begin : begin + rng.choice((1, 16, 256))]
        else:
            result[at:end] = rng.randbytes(end - at)
    return bytes(result[:LARGEST])


def of_json(value: Any, rng: random.Random) -> bytes:
    """JSON in which one or two values are others, or missing."""
    top = [copy.deepcopy(value)]
    for _ in range(rng.choice((1, 1, 2))):
        holder: Any = top
        key: Any = 0
        while isinstance(holder[key], dict | list) and holder[key]:
            if rng.random() < 0.15:
                break
            holder = holder[key]
            keys = list(holder) if isinstance(holder, dict) else None
            key = rng.choice(keys) if keys else rng.randrange(len(holder))
        if rng.random() < 0.2 and holder is not top:
            del holder[key]
        else:
            holder[key] = rng.choice((*VALUES, holder[key]))
    return json.dumps(top[0]).encode()
