"""Sends recordings to live pages, frame by frame, by websocket.

A message is JSON: `{"skeleton": [[[x, y, z], ...], ...]}`, a list of joints for
each body, metres in camera space, where an absent body is zeros or null; and
`{"end": true}` after the last frame of a clip.
"""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from stalstm.runtime.errors import ServingError


def serve(address: str, clips: Sequence[np.ndarray], rate: float) -> None:
    """Sends all clips to everyone who connects, until it is interrupted.

    Args:
        address: `host:port` to listen at.
        clips: `(frames, bodies, joints, 3)` each, metres in camera space.
        rate: Frames a second.

    Raises:
        ValueError: The address is another one than `host:port`.
        ServingError: The package websockets is not installed, or nobody can
            listen there.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"expected host:port. Received: {address}")
    try:
        from websockets.asyncio import server
        from websockets.exceptions import ConnectionClosed
    except ModuleNotFoundError:
        raise ServingError(
            "expected the package websockets. Install it with\n"
            "  pip install websockets\nReceived: a Python without it"
        ) from None

    async def answer(connection) -> None:
        # The page may close, or connect elsewhere.
        with contextlib.suppress(ConnectionClosed):
            await send(connection, clips, rate)

    async def run() -> None:
        async with server.serve(answer, host, int(port)) as listening:
            print(
                f"Sending {len(clips)} clips to every page that connects to "
                f"ws://{address}",
                flush=True,
            )
            await listening.serve_forever()

    try:
        asyncio.run(run())
    except OSError as error:
        raise ServingError(
            f"{address}: expected an address of this machine that is free. "
            f"Received: {error}"
        ) from None
    except KeyboardInterrupt:
        print("Interrupted.")


async def send(
    connection: Any, clips: Sequence[np.ndarray], rate: float
) -> None:
    """Sends all clips to one page, see `serve`."""
    for clip in clips:
        for frame in clip:
            await connection.send(message(frame))
            await asyncio.sleep(1 / rate)
        await connection.send(json.dumps({"end": True}))


def message(frame: np.ndarray) -> str:
    """A frame `(bodies, joints, 3)` as a message, tenths of millimetres."""
    return json.dumps({"skeleton": np.round(frame, 4).tolist()})
