"""`processor status` and `processor retry`."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

from cli.assembly.store import open_store, processor_options, require_spool
from cli.output import console, print_json
from memory.port import Failure
from processor.parked import retry_parked
from processor.quarantine import Quarantine
from processor.status import Status, read_status
from settings import Settings

if TYPE_CHECKING:
    from memory.openmemory.ledger import Tally


def show_status(settings: Settings, *, as_json: bool) -> int:
    """Print how far memory has come; return 1 if anything is parked."""
    status, tally = asyncio.run(_status(settings))
    if as_json:
        mirrored = {} if tally is None else {"openmemory": asdict(tally)}
        print_json(asdict(status) | mirrored)
    else:
        _print(status)
        if tally is not None:
            _print_mirrored(tally)
    return 1 if status.parked else 0


def retry(settings: Settings, *, as_json: bool) -> int:
    """Put every parked event back; return 0."""
    count = asyncio.run(_retry(settings))
    if as_json:
        print_json({"put_back": count})
    else:
        console.print(f"{count} parked events will be tried again by the processor.")
    return 0


async def _status(settings: Settings) -> "tuple[Status, Tally | None]":
    root, rules = settings.payload_storage_path, processor_options(settings).rules
    require_spool(root)
    async with open_store(settings, must_exist=True) as store:
        status = await read_status(root, store, rules=rules)
    if settings.openmemory_mode == "embedded":
        return status, None
    from cli.assembly.openmemory_state import read_tally

    return status, await read_tally(settings)


async def _retry(settings: Settings) -> int:
    require_spool(settings.payload_storage_path)
    async with open_store(settings, must_exist=True) as store:
        return await retry_parked(settings.payload_storage_path, store)


def _print(status: Status) -> None:
    counts = status.counts
    console.print(f"processor  {'running' if status.is_running else 'not running'}")
    if status.is_rebuilding:
        console.print("rebuild    running")
    console.print(f"backlog    {status.backlog} events not yet in memory")
    console.print(
        f"memory     {counts.memories} memories of {counts.callers} callers "
        f"in {counts.conversations} conversations"
    )
    if counts.vectors_pending:
        console.print(f"vectors    {counts.vectors_pending} still to be computed")
    for failure in status.retrying:
        when = failure.next_attempt_at.astimezone() if failure.next_attempt_at else None
        _print_failure(f"retried at {when:%H:%M:%S}", failure)
    for failure in status.parked:
        _print_failure("parked", failure)
    if status.parked:
        console.print("`run.py processor retry` puts parked events back.")
    if status.quarantine.count:
        _print_quarantine(status.quarantine)


def _print_mirrored(tally: "Tally") -> None:
    from cli.assembly.openmemory_state import described

    console.print(f"openmemory {described(tally)}")


def _print_quarantine(quarantine: Quarantine) -> None:
    console.print(f"quarantine {quarantine.count} signed bodies that were not understood, such as")
    for body in quarantine.newest:
        console.print(f"           {body.file}  {body.reason}", markup=False)


def _print_failure(state: str, failure: Failure) -> None:
    text = f"{state:<10} {failure.file}  after {failure.attempts} tries: {failure.error}"
    console.print(text, markup=False)
