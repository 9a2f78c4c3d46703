"""OpenMemory's part of an erasure: it may be away, and it takes its time."""

import logging
from dataclasses import replace

from memory.errors import MemoryStoreError
from processor.erasure.parts import MirrorOfMemory, Parts
from spool.erasing import Erasing

logger = logging.getLogger(__name__)

OPENMEMORY = "OpenMemory"


async def ask_mirror(erasing: Erasing, parts: Parts) -> Erasing:
    """Have OpenMemory erase the callers; before memory forgets them, so that it is never lost."""
    if parts.mirror is None or erasing.has_asked_mirror:
        return erasing
    for caller in erasing.callers:
        await parts.mirror.erase(caller, conversations=erasing.conversations)
    return replace(erasing, has_asked_mirror=True)


async def is_mirror_done(erasing: Erasing, parts: Parts) -> bool:
    """Have OpenMemory do what it has not done, and tell whether it has done all of it."""
    if parts.mirror is None:
        return True
    try:
        return await _is_done(erasing, parts.mirror)
    except MemoryStoreError as error:
        logger.info(
            "OpenMemory cannot forget anybody now, it is asked again",
            extra={"action": "mirror_erasure_waits", "id": erasing.id, "error": str(error)},
        )
        return False


async def _is_done(erasing: Erasing, mirror: MirrorOfMemory) -> bool:
    is_done = True
    for caller in erasing.callers:
        state = await mirror.erasure_state(caller)
        if state == "none":  # another process had asked, and nobody knows what came of it
            await mirror.erase(caller, conversations=erasing.conversations)
        is_done = is_done and state == "complete"
    for owner in erasing.owners:
        await mirror.purge(owner, erasing.conversations)
    if is_done:
        await mirror.scrub()
    return is_done
