"""Memory forgets what has expired: what is noted in the spool as without memories."""

import asyncio
import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from memory.port import MemoryStore
from processor.parked import mark_parked
from processor.retention.plan import EVENTS
from spool.dropped import Dropped
from spool.format import Receipt, identify_file
from spool.reader import read_receipts

logger = logging.getLogger(__name__)

_AT_ONCE = 100  # conversations to a transaction: live answers and new calls get in between


async def forget_expired(
    root: Path, store: MemoryStore, dropped: Dropped, *, files: Collection[str], now: datetime
) -> int:
    """
    Remove from `store` what came from `files`, whose memories are gone on purpose.

    So is the note of every failed event that is gone with nothing kept of it. Doing it again
    changes nothing. A conversation with an event that came later, and has its memories still,
    stays until they expire too. For whoever applies events, and not beside that. Returns how
    many conversations were seen to.
    """
    conversations = await asyncio.to_thread(_expired, root, dropped, files)
    for start in range(0, len(conversations), _AT_ONCE):
        await store.apply([], replaced=conversations[start : start + _AT_ONCE])
    failed = [failure.file for failure in await store.failures()]
    if over := [file for file in failed if _is_over(file, dropped)]:
        await store.apply([], resolved=over)
        await mark_parked(root, store, now=now)
    if conversations:
        logger.info(
            "memories expired",
            extra={"action": "memories_expired", "conversations": len(conversations)},
        )
    return len(conversations)


def _expired(root: Path, dropped: Dropped, files: Iterable[str]) -> list[str]:
    """Return the conversations of `files`, in order, all of whose events are without memories."""
    known = (identify_file(file) for file in files)
    ids = {each[1] for each in known if each is not None and each[1] is not None}
    if not ids:
        return []
    for receipt, _ in read_receipts(root):
        if (
            isinstance(receipt, Receipt)
            and receipt.kind in EVENTS
            and receipt.conversation_id in ids
            and not dropped.has_no_memories(receipt.file)
        ):
            ids.discard(receipt.conversation_id)
    return sorted(ids)


def _is_over(file: str, dropped: Dropped) -> bool:
    """Tell whether nothing can come of a failed event any more."""
    drop = dropped.file(file)
    return dropped.has_no_memories(file) or (drop is not None and not drop.kept_sha256)
