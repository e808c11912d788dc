"""Servers that answer with whatever bytes they are given."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def whole(body: bytes) -> bytes:
    """An answer with a body."""
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


@contextlib.contextmanager
def server(answer: bytes, pause: float | None = None) -> Iterator[str]:
    """Answers every request with some bytes, one after the other if it pauses.

    Args:
        answer: All that it sends; then it hangs up.
        pause: Seconds between bytes.

    Yields:
        Its address, `host:port`.
    """
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(100_000)
            parts = [answer] if pause is None else [bytes([x]) for x in answer]
            with contextlib.suppress(OSError):
                for part in parts:
                    self.request.sendall(part)
                    if pause is not None and ended.wait(pause):
                        return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(
            target=listening.serve_forever, args=(0.01,), daemon=True
        )
        thread.start()
        try:
            yield f"127.0.0.1:{listening.server_address[1]}"
        finally:
            ended.set()
            listening.shutdown()
            thread.join()
