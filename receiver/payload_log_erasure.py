"""Removing what the payload log says of somebody, while a receiver may be writing to it."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from receiver.payload_log import opened

_PART = ".part"


def remove_lines(path: Path, is_mentioned: Callable[[str], bool]) -> int:
    """
    Remove every line of the log at `path` that mentions somebody; return how many there were.

    The log is replaced, whole and durable, and no line that is written meanwhile is lost. After
    a crash it is the old log or the new one; doing it again finishes it. A log that is missing
    has no lines. Raises OSError.
    """
    path = path.resolve()  # a link is to lead to the new log too
    part = path.with_name(path.name + _PART)
    if not path.is_file():
        return 0
    with opened(path, os.O_RDWR) as descriptor:
        part.unlink(missing_ok=True)  # of one who was killed here
        if not any(True for _ in _mentioning(descriptor, is_mentioned)):
            return 0
        return _rewrite(path, part, descriptor, is_mentioned)


def count_lines(path: Path, is_mentioned: Callable[[str], bool]) -> int:
    """Return how many lines `remove_lines` would remove; changes nothing. Raises OSError."""
    return sum(1 for _ in lines_of(path, is_mentioned))


def lines_of(path: Path, is_mentioned: Callable[[str], bool]) -> Iterator[bytes]:
    """Yield the lines of the log that mention somebody, as they stand there; raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        yield from _mentioning(descriptor, is_mentioned)
    finally:
        os.close(descriptor)


def _mentioning(descriptor: int, is_mentioned: Callable[[str], bool]) -> Iterator[bytes]:
    with _reading(descriptor) as log:
        yield from (line for line in log if is_mentioned(_text(line)))


def _rewrite(path: Path, part: Path, descriptor: int, is_mentioned: Callable[[str], bool]) -> int:
    removed = 0
    new = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(new, "wb") as kept, _reading(descriptor) as log:
        for line in log:
            if is_mentioned(_text(line)):
                removed += 1
            else:
                kept.write(line)
        kept.flush()
        os.fchmod(new, os.fstat(descriptor).st_mode & 0o777)
        os.fsync(new)
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return removed


def _reading(descriptor: int) -> IO[bytes]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.fdopen(descriptor, "rb", closefd=False)


def _text(line: bytes) -> str:
    """Return what a line says: path, body and answer as they were, or all of a torn line."""
    try:
        members: dict[str, Any] = json.loads(line)
        return "\n".join(str(members[name]) for name in ("path", "body", "answer"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return line.decode("utf-8", "replace")
