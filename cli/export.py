"""`memory export`: the canonical dump on stdout."""

import asyncio
import sys

from cli.assembly.store import open_store
from settings import Settings


def export_memory(settings: Settings) -> int:
    """Print the canonical dump, a JSON object a line; return 0."""
    asyncio.run(_export(settings))
    return 0


async def _export(settings: Settings) -> None:
    async with open_store(settings, must_exist=True) as store:
        async for line in store.export():
            sys.stdout.write(line + "\n")
