"""From settings to what carries out erasures: everything that holds something of a caller."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from pathlib import Path

from cli.assembly.store import OpenedMemory, processor_options
from cloud.calling.call_erasure import remove_calls
from history.index import History
from processor.erasure.carry_out import carry_out
from processor.erasure.mentions import Mentions
from processor.erasure.parts import Parts
from receiver.payload_log_erasure import remove_lines
from settings import Settings
from spool.forgotten import Tombstone
from spool.standing_orders import Orders


def erasure_parts(settings: Settings, memory: OpenedMemory, history: History | None) -> Parts:
    """Return all that holds something of callers; `history` is None where there is no index."""
    root, log = settings.payload_storage_path, settings.payload_log_path
    options = processor_options(settings)

    def forget_calls(mentions: Mentions, before: datetime) -> tuple[int, int]:
        done = remove_calls(root, mentions.in_bytes, before=before)
        return done.removed, done.dialling

    def forget_logged(mentions: Mentions) -> int:
        return remove_lines(Path(log), mentions.in_logged) if log else 0

    async def forget_former(callers: Collection[str]) -> list[str]:
        # Only who erases is to load it: an OpenMemory may have been set once.
        from cli.assembly.openmemory import forget_former_openmemories

        return await forget_former_openmemories(settings, callers)

    return Parts(
        root=root,
        store=memory.store,
        orders=Orders(root),
        rules=options.rules,
        retry=options.retry,
        history=history,
        remove_calls=forget_calls,
        remove_logged=forget_logged,
        forget_former=forget_former,
        mirror=None if memory.openmemory is None else memory.openmemory.mirror,
    )


def eraser(
    settings: Settings, memory: OpenedMemory, history: History | None
) -> Callable[[Tombstone], Awaitable[None]]:
    """Return what a running processor has erasures carried out by; see `processor.hooks`."""
    parts = erasure_parts(settings, memory, history)

    async def erase(tombstone: Tombstone) -> None:
        await carry_out(tombstone, parts)

    return erase
