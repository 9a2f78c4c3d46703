"""Copying stored files, each proven by its SHA-256 on the way, durable before it has its name."""

import hashlib
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from spool.format import SpoolError, is_conversation_id
from spool.reader import open_file, open_plain
from spool.staging import translate, write_all
from spool.sync import choose_sync

Copied = Literal["copied", "missing", "changed"]

_BLOCK_BYTES = 1 << 20
_BATCH_FILES = 1024
_BATCH_BYTES = 256 << 20


@dataclass(slots=True, kw_only=True)
class FileCopier:
    """
    Copies files from below one folder to below another, in batches.

    No file has its name before its content is durable; after `finish`, the names are too. What has
    no name yet is in `incoming`, a folder of the same file system as `target`. Symbolic links in
    what is copied are not followed.
    """

    source: Path
    target: Path
    incoming: Path
    copied_bytes: int = 0
    _waiting: list[tuple[Path, str]] = field(default_factory=list)
    _waiting_bytes: int = 0
    _number: int = 0
    _owes_names: bool = False

    def copy(self, file: str, *, sha256: str, size: int | None = None) -> Copied:
        """
        Copy `file` if its content is what it should be; raises SpoolFull, SpoolFailed.

        "missing" or "changed", and nothing copied, if the source has it no more, or otherwise.
        """
        try:
            source = open_file(self.source, file)
        except (FileNotFoundError, NotADirectoryError):
            return "missing"
        except OSError:
            return "changed"
        self._number += 1
        temporary = self.incoming / f"{self._number}.part"
        try:
            found = _copy(source, temporary, file)
        finally:
            os.close(source)
        if found is None or found[1] != sha256 or (size is not None and found[0] != size):
            temporary.unlink()
            return "changed"
        self._waiting.append((temporary, file))
        self._waiting_bytes += found[0]
        self.copied_bytes += found[0]
        if len(self._waiting) >= _BATCH_FILES or self._waiting_bytes >= _BATCH_BYTES:
            self._publish()
        return "copied"

    def finish(self) -> None:
        """Give all that wait their names, durably; raises SpoolFull, SpoolFailed."""
        self._publish()
        try:
            if self._owes_names:
                make_durable([self.target, self.incoming], on=self.target)
        except OSError as error:
            raise translate(error, f"copy files to {self.target}") from error
        self._owes_names = False

    def _publish(self) -> None:
        if not self._waiting:
            return
        try:
            make_durable([path for path, _ in self._waiting], on=self.incoming)
            folders = {self.target}
            for temporary, file in self._waiting:
                path = self.target / file
                folders.update(_made(self.target, file))
                temporary.rename(path)
                folders.add(path.parent)
            if choose_sync("auto").everything is None:
                make_durable(sorted(folders), on=self.target)
            else:  # once for all, at the end: it waits for whatever anybody writes there
                self._owes_names = True
        except OSError as error:
            raise translate(error, f"copy files to {self.target}") from error
        self._waiting.clear()
        self._waiting_bytes = 0


def make_durable(paths: Sequence[Path], *, on: Path) -> None:
    """Make files and folders durable, all `on` the file system of this folder; raises OSError."""
    sync = choose_sync("auto")
    if sync.everything is not None and len(paths) > 1:
        paths, call = [on], sync.everything
    else:
        call = sync.file
    for path in paths:
        fd = os.open(path, os.O_RDONLY)
        try:
            call(fd)
        finally:
            os.close(fd)


def _made(root: Path, file: str) -> list[Path]:
    """Make the folders that `file` is to be in, below `root`; return those above the last."""
    above = []
    folder = root
    for name in file.split("/")[:-1]:
        above.append(folder)
        folder /= name
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
    return above


def _copy(source: int, temporary: Path, file: str) -> tuple[int, str] | None:
    """Return size and SHA-256 of what was copied; None if the source cannot be read."""
    digest = hashlib.sha256()
    size = 0
    try:
        target = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            while block := _read(source):
                digest.update(block)
                write_all(target, block)
                size += len(block)
        finally:
            os.close(target)
    except OSError as error:
        raise translate(error, f"copy {file}") from error
    except _Unreadable:
        return None
    return size, digest.hexdigest()


class _Unreadable(Exception):
    """The source cannot be read: that is no fault of the place it is copied to."""


def _read(source: int) -> bytes:
    try:
        return os.read(source, _BLOCK_BYTES)
    except OSError as error:
        raise _Unreadable from error


def measure(path: Path) -> tuple[int, str]:
    """Return size in bytes and SHA-256 (hex) of a file; raises OSError."""
    return measure_start(path, size=None)


def measure_below(root: Path, file: str) -> tuple[int, str]:
    """Return size and SHA-256 of a file below `root`, following no link; raises OSError."""
    return _measure(open_file(root, file), size=None)


def measure_start(path: Path, *, size: int | None) -> tuple[int, str]:
    """Return how many of the first `size` bytes (None: all) there are, and their SHA-256 (hex)."""
    return _measure(open_plain(path), size=size)


def _measure(fd: int, *, size: int | None) -> tuple[int, str]:
    digest = hashlib.sha256()
    found = 0
    with os.fdopen(fd, "rb", buffering=0) as content:
        while size is None or found < size:
            wanted = _BLOCK_BYTES if size is None else min(_BLOCK_BYTES, size - found)
            if not (block := content.read(wanted)):
                break
            digest.update(block)
            found += len(block)
    return found, digest.hexdigest()


def size_of(root: Path, file: str) -> int | None:
    """
    Return the size in bytes of a plain file below `root`; None if there is none.

    Raises SpoolError if its folder leads somewhere else.
    """
    path = root / file
    try:
        _require_folder(path.parent)
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SpoolError(f"cannot look at {path}: {error}; check its permissions") from error
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _require_folder(folder: Path) -> None:
    """Raise SpoolError for a symbolic link to a folder, OSError if there is none."""
    if stat.S_ISLNK(folder.lstat().st_mode):
        raise SpoolError(
            f"{folder} is a symbolic link: what is copied or removed there would be elsewhere. Put "
            "the folder itself in its place, or remove the link"
        )


def remove_copy(root: Path, file: str) -> bool:
    """Remove a copy, and its folder if it is empty then; tell whether it was there."""
    path = root / file
    try:
        _require_folder(path.parent)
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if is_conversation_id(path.parent.name):
        with suppress(OSError):  # not empty, as a rule
            path.parent.rmdir()
    return True
