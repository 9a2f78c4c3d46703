"""
Where log lines go, so that whoever reads them holds nobody up.

A pipe that is not read fills up, and writing to it then waits: for a pager that nobody scrolls, a
container's log driver that hangs. With it would wait every call that rings. Here the lines are
lost instead, and counted.
"""

import logging
import os
import select
import stat
import time
from typing import TextIO

_ROOM_BYTES = 4096  # a pipe that takes anything at once takes as many (PIPE_BUF)
_PATIENCE_MS = 50
_PAUSE_SECONDS = 1.0  # from one wait to the next: a reader that is always late costs little


class LogStream(logging.StreamHandler[TextIO]):
    """Writes lines to a stream; to a pipe, a socket or a terminal only what that takes at once."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`; a file, or what is none of the system's, gets every line."""
        super().__init__(stream)
        self._descriptor = _descriptor_that_may_block(stream)
        self._poll = select.poll()
        if self._descriptor is not None:
            self._poll.register(self._descriptor, select.POLLOUT)
        self._waits_again_at = 0.0
        self._lost = 0
        self._is_cut_off = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line of `record`, or count it as lost."""
        if self._descriptor is None:
            super().emit(record)
            return
        try:
            line = self.format(record)
            if self._lost and not self._write(self._descriptor, self._told_of_lost()):
                self._lost += 1
                return
            self._lost = 0
            self._lost += not self._write(self._descriptor, line)
        except Exception:  # noqa: BLE001 - a log line may not fail who writes it
            self.handleError(record)

    def _write(self, descriptor: int, line: str) -> bool:
        """Tell whether all of a line could be written; one that is cut off is ended later."""
        start = "\n" if self._is_cut_off else ""
        rest = f"{start}{line}\n".encode(errors="backslashreplace")
        while rest:
            if not self._has_room():
                return False
            written = os.write(descriptor, rest[:_ROOM_BYTES])
            rest = rest[written:]
            self._is_cut_off = bool(rest)
        return True

    def _has_room(self) -> bool:
        if self._poll.poll(0):
            return True
        if time.monotonic() < self._waits_again_at:
            return False
        found = self._poll.poll(_PATIENCE_MS)
        self._waits_again_at = time.monotonic() + _PAUSE_SECONDS
        return bool(found)

    def _told_of_lost(self) -> str:
        given = {
            "name": __name__,
            "levelno": logging.WARNING,
            "levelname": logging.getLevelName(logging.WARNING),
            "msg": "%d lines were lost: whoever reads the log does not keep up",
            "args": (self._lost,),
            "action": "lines_lost",
            "request_id": "",
            "event_id": "",
            "count": self._lost,
        }
        return self.format(logging.makeLogRecord(given))


def _descriptor_that_may_block(stream: TextIO) -> int | None:
    try:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError, AttributeError):  # no stream of the system's, or closed
        return None
    may_block = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)
    return descriptor if may_block else None
