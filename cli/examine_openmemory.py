"""The part of `doctor` that tries OpenMemory out; not imported in embedded mode."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.assembly.openmemory import open_backend, sdk_database
from cli.assembly.openmemory_state import described, read_tally
from cli.doctor import Check
from memory.errors import MemoryStoreError
from memory.openmemory.backend import Examined
from memory.openmemory.server.address import is_loopback, server_url
from settings import Settings

_TIMEOUT_S = 30.0  # for all that is tried out: each request has a shorter limit of its own
_MEANWHILE = "calls are answered in full without it, and it is brought up to date once it answers"


def openmemory_checks(settings: Settings) -> Iterator[Check]:
    """Yield what is found with two throw-away users, and what the mirror's ledger says."""
    yield asyncio.run(_try_out(settings))
    yield asyncio.run(_count(settings))


async def _try_out(settings: Settings) -> Check:
    mend = "the program does not start like this"
    try:
        async with AsyncExitStack() as stack:
            where = stack.enter_context(_where(settings))
            backend = await stack.enter_async_context(open_backend(where))
            mend = _MEANWHILE
            async with asyncio.timeout(_TIMEOUT_S):
                return _finding(settings, await backend.examine(), backend.name)
    except MemoryStoreError as error:
        return _problem(str(error), mend)
    except TimeoutError:
        return _problem(f"trying it out took longer than {_TIMEOUT_S:g} s", mend)


@contextmanager
def _where(settings: Settings) -> Iterator[Settings]:
    """Yield settings with a database to try the SDK out on: who only looks makes none."""
    if settings.openmemory_mode != "local" or sdk_database(settings).exists():
        yield settings
        return
    with TemporaryDirectory(prefix="callspool-doctor-") as folder:
        yield settings.model_copy(update={"openmemory_db_path": Path(folder) / "memory.db"})


def _problem(detail: str, mend: str) -> Check:
    return Check(name="openmemory", verdict="problem", detail=detail, mend=mend)


def _finding(settings: Settings, seen: Examined, name: str) -> Check:
    facts = (
        "keeps users apart" if seen.keeps_users_apart else "mixes users in what a query finds",
        "shortens texts" if seen.shortens else "keeps whole texts",
        *(["asks for no key"] if seen.is_open else []),
    )
    is_well = seen.keeps_users_apart and not seen.shortens and not seen.is_open
    return Check(
        name="openmemory",
        verdict="ok" if is_well and not _is_exposed(settings) else "warning",
        detail=f"{seen.product}: {', '.join(facts)} ({name})",
        mend="\n".join(seen.advice),
    )


def _is_exposed(settings: Settings) -> bool:
    """Tell whether what is sent can be read on the way."""
    if settings.openmemory_mode != "remote":
        return False
    url = server_url(settings.openmemory_port)
    return url.startswith("http://") and not is_loopback(url)


async def _count(settings: Settings) -> Check:
    name = "openmemory mirror"
    try:
        tally = await read_tally(settings)
    except MemoryStoreError as error:
        return Check(name=name, verdict="problem", detail=str(error))
    if tally is None:
        detail = "nothing was mirrored yet: the processor does it once it runs"
        return Check(name=name, verdict="ok", detail=detail)
    return Check(name=name, verdict="ok", detail=described(tally))
