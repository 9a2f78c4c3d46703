"""Having what the owner decided done: by the processor that runs, or here if none does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from cli.assembly.erasing import erasure_parts
from cli.assembly.history_index import open_history
from cli.assembly.store import OpenedMemory, open_memory, open_store, processor_options
from cli.output import problems
from processor.erasure.carry_out import carry_out
from processor.erasure.parts import Parts
from processor.errors import ProcessorError, ProcessorLocked
from processor.lock import held, processor_lock
from processor.service import catch_up
from processor.settle import settle
from settings import Settings
from spool.forgotten import Tombstone, certificate_of
from spool.standing_orders import Orders

_LOOK_AGAIN_S = 0.2
_TRY_AGAIN_S = 2.0
_MAX_PAUSE_S = 15.0
_TRIES = 2  # then a server that starts may have the place
PATIENCE_S = 120.0


_T = TypeVar("_T")


class NotDoneYet(ProcessorError):
    """What was asked for is on record, and goes on without this command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """The processor's place, which this command has taken."""

    memory: OpenedMemory
    parts: Parts


async def erase(settings: Settings, tombstone: Tombstone) -> dict[str, Any]:
    """Return the certificate of an erasure once it is complete; raises NotDoneYet."""
    root = settings.payload_storage_path

    async def look() -> dict[str, Any] | None:
        return await asyncio.to_thread(certificate_of, root, tombstone.id)

    told: list[str] = []

    async def work(here: _Here) -> dict[str, Any] | None:
        certificate = await carry_out(tombstone, here.parts)
        for _ in range(_TRIES):
            if certificate.completed_at is not None:
                return certificate.members()
            if certificate.waiting_for not in told:
                told.append(certificate.waiting_for)
                problems.print(f"Waiting for {certificate.waiting_for} …", markup=False)
            await asyncio.sleep(_TRY_AGAIN_S)
            certificate = await carry_out(tombstone, here.parts)
        return None if certificate.completed_at is None else certificate.members()

    return await _done(settings, look, work, what=f"the erasure {tombstone.id}")


async def obey(settings: Settings, decision_id: str) -> None:
    """Return once memory obeys a decision that is on record; raises NotDoneYet."""

    async def look() -> bool | None:
        async with open_store(settings, must_exist=True) as store:
            return decision_id in await store.settled() or None

    async def work(here: _Here) -> bool:
        root, store = settings.payload_storage_path, here.memory.store
        options, orders = processor_options(settings), here.parts.orders
        await catch_up(root, store, options, orders=orders, stop=asyncio.Event())
        await settle(root, store, await asyncio.to_thread(Orders, root), options)
        return True

    await _done(settings, look, work, what=f"the decision {decision_id}")


async def _done(
    settings: Settings,
    look: Callable[[], Awaitable[_T | None]],
    work: Callable[[_Here], Awaitable[_T | None]],
    *,
    what: str,
) -> _T:
    """
    Do the work here if no processor runs, else wait until it has been done.

    What has to wait for others waits without the processor's place: a server may take it.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_S
    has_told = has_worked = False
    pause = _TRY_AGAIN_S
    try:
        while True:
            try:
                async with _taking_the_place(settings) as here:
                    if (done := await work(here)) is not None:
                        return done
                if not has_worked:  # what is done here takes its time
                    deadline, has_worked = loop.time() + PATIENCE_S, True
            except ProcessorLocked:
                if not has_told:
                    problems.print("A processor is running: it does the work.")
                    has_told = True
            if (found := await _looked(look, pause)) is not None:
                return found
            pause = min(1.5 * pause, _MAX_PAUSE_S)
            if loop.time() > deadline:
                raise TimeoutError
    except TimeoutError as error:
        raise NotDoneYet(
            f"{what} is on record and not complete yet: the running processor, or the next one, "
            "goes on with it; `run.py callers erasures` shows how far they are"
        ) from error


async def _looked(look: Callable[[], Awaitable[_T | None]], seconds: float) -> _T | None:
    for _ in range(round(seconds / _LOOK_AGAIN_S)):
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(_LOOK_AGAIN_S)
    return None


@asynccontextmanager
async def _taking_the_place(settings: Settings) -> AsyncIterator[_Here]:
    """Be this spool's processor, with all it needs; raises ProcessorLocked if another one is."""
    root, path = settings.payload_storage_path, settings.openmemory_db_path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    of_memory = path.with_name(f".{path.name}.processor.lock")
    async with AsyncExitStack() as stack:
        for lock, place in ((of_memory, "memory file"), (processor_lock(root), "spool")):
            stack.enter_context(
                held(
                    lock, refusal=ProcessorLocked, holder="processor", place=place, is_command=True
                )
            )
        memory = await stack.enter_async_context(open_memory(settings, upgrade=True, mirrors=True))
        history = None
        if settings.history_path.exists():
            history = await stack.enter_async_context(open_history(settings))
        parts = await asyncio.to_thread(erasure_parts, settings, memory, history)
        if parts.mirror is not None and memory.openmemory is not None:
            await stack.enter_async_context(_mirroring(memory))
        yield _Here(memory=memory, parts=parts)


@asynccontextmanager
async def _mirroring(memory: OpenedMemory) -> AsyncIterator[None]:
    """Have OpenMemory brought up to memory meanwhile."""
    stop = asyncio.Event()
    mirror = memory.openmemory.mirror if memory.openmemory else None
    running = asyncio.create_task(mirror.run(stop)) if mirror else None
    try:
        yield
    finally:
        stop.set()
        if running is not None:
            await running
