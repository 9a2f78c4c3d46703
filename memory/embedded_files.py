"""The files around the embedded store: rebuilds that are being written, leftovers, and damage."""

import fcntl
import logging
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

logger = logging.getLogger(__name__)

_CREATE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
_BESIDE = ("", "-journal", "-wal", "-shm")  # what SQLite keeps beside a database file


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshFile:
    """
    An empty file at `path`, for a store that this process builds beside the one at `live`.

    Nobody else removes it until `release`, or the end of this process, whatever process ids
    other containers see: the claim is a lock. It is on a file of its own, because on some
    systems a lock on the database would shut SQLite's own locks out.
    """

    path: Path
    live: Path
    _lock: int  # the descriptor that holds it
    _inode: int

    def is_ours(self) -> bool:
        """Tell whether the file that was claimed is still in its place, and the claim too."""
        return _is_at(_lock_path(self.path), os.fstat(self._lock).st_ino) and _is_at(
            self.path, self._inode
        )

    def release(self) -> None:
        """Delete the file and give the claim up; the database must be closed."""
        try:
            _remove(self.path)
        finally:
            os.close(self._lock)


def claim_fresh(live: Path) -> FreshFile:
    """Make a file beside `live` (mode 0600) and claim it; raises OSError."""
    number = 1
    while True:
        suffix = "" if number == 1 else f"-{number}"
        path = live.with_name(f"{live.name}.rebuild-{os.getpid()}{suffix}")
        lock = _try_lock(path, _CREATE | os.O_EXCL)
        if lock is not None:
            break
        number += 1
    try:
        _remove_database(path)  # left by a process that had no claim
        descriptor = os.open(path, _CREATE | os.O_EXCL, 0o600)
        inode = os.fstat(descriptor).st_ino
        os.close(descriptor)
    except BaseException:
        _lock_path(path).unlink(missing_ok=True)
        os.close(lock)
        raise
    return FreshFile(path=path, live=live, _lock=lock, _inode=inode)


def remove_leftovers(live: Path) -> None:
    """
    Delete every unfinished rebuild beside `live` that nobody claims.

    What cannot be deleted is logged and left for the next time.
    """
    name = rf"({re.escape(live.name)}\.rebuild-\d+(?:-\d+)?)"
    pattern = re.compile(rf"{name}(?:-journal|-wal|-shm)?|\.{name}\.lock")
    try:
        matches = [pattern.fullmatch(entry.name) for entry in os.scandir(live.parent)]
        for stem in {match[1] or match[2] for match in matches if match}:
            path = live.with_name(stem)
            if (lock := _try_lock(path, _CREATE)) is not None:
                try:
                    _remove(path)
                finally:
                    os.close(lock)
    except OSError as error:
        logger.warning(
            "leftovers of a rebuild cannot be removed",
            extra={"action": "leftovers_kept", "file": str(live), "error": str(error)},
        )


def set_aside(path: Path, *, now: datetime) -> Path:
    """Rename a damaged database, with what stands beside it; return its new path."""
    target = path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%S.%fZ}")
    for suffix in reversed(_BESIDE):  # the database last: until then it is found again
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(target.with_name(target.name + suffix))
    return target


def remove_set_aside(live: Path) -> None:
    """Delete every database that was set aside, with what stands beside it; raises OSError."""
    for name in _beside(live, r"\.damaged-[0-9TZ.]+(?:-journal|-wal|-shm)?"):
        live.with_name(name).unlink(missing_ok=True)


def find_rebuild(live: Path) -> Path | None:
    """Return a file of an unfinished rebuild beside `live`; None if there is none."""
    names = _beside(live, r"\.rebuild-\d+(?:-\d+)?(?:-journal|-wal|-shm)?")
    return live.with_name(names[0]) if names else None


def _beside(live: Path, suffix: str) -> list[str]:
    pattern = re.compile(re.escape(live.name) + suffix)
    return sorted(entry.name for entry in os.scandir(live.parent) if pattern.fullmatch(entry.name))


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from any other of the same name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _lock_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _try_lock(path: Path, flags: int) -> int | None:
    """Return the descriptor of the claim on `path`; None if somebody else has, or had, it."""
    try:
        descriptor = os.open(_lock_path(path), flags, 0o600)
    except FileExistsError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(_lock_path(path), os.fstat(descriptor).st_ino):
            return descriptor
    except BlockingIOError:
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _is_at(path: Path, inode: int) -> bool:
    try:
        return path.stat().st_ino == inode
    except FileNotFoundError:
        return False


def _remove(path: Path) -> None:
    """Delete a database, then its claim: there is never the one without the other."""
    _remove_database(path)
    _lock_path(path).unlink(missing_ok=True)


def _remove_database(path: Path) -> None:
    for suffix in _BESIDE:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
