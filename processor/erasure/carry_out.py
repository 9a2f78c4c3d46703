"""
Carrying out an erasure, in steps that can each be done again: killed anywhere, it goes on.

What it is about is written down first (see `spool.erasing`), since each step destroys what the
next would have to find it by. The certificate is the last thing to be written.
"""

import asyncio
import logging

from history.errors import HistoryError
from processor.erasure.certificate import Certificate
from processor.erasure.parts import Parts
from processor.erasure.steps import STEPS, Work
from processor.erasure.subject import look_again, subject_of
from processor.errors import ProcessorError
from spool.erasing import Erasing, remove_erasing, remove_stray_notes, write_erasing
from spool.forgotten import Tombstone, note_complete

logger = logging.getLogger(__name__)

_MAX_ROUNDS = 5  # what came in while one was under way is for the next


class ErasureWaits(ProcessorError):
    """A step of an erasure is not possible now; it is tried again."""


async def carry_out(tombstone: Tombstone, parts: Parts) -> Certificate:
    """
    Erase what `tombstone` stands for, as far as that is possible now, and return the certificate.

    For the holder of the processor's lock. It has a `completed_at`, and is on disk, once
    nothing of it is left in any file; until then this is to be called again. Raises SpoolError,
    MemoryStoreError, ErasureWaits or OSError where a step fails; the next call goes on from it.
    """
    try:
        return await _carry_out(tombstone, parts)
    except HistoryError as error:
        raise ErasureWaits(f"the history index is in the way: {error}") from error


async def _carry_out(tombstone: Tombstone, parts: Parts) -> Certificate:
    await asyncio.to_thread(parts.orders.refresh)
    erasing = await subject_of(tombstone, parts)
    waiting_for = ""
    if tombstone.kind == "conversation" and not erasing.conversations and not erasing.is_over:
        # It was refused at the door: nothing of it is anywhere, so nothing is written anew.
        await parts.store.apply([], settled=[tombstone.id])
    elif not erasing.is_over:
        erasing, waiting_for = await _erase(tombstone, erasing, parts)
    if waiting_for:
        return _certificate(tombstone, erasing, parts, waiting_for=waiting_for)
    return await asyncio.to_thread(_complete, tombstone, erasing, parts)


async def _erase(tombstone: Tombstone, erasing: Erasing, parts: Parts) -> tuple[Erasing, str]:
    """Do every step, until nothing new turns up; return what has still to be waited for."""
    for _ in range(_MAX_ROUNDS):
        work = Work(tombstone, erasing, parts)
        known = erasing.conversations
        try:
            await _do(work)
        except Exception:
            await work.keep(clean=work.clean)
            raise
        if work.waiting_for:  # what is clean here is not done again meanwhile
            await work.keep(clean=work.clean)
        erasing = await look_again(tombstone, work.erasing, parts)
        if erasing.conversations == known:
            return erasing, "; ".join(work.waiting_for)
    return erasing, "calls that keep coming in"


async def _do(work: Work) -> None:
    for name, step in STEPS:
        if name in work.erasing.clean:
            continue
        work.parts.on_step(name)
        waiting = len(work.waiting_for)
        await step(work)
        if len(work.waiting_for) == waiting:
            work.clean = (*work.clean, name)


def _complete(tombstone: Tombstone, erasing: Erasing, parts: Parts) -> Certificate:
    """Let go of what was written down, and write the certificate in its place, durably."""
    certificate = _certificate(tombstone, erasing, parts, waiting_for="")
    # Two files cannot change at once: first nobody is named any more, then it is complete.
    parts.on_step("let go")
    nameless = Erasing(
        id=erasing.id, counts=erasing.counts, may_remain_in=erasing.may_remain_in, is_over=True
    )
    write_erasing(parts.root, nameless)
    if not remove_stray_notes(parts.root):
        waiting_for = "somebody who asks for another erasure"
        return _certificate(tombstone, erasing, parts, waiting_for=waiting_for)
    parts.on_step("certificate")
    note_complete(parts.root, tombstone.id, certificate.members())
    parts.on_step("end")
    remove_erasing(parts.root, tombstone.id)
    logger.info(
        "an erasure is complete",
        extra={"action": "erased", "id": tombstone.id, **certificate.removed},
    )
    return certificate


def _certificate(
    tombstone: Tombstone, erasing: Erasing, parts: Parts, *, waiting_for: str
) -> Certificate:
    counts = dict(erasing.counts)
    size_bytes = counts.pop("bytes", 0)
    return Certificate(
        id=tombstone.id,
        kind=tombstone.kind,
        asked_at=tombstone.at,
        completed_at=None if waiting_for else parts.clock(),
        removed=counts,
        size_bytes=size_bytes,
        waiting_for=waiting_for,
        may_remain_in=erasing.may_remain_in,
    )
