"""From settings to a working receiver."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
    spool = await asyncio.to_thread(Spool.open, root, sync=settings.spool_sync)
    committer = Committer(spool)
    payload_log = settings.payload_log_path
    options = receiver_options(settings)
    try:
        yield Receiver(
            read_options=lambda: options,
            spool=spool,
            committer=committer,
            memory=store,
            backlog=lambda: count_backlog(root, store, region=settings.phone_region),
            payload_log=PayloadLog(payload_log) if payload_log else None,
        )
    finally:
        await committer.close()
        spool.close()


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
