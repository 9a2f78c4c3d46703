"""The small files of `.spool` in a backup: one tar archive, written anew each time."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from spool.backup.files import make_durable
from spool.backup.manifest import DamagedBackup
from spool.dropped import DROPPED_FILE, Dropped
from spool.forgotten import FORGOTTEN_FOLDER
from spool.format import (
    INCOMING_FOLDER,
    LEDGER_FILE,
    QUARANTINE_FOLDER,
    STATE_FOLDER,
    identify_file,
)
from spool.layout import create_durably
from spool.staging import translate, write_all
from spool.sync import choose_sync
from spool.version import RESTORING_FILE

BACKUPS_FILE = ".spool/backups.json"  # where backups of this spool were put
_BLOCK_BYTES = 1 << 20
_NOT_COPIED = frozenset({LEDGER_FILE, RESTORING_FILE, BACKUPS_FILE})


def pack_state(root: Path, target: Path) -> None:
    """
    Write every small file of `.spool` into the archive `target`, durably.

    Who was erased is read first, what was dropped last: so whatever an erasure that is complete
    there has dropped is known there to be gone. Raises SpoolError.
    """
    try:
        names = sorted(_names(root), key=lambda name: (_turn(name), name))
        with target.open("xb", buffering=1 << 16) as file:
            os.fchmod(file.fileno(), 0o600)
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for name in names:
                    _add(archive, root, name)
            file.flush()
            choose_sync("fsync").file(file.fileno())
    except OSError as error:
        raise translate(error, f"copy {root / STATE_FOLDER} to {target.parent}") from error


def forgotten_names(root: Path) -> frozenset[str]:
    """Return the names of all files that say who was erased: they change with every erasure."""
    return frozenset(name for name in _names(root) if name.startswith(f"{FORGOTTEN_FOLDER}/"))


def _turn(name: str) -> int:
    if name == DROPPED_FILE:
        return 2
    return 0 if name.startswith(f"{FORGOTTEN_FOLDER}/") else 1


def _names(root: Path) -> Iterator[str]:
    """Yield every small file of `.spool`, by its path below the spool; raises OSError."""
    state = root / STATE_FOLDER
    for folder, folders, names in os.walk(state):
        place = PurePosixPath(folder).relative_to(root).as_posix()
        if place == INCOMING_FOLDER:
            folders.clear()
            continue
        for each in names:
            name = f"{place}/{each}"
            if _is_copied(name) and not (root / name).is_symlink():
                yield name


def _is_copied(name: str) -> bool:
    is_passing = name.endswith(("lock", ".part"))
    is_stored = name.startswith(f"{QUARANTINE_FOLDER}/") and identify_file(name) is not None
    return not is_passing and not is_stored and name not in _NOT_COPIED


def _add(archive: tarfile.TarFile, root: Path, name: str) -> None:
    try:
        content = (root / name).read_bytes()
    except FileNotFoundError:  # removed meanwhile
        return
    if name == DROPPED_FILE:  # whose last line may be being written
        content = content[: content.rfind(b"\n") + 1]
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o600
    archive.addfile(member, io.BytesIO(content))


def unpack_state(archive: Path, root: Path, *, only: str = "") -> int:
    """
    Put every file of the archive, or `only` one, into `.spool` below `root`; return how many.

    Durable when this returns; what is there already is written over. Raises DamagedBackup for what
    is no such archive, or is none of ours, or SpoolError.
    """
    paths: list[Path] = []
    try:
        with tarfile.open(archive, mode="r:") as members:
            for member in members:
                name = _checked(member)
                content = members.extractfile(member)
                if content is not None and only in {"", name}:
                    _write(root / name, content)
                    paths.append(root / name)
        make_durable([*paths, *{path.parent for path in paths}], on=root / STATE_FOLDER)
    except (tarfile.TarError, EOFError) as error:
        raise DamagedBackup(f"{archive} cannot be read: {error}; use another backup") from error
    except OSError as error:
        raise translate(error, f"put {STATE_FOLDER} back into {root}") from error
    return len(paths)


def dropped_in(archive: Path, scratch: Path) -> Dropped:
    """Return what was dropped, as the archive has it; `scratch` is an empty folder."""
    (scratch / STATE_FOLDER).mkdir()
    unpack_state(archive, scratch, only=DROPPED_FILE)
    return Dropped(scratch)


def _write(path: Path, content: IO[bytes]) -> None:
    create_durably(path.parent)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        while block := content.read(_BLOCK_BYTES):
            write_all(fd, block)
    finally:
        os.close(fd)


def _checked(member: tarfile.TarInfo) -> str:
    """Return the name of a member if it is a plain file that belongs into `.spool`."""
    path = PurePosixPath(member.name)
    is_inside = path.parts[:1] == (STATE_FOLDER,) and ".." not in path.parts
    is_plain = member.isreg() and not member.issparse() and str(path) == member.name
    if not (is_plain and is_inside and _is_copied(member.name)):
        raise DamagedBackup(
            f"the backup holds {member.name!r}, which is none of ours; do not use it"
        )
    return member.name
