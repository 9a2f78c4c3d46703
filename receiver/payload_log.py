"""The payload log: what was asked and answered, for debugging. Off unless a file is named."""

import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

logger = logging.getLogger(__name__)

MAX_LOGGED_BYTES = 64 * 1024


class PayloadLog:
    """
    Appends a JSON line for each request to a file that only its owner can read.

    Writing happens in a thread of its own, and a failure is logged: no answer waits for it or
    fails because of it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="payload-log")

    def note(self, path: str, status: int, body: bytes, answer: bytes) -> None:
        """Write down one request, soon."""
        self._thread.submit(self._append, time.time(), path, status, body, answer)

    def close(self) -> None:
        """Write what is waiting."""
        self._thread.shutdown()

    def _append(self, at: float, path: str, status: int, body: bytes, answer: bytes) -> None:
        line = {
            "at": at,
            "path": path,
            "status": status,
            "body_bytes": len(body),
            "body": body[:MAX_LOGGED_BYTES].decode("utf-8", "backslashreplace"),
            "answer": answer[:MAX_LOGGED_BYTES].decode("utf-8", "backslashreplace"),
        }
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, json.dumps(line).encode() + b"\n")
            finally:
                os.close(descriptor)
        except OSError as error:
            logger.warning(
                "the payload log cannot be written: %s",
                error,
                extra={"action": "payload_log_failed"},
            )
