"""From settings to a working receiver, and to what looks for the calls it missed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from cli.calls import call_desk
from cli.reload import Reloading
from memory.port import MemoryStore
from processor.status import count_backlog
from receiver.context import Receiver, ReceiverOptions
from receiver.payload_log import PayloadLog
from settings import Settings
from spool.committer import Committer
from spool.writer import Spool
from voice.greeting import GreetingOptions


@asynccontextmanager
async def open_receiver(settings: Settings, store: MemoryStore) -> AsyncIterator[Receiver]:
    """Open the spool for writing and assemble the receiver; at the end everything is on disk."""
    root = settings.payload_storage_path
    payload_log = settings.payload_log_path
    async with open_spool(settings) as (spool, committer):
        yield Receiver(
            read_options=Reloading(settings, derive=receiver_options).options,
            spool=spool,
            committer=committer,
            memory=store,
            backlog=lambda: count_backlog(root, store, region=settings.phone_region),
            payload_log=PayloadLog(payload_log) if payload_log else None,
            reconciliation=reconciliation_state(settings),
            calls=call_desk(settings, store),
        )


@asynccontextmanager
async def open_spool(settings: Settings) -> AsyncIterator[tuple[Spool, Committer]]:
    """Open the spool for writing; at the end everything is on disk. Raises SpoolError."""
    root = settings.payload_storage_path
    spool = await asyncio.to_thread(Spool.open, root, sync=settings.spool_sync)
    committer = Committer(spool)
    try:
        yield spool, committer
    finally:
        await committer.close()
        spool.close()


def reconciliation_state(settings: Settings) -> Callable[[], dict[str, Any]]:
    """
    Return what tells /health of the last look for missed calls, whichever process took it.

    Everybody may ask for it, so the platform's own words are not in it: the log has them.
    """
    every_seconds = settings.reconcile_every_seconds
    root = settings.payload_storage_path

    def state() -> dict[str, Any]:
        if not every_seconds:
            return {"status": "off"}
        from cloud.fetching.last_run import read_last_run

        run = read_last_run(root)
        if run is None:
            return {"status": "not run yet", "every_seconds": every_seconds}
        return {
            "status": run.status,
            "last_run_at": run.started_at.isoformat(),
            "stored": run.stored,
            "failed": run.failed,
            "every_seconds": every_seconds,
        }

    return state


def receiver_options(settings: Settings) -> ReceiverOptions:
    """Return the receiver's options as the settings have them."""
    return ReceiverOptions(
        post_call_secrets=settings.post_call_secrets,
        client_data_key=settings.elevenlabs_client_data_key.get_secret_value(),
        search_data_key=settings.elevenlabs_search_data_key.get_secret_value(),
        admin_key=settings.admin_key.get_secret_value(),
        max_body_bytes=settings.max_body_mb * 1024 * 1024,
        live_deadline_seconds=settings.live_deadline_ms / 1000,
        greeting=GreetingOptions(
            template=settings.greeting,
            send_first_message=settings.send_first_message,
            send_language=settings.send_language,
        ),
        phone_region=settings.phone_region,
        cors_origins=settings.cors_origin_list,
    )
