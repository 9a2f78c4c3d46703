"""
The record of the calls that were started here: one file a key, on disk before anything rings.

Its promise is that one key dials once. So a key is taken durably before the request goes out,
and who finds it taken does not dial. While a call is being dialled its file is locked (flock),
by which everybody sees whether the one who dials is still there; if he is gone, whether it rang
is not known, and it is not tried again.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import msgspec

from spool.format import SpoolError, is_conversation_id
from spool.layout import create_durably
from spool.staging import translate, write_all
from spool.sync import choose_sync

State = Literal["dialling", "started", "refused", "unknown"]

CALLS_FOLDER = ".spool/calls"
BY_CONVERSATION = "by-conversation"
LOCK_NAME = "lock"
UNFINISHED = "new.part"
_FILE_MODE = 0o600
_GONE = "the program ended while it was dialling"


class DamagedCall(SpoolError):
    """The record of a call cannot be read."""


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """
    One call that was asked for, as its file holds it; no variable's value is in it.

    `to` is in E.164. `call_id` is the provider's id. `code` and `message` say why it was
    refused, or why nothing is known. `fingerprint` tells the request from others.
    """

    key: str
    state: State
    to: str
    agent_id: str
    line_id: str
    provider: str
    started_at: datetime
    fingerprint: str
    conversation_id: str = ""
    call_id: str = ""
    code: str = ""
    message: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    record: CallRecord
    is_locked: bool
    is_current: bool  # it still had its name after its lock was tried


class CallLog:
    """
    The records in one spool's folder, for any number of threads and processes.

    Every method blocks on the disk. Raises SpoolError (SpoolFull, SpoolFailed, UnsuitableFolder,
    or DamagedCall for a record that is asked for and cannot be read).
    """

    def __init__(self, spool: Path) -> None:
        self._folder = spool / CALLS_FOLDER
        self._sync = choose_sync("fsync")

    def find(self, key: str) -> CallRecord | None:
        """Return the call with this key; None if none was tried."""
        with _translated("read the record of a call"):
            return self._read(self._path(key))

    def with_conversation(self, conversation_id: str) -> CallRecord | None:
        """Return the call that became this conversation, None if it was not started here."""
        if not is_conversation_id(conversation_id):
            return None
        with _translated("read the record of a call"):
            return self._read(self._folder / BY_CONVERSATION / f"{conversation_id}.json")

    def newest(self, limit: int) -> list[CallRecord]:
        """Return at most `limit` calls, the latest first; a damaged record is one as well."""
        with _translated("read the record of calls"):
            newest = sorted(self._files(), reverse=True)[:limit]
            read = [self._read_or_damaged(self._folder / name) for _, name in newest]
        calls = [call for call in read if call is not None]
        return sorted(calls, key=lambda call: call.started_at, reverse=True)

    def reserve(self, record: CallRecord, *, quiet: timedelta | None) -> "Reservation | CallRecord":
        """
        Take the key of `record` (its state is "dialling"), durably; whoever has it may dial.

        Returns what stands in the way instead: the call with this key, unless it was refused;
        or, with `quiet`, a call to the same number that was started less than that before.
        """
        with _translated("take an idempotency key"), self._locked():
            path = self._path(record.key)
            known = self._read(path)
            if known is not None and known.state != "refused":
                return known
            if quiet is not None and (other := self._recent(record, quiet)):
                return other
            fd = self._write(record)
            try:
                self._publish(path, replaces=known is not None)
            except BaseException:
                os.close(fd)
                raise
        return Reservation(self, record, fd)

    def settle(self, record: CallRecord) -> None:
        """Replace a record by what became of it, durably. Called by the reservation."""
        with _translated("note a call"), self._locked():
            os.close(self._write(record))
            path = self._path(record.key)
            self._publish(path, replaces=True)
            if is_conversation_id(record.conversation_id):
                folder = self._folder / BY_CONVERSATION
                create_durably(folder, sync=self._sync)
                with contextlib.suppress(FileExistsError):
                    os.link(path, folder / f"{record.conversation_id}.json")

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

    def _recent(self, record: CallRecord, quiet: timedelta) -> CallRecord | None:
        """Return a call to the same number that was started less than `quiet` before."""
        since = record.started_at - quiet
        for started_ns, name in self._files():
            if started_ns > since.timestamp() * 1e9:
                other = self._read_or_damaged(self._folder / name)
                if other and _may_ring(other, record.to, since):
                    return other
        return None

    def _files(self) -> Iterator[tuple[int, str]]:
        """Yield when each call was started (unix nanoseconds), and its file."""
        try:
            entries = os.scandir(self._folder)
        except FileNotFoundError:
            return
        with entries:
            for entry in entries:
                if entry.name.endswith(".json") and entry.is_file(follow_symlinks=False):
                    # A record is given the time of its call, so that only new ones are read.
                    yield entry.stat(follow_symlinks=False).st_mtime_ns, entry.name

    def _read_or_damaged(self, path: Path) -> CallRecord | None:
        try:
            return self._read(path)
        except DamagedCall as error:
            return CallRecord(
                key="", state="unknown", to="", agent_id="", line_id="", provider="",
                started_at=datetime.fromtimestamp(path.stat().st_mtime, UTC), fingerprint="",
                code="damaged", message=str(error),
            )  # fmt: skip

    def _read(self, path: Path) -> CallRecord | None:
        """Return the record at `path`; one that nobody is dialling any more is "unknown"."""
        while True:
            held = self._look(path)
            if held is None or held.record.state != "dialling" or held.is_locked:
                return held.record if held else None
            if held.is_current:  # else it was settled between reading it and trying its lock
                return msgspec.structs.replace(
                    held.record, state="unknown", code="interrupted", message=_GONE
                )

    def _look(self, path: Path) -> _Held | None:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(fd, "rb") as file:
            try:
                record = msgspec.json.decode(file.read(), type=CallRecord)
            except (OSError, ValueError, msgspec.DecodeError) as error:
                raise DamagedCall(
                    f"{path} cannot be read: {error}; it belongs to a call that may have rung, so "
                    "move it away only to call again"
                ) from error
            locked = is_locked(file.fileno())
            # While it is open no other file can get its number.
            is_current = _is_same_file(path, file.fileno())
            return _Held(record=record, is_locked=locked, is_current=is_current)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Be the only one who writes here: for the moment that takes, not while it rings."""
        create_durably(self._folder, sync=self._sync)
        flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(self._folder / LOCK_NAME, flags, _FILE_MODE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _write(self, record: CallRecord) -> int:
        """Write a new file, not published yet; return its descriptor, which holds its lock."""
        new = self._folder / UNFINISHED
        new.unlink(missing_ok=True)  # left by somebody who was killed here; it may have a name too
        fd = os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _FILE_MODE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)  # before anybody can see it
            write_all(fd, msgspec.json.encode(record))
            started_ns = round(record.started_at.timestamp() * 1e9)
            os.utime(fd, ns=(started_ns, started_ns))
            self._sync.file(fd)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _publish(self, path: Path, *, replaces: bool) -> None:
        """Give the new file its name, durably; raises FileExistsError rather than overwrite."""
        new = self._folder / UNFINISHED
        if replaces:
            new.replace(path)
        else:
            os.link(new, path)
            new.unlink()
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._sync.file(folder)
        finally:
            os.close(folder)


class Reservation:
    """
    A key that is taken; `settle` says what became of the call. To be used in a `with`.

    Without having been settled it is as after a kill: whether it rang is not known.
    """

    def __init__(self, log: CallLog, record: CallRecord, fd: int) -> None:
        self.record = record
        self._log = log
        self._fd = fd

    def settle(self, record: CallRecord) -> None:
        """Note what became of the call; raises SpoolError."""
        self._log.settle(record)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)


@contextlib.contextmanager
def _translated(operation: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise translate(error, operation) from error


def _may_ring(call: CallRecord, number: str, since: datetime) -> bool:
    return call.to == number and call.state != "refused" and call.started_at > since


def _is_same_file(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.stat(follow_symlinks=False), os.fstat(fd))
    except FileNotFoundError:
        return False


def is_locked(fd: int) -> bool:
    """Tell whether somebody is dialling the call of this file right now."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
