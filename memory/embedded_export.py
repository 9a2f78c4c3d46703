"""The embedded store's canonical dump, read of one moment without holding the event loop up."""

from collections.abc import AsyncIterator
from itertools import islice

from memory import embedded_rows
from memory.dump import dump_line
from memory.embedded_threads import FileThreads

_STEP = 200  # conversations read between two looks at the event loop


async def export(threads: FileThreads) -> AsyncIterator[str]:
    """Yield a conversation a line, by id and kind."""
    snapshot = await threads.read(lambda _: threads.connect())
    try:
        await threads.read(lambda _: snapshot.execute("BEGIN"))
        rows = embedded_rows.conversations_by_id(snapshot)
        while True:
            lines = await threads.read(lambda _: [dump_line(c) for c in islice(rows, _STEP)])
            for line in lines:
                yield line
            if not lines:
                return
    finally:
        snapshot.close()
