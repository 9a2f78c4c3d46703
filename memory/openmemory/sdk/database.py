"""The file of the SDK's database, which the SDK itself never tidies up."""

import sqlite3
from contextlib import closing
from pathlib import Path

from memory.openmemory.backend import BackendUnreachable
from memory.write_anew import write_anew

_WRITERS_S = 10.0  # what the SDK is adding
_READERS_S = 5.0


def scrub_database(path: Path) -> None:
    """
    Leave nothing of what was deleted in the database at `path` or beside it.

    The SDK may have it open meanwhile. Raises BackendUnreachable while somebody is in the way.
    """
    if not path.exists():
        return
    try:
        uri = f"{path.as_uri()}?mode=rw"
        with closing(
            sqlite3.connect(uri, uri=True, timeout=_WRITERS_S, isolation_level=None)
        ) as connection:
            is_empty = write_anew(connection, path, wait_seconds=_READERS_S)
    except (sqlite3.Error, OSError) as error:
        raise BackendUnreachable(
            f"OpenMemory's database {path} cannot be tidied up, so it may hold what was deleted: "
            f"{error}; see that nothing else has it open and that the disk has room"
        ) from error
    if not is_empty:
        raise BackendUnreachable(
            f"the log beside OpenMemory's database {path} may hold what was deleted, and somebody "
            "is still reading: end other programs that have it open; it is tried again"
        )
