"""Copying the embedded store's file while it is in use, and putting a copy in its place."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from memory.embedded_damage import is_damage
from memory.embedded_schema import APPLICATION, connect, translated
from memory.embedded_tables import SCHEMA
from memory.errors import MemoryStoreError, MemoryUnavailable


def copy_memory(path: Path, target: Path) -> bool:
    """
    Write the memory file at `path`, as it is at one moment, to a new file `target` (mode 0600).

    Return False, and write nothing, if there is none. Nobody who writes to it waits, and nothing
    that was written before this was called is missing. Raises MemoryStoreError: MemoryDamaged if
    it cannot be copied because it is damaged.
    """
    if not path.exists():
        return False
    with translated(path), closing(connect(path, read_only=True)) as source:
        application, version = _versions(source)
        if (application, version) == (0, 0):
            return False  # being made at this moment
        if application != APPLICATION:
            raise MemoryStoreError(f"{path} is a database, but not a Callspool memory file")
        if version > SCHEMA:
            raise MemoryStoreError(
                f"memory file {path} has schema {version}, written by a newer Callspool; this one "
                f"knows schema {SCHEMA}: upgrade Callspool"
            )
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            _copy(source, copy, target)
            # So that it is one file, and nothing of it changes when somebody looks into it.
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
    _make_durable(target)
    return True


def _copy(source: sqlite3.Connection, copy: sqlite3.Connection, target: Path) -> None:
    try:
        source.backup(copy, pages=-1)  # all at once: one moment, however much is written
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise MemoryUnavailable(
            f"no room for a copy of the memory file in {target.parent}; free some space there and "
            "run it again"
        ) from error


def put_memory(copy: Path, path: Path) -> bool:
    """
    Put a copy in the place of the memory file at `path`, durably; nobody may have that open.

    Return False, and change nothing, if the copy is of no use to this program: it is of another
    version, or no memory file; memory is derived again then. Raises MemoryStoreError.
    """
    try:
        with closing(
            sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as it:
            if _versions(it) != (APPLICATION, SCHEMA):
                return False
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return False
        raise MemoryStoreError(f"the copy {copy} of the memory file: {error}") from error
    temporary = path.with_name(f".{path.name}.restoring")
    with translated(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        with (
            copy.open("rb") as source,
            os.fdopen(
                os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as target,
        ):
            shutil.copyfileobj(source, target, 1 << 20)
        _make_durable(temporary)
        temporary.rename(path)
        _make_durable(path.parent)
    return True


def _versions(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return application, connection.execute("PRAGMA user_version").fetchone()[0]


def _make_durable(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
