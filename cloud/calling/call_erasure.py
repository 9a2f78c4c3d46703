"""Removing and reading the records of the calls that were started here to somebody."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from cloud.calling.call_log import (
    BY_CONVERSATION,
    CALLS_FOLDER,
    LOCK_NAME,
    UNFINISHED,
    CallRecord,
    is_locked,
)
from spool.staging import translate
from spool.sync import choose_sync

Matches = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedCalls:
    """How many calls were removed; those that are being dialled right now are still there."""

    removed: int = 0
    dialling: int = 0


def remove_calls(root: Path, matches: Matches, *, before: datetime) -> RemovedCalls:
    """
    Remove the record of every call that `matches` (told the bytes of each), durably.

    A call that was started at `before` or later stays: it belongs to a new story. A key that is
    gone can be used again, and then dials. Doing it again, also after a crash, finishes it.
    Raises SpoolError.
    """
    folder = root / CALLS_FOLDER
    if not folder.is_dir():
        return RemovedCalls()
    try:
        with _locked(folder):
            (folder / UNFINISHED).unlink(missing_ok=True)  # of one who was killed
            found = [path for path in _files(folder) if _is_wanted(path, matches, before)]
            dialling = [path for path in found if _is_dialling(path)]
            gone = [path for path in found if path not in dialling]
            for path in gone:
                path.unlink(missing_ok=True)
            _make_durable(folder)
    except OSError as error:
        raise translate(error, "remove the records of calls") from error
    removed = sum(path.parent == folder for path in gone)
    return RemovedCalls(removed=removed, dialling=len(dialling))


def calls_of(root: Path, matches: Matches, *, before: datetime) -> list[bytes]:
    """Return the records that `remove_calls` would remove, as they are; raises SpoolError."""
    folder = root / CALLS_FOLDER
    try:
        return [
            path.read_bytes()
            for path in _files(folder)
            if path.parent == folder and _is_wanted(path, matches, before)
        ]
    except OSError as error:
        raise translate(error, "read the records of calls") from error


def _files(folder: Path) -> Iterator[Path]:
    """Yield every record, those that are found by conversation after the others."""
    for each in (folder, folder / BY_CONVERSATION):
        with suppress(FileNotFoundError), os.scandir(each) as entries:
            names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
            yield from (each / name for name in sorted(names) if name.endswith(".json"))


def _is_wanted(path: Path, matches: Matches, before: datetime) -> bool:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    if not matches(content):
        return False
    record = _record(content)
    return record is None or record.started_at < before


def _is_dialling(path: Path) -> bool:
    """Tell whether somebody dials this call right now; he would write its record again."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        record = _record(file.read())
        return record is not None and record.state == "dialling" and is_locked(file.fileno())


def _record(content: bytes) -> CallRecord | None:
    try:
        return msgspec.json.decode(content, type=CallRecord)
    except (ValueError, msgspec.DecodeError):
        return None  # damaged: what it says of somebody goes all the same


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(folder / LOCK_NAME, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_durable(folder: Path) -> None:
    sync = choose_sync("fsync")
    for each in (folder, folder / BY_CONVERSATION):
        with suppress(FileNotFoundError):
            descriptor = os.open(each, os.O_RDONLY | os.O_DIRECTORY)
            try:
                sync.file(descriptor)
            finally:
                os.close(descriptor)
