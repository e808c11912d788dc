"""Errors between a client and a server."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


class ServingError(Exception):
    """A server gave no answer, or refused; the message says why."""


class Unavailable(Exception):
    """A transient failure; worth a retry."""


def with_retries(
    call: Callable[[], Answer], retries: int, server: str
) -> Answer:
    """Calls, and calls again after transient failures.

    Args:
        call: Raises `Unavailable` for a transient failure.
        retries: Number of further attempts, after 0.1, 0.2, 0.4, ... seconds,
            each up to half as long again, so that not all clients return at
            once.
        server: Name of the server in the error message.

    Raises:
        ServingError: Every attempt failed.
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
        f"running, and is this its port? Received: {failure}"
    )
