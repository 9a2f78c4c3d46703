"""The folders of one spool, open: made durable, locked by one receiver, proven to be suitable."""

import contextlib
import errno
import fcntl
import itertools
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from spool.format import (
    INCOMING_FOLDER,
    QUARANTINE_FOLDER,
    STATE_FOLDER,
    SpoolFailed,
    SpoolFull,
    SpoolLocked,
    UnsuitableFolder,
)
from spool.sync import Sync, choose_sync, is_no_room

OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """
    An open, locked spool folder. Every path is relative to `root_fd`.

    `in_use` holds the temporary files that somebody is still writing.
    """

    root: Path
    root_fd: int
    lock_fd: int
    sync: Sync
    in_use: set[str] = field(default_factory=set)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def create_temporary(self) -> tuple[str, int]:
        """Create a file in incoming/ and return its path and descriptor; raises OSError."""
        path = f"{INCOMING_FOLDER}/{os.getpid()}-{next(self._numbers)}.part"
        self.in_use.add(path)  # first: a sweep at this moment must not take it for a leftover
        try:
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _FILE_MODE, dir_fd=self.root_fd)
        except OSError:
            self.in_use.discard(path)
            raise
        return path, fd

    def create_folder(self, conversation_id: str) -> bool:
        """
        Create a conversation folder; return False if it is there already.

        Raises UnsuitableFolder if anything but a real folder stands there, else OSError.
        """
        try:
            os.mkdir(conversation_id, _FOLDER_MODE, dir_fd=self.root_fd)
        except FileExistsError:
            found = os.stat(conversation_id, dir_fd=self.root_fd, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                return False
            message = f"{self.root / conversation_id} is not a folder; move it away"
            raise UnsuitableFolder(message) from None
        return True

    def make_names_durable(self, folders: Iterable[str], *, at_once: bool) -> None:
        """Make every name in `folders` and in the root durable; raises SpoolFailed or OSError."""
        if at_once and self.sync.everything is not None:
            self.sync.everything(self.root_fd)
            return
        for folder in folders:
            fd = os.open(folder, OPEN_FOLDER, dir_fd=self.root_fd)
            try:
                self.sync.file(fd)
            finally:
                os.close(fd)
        self.sync.file(self.root_fd)

    def check_place(self, name: str, fd: int) -> None:
        """
        Raise SpoolFailed unless `name` ("" for the root) still leads to the open `fd`.

        A folder that was moved or replaced takes writes without a complaint, where nobody
        looks for them.
        """
        try:
            there, ours = (self.root / name).stat(), os.fstat(fd)
            is_ours = (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
        except OSError:
            is_ours = False
        if not is_ours:
            message = f"{self.root / name} was moved, replaced or removed; put it back or restart"
            raise SpoolFailed(message)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove temporary files. What cannot be removed now is swept at the next start."""
        for path in paths:
            self.in_use.discard(path)
            with contextlib.suppress(OSError):
                os.unlink(path, dir_fd=self.root_fd)

    def sweep(self) -> int:
        """Remove what is left in incoming/ and return how many files that were."""
        incoming = self.root / INCOMING_FOLDER
        left = [f"{INCOMING_FOLDER}/{path.name}" for path in incoming.iterdir()]
        dead = [path for path in left if path not in self.in_use]
        self.remove(dead)
        return len(dead)

    def last_recovery(self) -> datetime | None:
        """Return when the last complete recovery began; None if that is not known."""
        try:
            recovered_at = datetime.fromisoformat(_read_lock(self.lock_fd)[1])
        except ValueError:
            return None
        return recovered_at if recovered_at.tzinfo is not None else None

    def note_recovery(self, began_at: datetime) -> None:
        """Note a complete recovery; without the note, the next start looks at more files."""
        _write_lock(self.lock_fd, began_at.astimezone(UTC).isoformat())

    def close(self) -> None:
        """Give the lock back and close the folder."""
        os.close(self.root_fd)
        os.close(self.lock_fd)


def create_durably(folder: Path, *, sync: Sync | None = None) -> None:
    """
    Create `folder` and every missing folder above it, mode 0700, each durable when this returns.

    For whoever needs the folder of a spool, or one in it, before a receiver has made it.
    Raises UnsuitableFolder if that is not possible, SpoolFull if there is no room, SpoolFailed.
    """
    try:
        _create_missing(folder.absolute(), sync or choose_sync("fsync"))
    except OSError as error:
        raise _unusable(folder, error) from error


def open_layout(root: Path, sync: Sync) -> Layout:
    """
    Return the folders of the spool at `root`, created if need be, durable, and locked.

    Durable from the top: whoever created a part of the path may not have cared.
    Raises SpoolLocked if a receiver has it, UnsuitableFolder if the place cannot carry a spool,
    SpoolFull if there is no room to create it.
    """
    try:
        for folder in (root, *(root / name for name in (INCOMING_FOLDER, QUARANTINE_FOLDER))):
            _create_missing(folder, sync)
        for folder in root.parents:
            _sync_if_possible(folder, sync)
        lock_fd = _lock(root)
        try:
            _prove_suitable(root)
            root_fd = os.open(root, OPEN_FOLDER & ~os.O_NOFOLLOW)  # the root itself may be a link
        except BaseException:
            os.close(lock_fd)
            raise
    except OSError as error:
        raise _unusable(root, error) from error
    return Layout(root=root, root_fd=root_fd, lock_fd=lock_fd, sync=sync)


def _unusable(folder: Path, error: OSError) -> SpoolFull | UnsuitableFolder:
    """Return what an error about the folder of a spool means for its owner."""
    message = f"cannot use {folder} for a spool: {error}; give PAYLOAD_STORAGE_PATH another folder"
    return SpoolFull(message) if is_no_room(error) else UnsuitableFolder(message)


def _create_missing(folder: Path, sync: Sync) -> None:
    """Create `folder` and what is missing above it, durably; raises OSError, SpoolFailed."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        _sync_folder(path.parent, sync)


def _sync_if_possible(folder: Path, sync: Sync) -> None:
    """Make the names in `folder` durable, unless it is not ours to open, or not on a disk."""
    try:
        _sync_folder(folder, sync)
    except PermissionError:
        return
    except SpoolFailed as error:
        cause = error.__cause__
        if not (isinstance(cause, OSError) and cause.errno == errno.EINVAL):  # an automount point
            raise


def _sync_folder(folder: Path, sync: Sync) -> None:
    """Make the names in `folder` durable; raises OSError, SpoolFailed."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync.file(fd)
    finally:
        os.close(fd)


def _lock(root: Path) -> int:
    """Return the descriptor that holds the lock until it is closed; raises SpoolLocked, OSError."""
    path = root / STATE_FOLDER / "lock"
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, _FILE_MODE)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _, recovered_at = _read_lock(fd)
        _write_lock(fd, recovered_at)
    except BlockingIOError:
        owner = _read_lock(fd)[0] or "unknown"
        os.close(fd)
        message = f"another receiver (process {owner}) works on the spool {root}; stop it first"
        raise SpoolLocked(message) from None
    except BaseException:
        os.close(fd)
        raise
    return fd


def _read_lock(fd: int) -> tuple[str, str]:
    """Return the two lines of the lock: who holds it, and when the last recovery began."""
    owner, _, recovered_at = os.pread(fd, 100, 0).decode("ascii", "replace").partition("\n")
    return owner.strip(), recovered_at.strip()


def _write_lock(fd: int, recovered_at: str) -> None:
    """Write the two lines. The time is content: a copy of the spool keeps that."""
    with contextlib.suppress(OSError):  # neither is needed: who cannot read them does more work
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n{recovered_at}\n".encode("ascii", "replace"), 0)


def _prove_suitable(root: Path) -> None:
    """Raise UnsuitableFolder if this file system cannot publish a file without overwriting."""
    first, second = (root / INCOMING_FOLDER / f"probe-{n}" for n in (1, 2))
    try:
        second.unlink(missing_ok=True)  # left there if the last start was killed at this point
        os.close(os.open(first, os.O_CREAT | os.O_RDWR, _FILE_MODE))
        os.link(first, second)
        try:
            os.link(first, second)
        except FileExistsError:
            return
        message = f"{root} lets a hard link overwrite a file; use a local disk for the spool"
        raise UnsuitableFolder(message)
    except OSError as error:
        if is_no_room(error):
            raise
        message = f"{root} is on a file system without hard links ({error}); use a local disk"
        raise UnsuitableFolder(message) from error
    finally:
        first.unlink(missing_ok=True)
        second.unlink(missing_ok=True)
