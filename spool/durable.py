"""Small files beside the ledger: written once, whole and durable; removed durably."""

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from spool.format import INCOMING_FOLDER, STATE_FOLDER, SpoolError
from spool.layout import create_durably
from spool.staging import translate, write_all
from spool.sync import choose_sync

_FILE_MODE = 0o600


def write_once(path: Path, content: bytes) -> bool:
    """
    Give `content` the name `path`, durable when this returns; its folder is made if need be.

    Return False, and change nothing, if the name is taken. After a crash there is the whole file
    or none. Raises SpoolError.
    """
    create_durably(path.parent)
    temporary = _temporary(path)
    try:
        try:
            _write_new(temporary, content)
            os.link(temporary, path)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise translate(error, f"write {path}") from error
    return True


def write_over(path: Path, content: bytes) -> None:
    """
    Put `content` in the place of whatever `path` names, durable when this returns.

    After a crash there is the old file or the new one. Raises SpoolError.
    """
    create_durably(path.parent)
    temporary = _temporary(path)
    try:
        try:
            _write_new(temporary, content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise translate(error, f"write {path}") from error


def _temporary(path: Path) -> Path:
    """Return a new name in the incoming/ of the spool that `path` is in: leftovers are swept."""
    for folder in path.parents:
        if (folder / STATE_FOLDER).is_dir():
            create_durably(folder / INCOMING_FOLDER)
            return folder / INCOMING_FOLDER / f"{secrets.token_hex(8)}.part"
    raise SpoolError(f"{path} is in no spool; check PAYLOAD_STORAGE_PATH")


def _write_new(path: Path, content: bytes) -> None:
    """Write a new file, its content durable; raises OSError or SpoolFailed."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    try:
        write_all(fd, content)
        choose_sync("fsync").file(fd)
    finally:
        os.close(fd)


def remove_files(root: Path, files: Iterable[str]) -> int:
    """
    Remove paths below the spool at `root`, and every conversation folder that is empty then.

    Durable when this returns; what is gone already is no error. Return how many were there.
    Raises SpoolError.
    """
    folders: set[Path] = set()
    count = 0
    try:
        for file in files:
            path = root / file
            folders.add(path.parent)
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()
                count += 1
        for folder in sorted(folders):
            _tidy(root, folder)
        if folders:
            sync_folder(root)
    except OSError as error:
        raise translate(error, f"remove files from {root}") from error
    return count


def _tidy(root: Path, folder: Path) -> None:
    """Make what is gone from `folder` gone for good, and the folder too if it is empty."""
    with contextlib.suppress(FileNotFoundError):
        sync_folder(folder)
        if folder.parent == root and not folder.name.startswith("."):
            with contextlib.suppress(OSError):  # not empty, as a rule
                folder.rmdir()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; raises OSError or SpoolFailed."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        choose_sync("fsync").file(fd)
    finally:
        os.close(fd)
