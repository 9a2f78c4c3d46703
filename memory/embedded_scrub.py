"""Scrubbing the embedded store's files: of what was removed, no byte is left in any of them."""
# ruff: noqa: S608 - what is put into SQL text here is this file's own constants, never a value

import sqlite3
from pathlib import Path

from memory import embedded_files
from memory.embedded_schema import transaction
from memory.errors import MemoryUnavailable
from memory.write_anew import write_anew

_WAIT_S = 30.0  # for readers of an older state, such as an export in another process

_OF_NOBODY = (
    "FROM generations AS g "
    "WHERE NOT EXISTS (SELECT 1 FROM conversations AS c WHERE c.caller = g.caller)"
)


def scrub(connection: sqlite3.Connection, path: Path) -> None:
    """
    Do it, through the connection that writes, which is in no transaction.

    Damaged files that were set aside are deleted, and so is what killed rebuilds have left.
    Raises MemoryUnavailable if somebody is in the way; then all is as true as before.
    """
    embedded_files.remove_set_aside(path)
    embedded_files.remove_leftovers(path)
    if rebuild := embedded_files.find_rebuild(path):
        raise MemoryUnavailable(
            f"{rebuild} may hold what was removed from memory: a rebuild is being written, or its "
            "remains cannot be deleted; let it end, or delete the file, and this is tried again"
        )
    with transaction(connection, begin="BEGIN IMMEDIATE"):
        _forget_callers(connection)
    if not write_anew(connection, path, wait_seconds=_WAIT_S):
        raise MemoryUnavailable(
            f"the log beside memory file {path} may hold what was removed, and somebody is still "
            "reading an older state: end other programs that read it, such as a memory export, "
            "and this is tried again"
        )


def _forget_callers(connection: sqlite3.Connection) -> None:
    """Remove what is kept of callers of whom nothing else is."""
    # Their count goes on from there some day: what was read before is never taken for that.
    connection.execute(
        "UPDATE incarnation "
        f"SET floor = max(floor, coalesce((SELECT max(generation) {_OF_NOBODY}), 0))"
    )
    connection.execute(f"DELETE {_OF_NOBODY}")
    # Says just as much, by a caller who is there.
    connection.execute(
        "UPDATE vector_model SET filled_to = "
        "coalesce((SELECT max(caller) FROM memories WHERE caller <= filled_to), '') "
        "WHERE filled_to IS NOT NULL"
    )
