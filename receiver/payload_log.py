"""The payload log: what was asked and answered, for debugging. Off unless a file is named."""

import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

MAX_LOGGED_BYTES = 64 * 1024
_MAX_REDACTED_BYTES = 4 * 1024 * 1024  # of a larger body nothing is logged: it takes too long
_FORGOTTEN = b'"status":"forgotten"'


class PayloadLog:
    """
    Appends a JSON line for each request to a file that only its owner can read.

    Writing happens in a thread of its own, and a failure is logged: no answer waits for it or
    fails because of it. `redact` gets each body and answer as a whole, before it is cut.
    """

    def __init__(self, path: Path, *, redact: Callable[[str], str] | None = None) -> None:
        self._path = path
        self._redact = redact
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="payload-log")

    def note(self, path: str, status: int, body: bytes, answer: bytes) -> None:
        """Write down one request, soon; of an event of somebody who was erased, no word of it."""
        if _FORGOTTEN in answer:
            body = b""
        self._thread.submit(self._append, time.time(), path, status, body, answer)

    def close(self) -> None:
        """Write what is waiting."""
        self._thread.shutdown()

    def _append(self, at: float, path: str, status: int, body: bytes, answer: bytes) -> None:
        line = {
            "at": at,
            "path": self._shown(path.encode()),
            "status": status,
            "body_bytes": len(body),
            "body": self._shown(body),
            "answer": self._shown(answer),
        }
        try:
            with opened(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) as descriptor:
                os.write(descriptor, json.dumps(line).encode() + b"\n")
        except OSError as error:
            logger.warning(
                "the payload log cannot be written: %s",
                error,
                extra={"action": "payload_log_failed"},
            )

    def _shown(self, content: bytes) -> str:
        if self._redact is None:
            return content[:MAX_LOGGED_BYTES].decode("utf-8", "backslashreplace")
        if len(content) > _MAX_REDACTED_BYTES:
            return f"[{len(content)} bytes: too large to be logged without secrets]"
        # Cut after redacting: half a number would not be recognised.
        redacted = self._redact(content.decode("utf-8", "backslashreplace"))
        return redacted.encode("utf-8", "backslashreplace")[:MAX_LOGGED_BYTES].decode(
            "utf-8", "ignore"
        )


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """
    Open the log at `path` and hold its lock, so that no line is lost while it is rewritten.

    Who rewrites it puts another file in its place: one that was replaced meanwhile is left
    alone. Raises OSError.
    """
    while True:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if is_at(path, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)  # the lock goes with it


def is_at(path: Path, descriptor: int) -> bool:
    """Tell whether the open file still has this name; raises OSError."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
