"""What can go wrong between a client and a server."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


class ServingError(Exception):
    """A server did not answer, or answered that it cannot."""


class Unavailable(Exception):
    """A try that failed in a way that may pass."""


def with_retries(
    call: Callable[[], Answer], retries: int, server: str
) -> Answer:
    """Calls, and calls again where it fails in a way that may pass.

    Args:
        call: raises `Unavailable` for such a failure.
        retries: how often to call again; after 0.1, 0.2, 0.4, ... seconds, up
            to half as long again, so that not all clients come back at once.
        server: what an error calls it.

    Raises:
        ServingError: it failed each time.
    """
    for number in range(retries + 1):
        try:
            return call()
        except Unavailable as error:
            failure = error
        if number < retries:
            time.sleep(0.1 * 2**number * random.uniform(1, 1.5))
    raise ServingError(
        f"{server}: no answer, tried {retries + 1} times. Is the server "
        f"running, and is that its port? Received: {failure}"
    )
