"""What an OpenMemory that is not set any more has left beside memory: a ledger, or a database."""

import asyncio
import glob
import mmap
from collections.abc import Collection
from pathlib import Path

from memory.errors import MemoryUnavailable
from memory.openmemory.ledger import Ledger

_BESIDE = ("-wal", "-shm", "-journal", "")  # the database last: until then it is found again


async def forget_former(
    memory: Path, callers: Collection[str], *, current: Path | None, database: Path | None
) -> list[str]:
    """
    Leave nothing of these callers in what former OpenMemories have left beside `memory`.

    `current` is the ledger that is in use, `database` that of a local OpenMemory that is not.
    Return the names of the OpenMemories that may still hold something of the callers: nobody
    deletes it there before they are set again. A database is removed whole if a caller is in it:
    it is derived, and made again when it is used. Doing it twice does no harm, but only the
    first time it is known who held what. Raises MemoryStoreError.
    """
    ledgers = sorted(memory.parent.glob(_ledgers_beside(memory)))
    names = [await _forget(path, callers) for path in ledgers if path != current]
    if database is not None:
        try:
            await asyncio.to_thread(_remove_if_in, database, callers)
        except OSError as error:
            raise MemoryUnavailable(
                f"{database}, of an OpenMemory that is not in use, may hold what is to be "
                f"forgotten and cannot be removed: {error.strerror}; delete it"
            ) from error
    return [name for name in names if name]


def _ledgers_beside(memory: Path) -> str:
    return f"{glob.escape(memory.stem)}.mirror-{'[0-9a-f]' * 8}{glob.escape(memory.suffix)}"


async def _forget(path: Path, callers: Collection[str]) -> str:
    """Have one ledger forget the callers; return the name of its OpenMemory if they were in it."""
    ledger = await Ledger.open(path)
    try:
        report = await ledger.report()
        known = [caller for caller in callers if await _is_known(ledger, caller)]
        for caller in known:
            await ledger.forget(caller, ends_erasure=True)
        await ledger.scrub()
    finally:
        await ledger.close()
    if not known:
        return ""
    return report.backend if report is not None else f"the OpenMemory of {path.name}"


async def _is_known(ledger: Ledger, caller: str) -> bool:
    entries, is_unsure = await ledger.entries(caller)
    is_planned = bool(await ledger.stamp(caller))
    return bool(entries) or is_unsure or is_planned or await ledger.is_erasing(caller)


def _remove_if_in(database: Path, callers: Collection[str]) -> None:
    files = [database.with_name(database.name + suffix) for suffix in _BESIDE]
    texts = [caller.encode() for caller in callers]
    if any(_holds(path, texts) for path in files):
        for path in files:
            path.unlink(missing_ok=True)


def _holds(path: Path, texts: list[bytes]) -> bool:
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(text) >= 0 for text in texts)
