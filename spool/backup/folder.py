"""The folder of a backup: whose it is, who works in it, and what is left over there."""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spool.backup.manifest import (
    MANIFEST_FILE,
    PART_NAME,
    DamagedBackup,
    Manifest,
    decode_manifest,
)
from spool.durable import sync_folder
from spool.format import SpoolError
from spool.reader import open_plain
from spool.staging import translate, write_all
from spool.sync import choose_sync

OWNER_FILE = "backup-of.json"  # the first file of a backup: whose it is to be
FILES_FOLDER = "files"
INCOMING_FOLDER = "incoming"
LOCK_FILE = "lock"
_SMALL_BYTES = 64 << 20  # a manifest names what the spool has lost: that may be all of it
_OF_NOBODY = frozenset({INCOMING_FOLDER, LOCK_FILE, f".{OWNER_FILE}.part", "lost+found"})
_NO_LOCKS = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL})


class BackupRefused(SpoolError):
    """A backup cannot go there, or not be put back here; nothing was changed."""


def read_manifest(place: Path) -> Manifest | None:
    """Return what the backup at `place` says of itself; None if none was ever completed."""
    path = place / MANIFEST_FILE
    try:
        return decode_manifest(_read_small(path))
    except FileNotFoundError:
        return None
    except DamagedBackup as error:
        raise DamagedBackup(f"{path}: {error}") from error
    except OSError as error:
        raise DamagedBackup(f"cannot read {path}: {error}; check its permissions") from error


def _read_small(path: Path) -> bytes:
    """Return the content of a plain file; raises DamagedBackup for a huge one, OSError."""
    with os.fdopen(open_plain(path), "rb") as file:
        content = file.read(_SMALL_BYTES + 1)
    if len(content) > _SMALL_BYTES:
        raise DamagedBackup(f"larger than {_SMALL_BYTES >> 20} MB; use another backup")
    return content


@contextmanager
def opened_place(
    place: Path, *, identity: str, is_known: bool, begins_anew: bool = False
) -> Iterator[None]:
    """
    Make `place` the folder of the backups of the spool with this ledger, and hold it.

    `is_known`: there has been a backup before, so an empty folder is a surprise, such as a disk
    that is not mounted; `begins_anew` says that it is none. Raises BackupRefused, SpoolError.
    """
    try:
        _create(place)
        _check_owner(place, identity=identity, surprises=is_known and not begins_anew)
        with held(place, writes=True):
            if _check_owner(place, identity=identity, surprises=is_known and not begins_anew):
                owner = json.dumps({"v": 1, "ledger": identity}).encode("ascii") + b"\n"
                write_file(place / OWNER_FILE, owner)
            for name in (FILES_FOLDER, INCOMING_FOLDER):
                (place / name).mkdir(mode=0o700, exist_ok=True)
            if (place / FILES_FOLDER.upper()).exists():
                raise BackupRefused(
                    f"{place} is on a file system that takes {FILES_FOLDER} and "
                    f"{FILES_FOLDER.upper()} for one name, and ids differ by that; use another"
                )
            sync_folder(place)
            yield
    except OSError as error:
        raise translate(error, f"write a backup to {place}") from error


def _check_owner(place: Path, *, identity: str, surprises: bool) -> bool:
    """Tell whether it has still to be noted whose backup this is; raises BackupRefused, OSError."""
    names = {path.name for path in place.iterdir()} - _OF_NOBODY
    if not names:
        if surprises:
            raise BackupRefused(
                f"there were backups in {place}, and it is empty now: is the disk mounted? To "
                "begin there anew, add --new"
            )
        return True
    if OWNER_FILE not in names:
        raise BackupRefused(
            f"{place} is not empty and holds no backup of Callspool; name an empty folder"
        )
    owner = _owner(place / OWNER_FILE)
    if owner not in {"", identity}:
        raise BackupRefused(
            f"{place} holds the backup of another spool (ledger {owner}, here "
            f"{identity or 'none yet'}); name another folder"
        )
    return owner != identity


def _create(place: Path) -> None:
    """Make the folder, if what it is to stand in is there."""
    if place.is_dir():
        return
    if not place.parent.is_dir():
        raise BackupRefused(
            f"there is no folder {place.parent} for the backup: mount the disk, or make the folder"
        )
    place.mkdir(mode=0o700)
    sync_folder(place.parent)


def _owner(path: Path) -> str:
    try:
        return str(json.loads(_read_small(path))["ledger"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedBackup(
            f"{path} cannot be understood: {error!r}; whose backup this is is not known, so name "
            "another folder"
        ) from error


@contextmanager
def held(place: Path, *, writes: bool) -> Iterator[None]:
    """Be the only one who writes a backup, or one of those who read it; raises BackupRefused."""
    path = place / LOCK_FILE
    try:
        flags = os.O_RDWR | os.O_CREAT if writes else os.O_RDONLY
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except FileNotFoundError:  # copied to another medium without it
        yield
        return
    except OSError as error:
        if error.errno == errno.EROFS:
            raise BackupRefused(f"{place} is mounted for reading alone: mount it anew") from error
        raise translate(error, f"use the backup at {place}") from error
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if writes else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        message = f"another process works on the backup at {place}; wait for its end"
        raise BackupRefused(message) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:  # some network file systems: then the operator sees to it
            os.close(fd)
            raise translate(error, f"use the backup at {place}") from error
    try:
        yield
    finally:
        os.close(fd)


def write_file(path: Path, content: bytes) -> None:
    """Put a small file in its place, whole and durable; raises OSError, SpoolFailed."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            write_all(fd, content)
            choose_sync("fsync").file(fd)
        finally:
            os.close(fd)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sweep(place: Path) -> None:
    """Remove what a run that broke off left in incoming/; raises OSError."""
    for path in (place / INCOMING_FOLDER).iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def remove_unused(place: Path, manifest: Manifest | None) -> None:
    """Remove the parts that are not of this backup; raises OSError."""
    used = set()
    if manifest is not None:
        used = {manifest.ledger.name, manifest.state.name}
        used |= {manifest.memory.name} if manifest.memory else set()
    for path in place.iterdir():
        if path.name not in used and PART_NAME.fullmatch(path.name):
            with suppress(FileNotFoundError):
                path.unlink()
