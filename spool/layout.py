"""The folders of one spool, open: made durable, locked by one receiver, proven to be suitable."""

import contextlib
import fcntl
import itertools
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from spool.format import (
    INCOMING_FOLDER,
    QUARANTINE_FOLDER,
    STATE_FOLDER,
    SpoolFull,
    SpoolLocked,
    UnsuitableFolder,
)
from spool.sync import Sync, is_no_room

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

    def close(self) -> None:
        """Give the lock back and close the folder."""
        os.close(self.root_fd)
        os.close(self.lock_fd)


def open_layout(root: Path, sync: Sync) -> Layout:
    """
    Return the folders of the spool at `root`, created if need be, durable, and locked.

    Raises SpoolLocked if a receiver has it, UnsuitableFolder if the place cannot carry a spool,
    SpoolFull if there is no room to create it.
    """
    try:
        for folder in (root, *(root / name for name in (INCOMING_FOLDER, QUARANTINE_FOLDER))):
            _create_durably(folder, sync)
        lock_fd = _lock(root)
        try:
            _prove_suitable(root)
            root_fd = os.open(root, OPEN_FOLDER & ~os.O_NOFOLLOW)  # the root itself may be a link
        except BaseException:
            os.close(lock_fd)
            raise
    except OSError as error:
        problem = SpoolFull if is_no_room(error) else UnsuitableFolder
        message = f"cannot use {root} as a spool: {error}; give PAYLOAD_STORAGE_PATH another folder"
        raise problem(message) from error
    return Layout(root=root, root_fd=root_fd, lock_fd=lock_fd, sync=sync)


def _create_durably(folder: Path, sync: Sync) -> None:
    """Create `folder` and its parents, each durable in its own parent; raises OSError."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            sync.file(parent)
        finally:
            os.close(parent)


def _lock(root: Path) -> int:
    """Return the descriptor that holds the lock until it is closed; raises SpoolLocked, OSError."""
    path = root / STATE_FOLDER / "lock"
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, _FILE_MODE)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with contextlib.suppress(OSError):  # the number only serves the message below
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"%d\n" % os.getpid(), 0)
    except BlockingIOError:
        owner = os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(fd)
        message = f"another receiver (process {owner}) works on the spool {root}; stop it first"
        raise SpoolLocked(message) from None
    except BaseException:
        os.close(fd)
        raise
    return fd


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
