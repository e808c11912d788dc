"""Errors between a client and a server."""

import contextlib
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

Answer = TypeVar("Answer")


class ServingError(Exception):
    """A server gave no answer, or refused; the message says why."""


class Unavailable(Exception):
    """A transient failure; worth a retry."""


@contextlib.contextmanager
def another_form(server: str) -> Iterator[None]:
    """What cannot be read of an answer is a `ServingError`."""
    try:
        yield
    except (
        AttributeError,
        KeyError,
        OverflowError,
        TypeError,
        ValueError,
    ) as error:
        raise ServingError(
            f"{server}: expected an answer of TensorFlow Serving about a model "
            f"that export.py wrote. Received: another form, {error!r}"
        ) from None


def with_retries(
    call: Callable[[float], Answer], retries: int, timeout: float, server: str
) -> Answer:
    """Calls, and calls again after transient failures.

    Args:
        call: Takes the seconds that are left for it, and raises `Unavailable`
            for a transient failure.
        retries: Number of further attempts, after 0.1, 0.2, 0.4, ... seconds,
            each up to half as long again, so that not all clients return at
            once.
        timeout: Seconds for all attempts together.
        server: Name of the server in the error message.

    Raises:
        ServingError: Every attempt failed.
    """
    end = time.monotonic() + timeout
    for number in range(retries + 1):
        try:
            return call(end - time.monotonic())
        except Unavailable as error:
            failure = error
        pause = 0.1 * 2**number * random.uniform(1, 1.5)
        if number == retries or time.monotonic() + pause >= end:
            break
        time.sleep(pause)
    raise ServingError(
        f"{server}: no answer within {timeout:g} s, tried {number + 1} times. "
        "Is the server running, and is this its port? "
        f"Received: {failure}"
    )


def within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """Calls in another thread, and waits no longer than some seconds for it.

    A thread that takes longer is left behind.

    Raises:
        Unavailable: It took longer. Otherwise what `call` raises.
    """
    results: queue.SimpleQueue[tuple[Answer | None, BaseException | None]]
    results = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put((call(), None))
        except BaseException as error:
            results.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = results.get(timeout=max(seconds, 0.0))
    except queue.Empty:
        raise Unavailable("an answer that does not end") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
