"""Looking at the embedded store's file now and then: still there, still whole, and tidy."""

import time
from functools import partial
from pathlib import Path

from memory import embedded_damage, embedded_files
from memory.embedded_threads import FileThreads
from memory.errors import MemoryDamaged, MemoryUnavailable

_SWEEP_EVERY_S = 60.0
_LOOK_EVERY_S = 5.0  # at a file that was found damaged


class FileWatch:
    """What is checked before a store says how far it has come; a live one is swept too."""

    def __init__(self, path: Path, threads: FileThreads, *, is_live: bool) -> None:
        self._path = path
        self._threads = threads
        self._is_live = is_live
        self._identity = embedded_files.identity(path)
        self._swept_at = time.monotonic()
        self._looked_at = 0.0

    async def look(self) -> None:
        """
        Raise if the file was removed, replaced or damaged; sweep what killed rebuilds left.

        Nobody else would see what is written to a file that was removed or replaced.
        """
        if embedded_files.identity(self._path) != self._identity:
            raise MemoryUnavailable(
                f"memory file {self._path} was removed or replaced while in use: restart, and "
                "it is derived again"
            )
        if self._threads.damage is not None:
            await self._look_at_damage(self._threads.damage)
        if self._is_live and time.monotonic() >= self._swept_at + _SWEEP_EVERY_S:
            self._swept_at = time.monotonic()
            self._threads.write_later(partial(embedded_files.remove_leftovers, self._path))

    async def _look_at_damage(self, damage: MemoryDamaged) -> None:
        """Raise the damage that a read or write ran into, until the file is whole again."""
        if time.monotonic() >= self._looked_at + _LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            find = partial(embedded_damage.find_damage, seconds=_LOOK_EVERY_S)
            if not await self._threads.read(find):
                self._threads.damage = None  # rebuilt, by this process or another
                return
        raise damage
