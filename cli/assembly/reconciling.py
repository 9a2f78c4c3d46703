"""From settings to the service that looks for missed calls."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import nullcontext, suppress
from typing import Any

from cli.assembly.options import cloud_options, receiver_options
from cli.assembly.reload import Reloading
from cloud.connecting.record import RecordFile
from cloud.errors import CloudError
from cloud.fetching.intake import SpoolIntake
from cloud.fetching.reconcile import OpenIntake, ReconcileOptions, run_reconciliation
from cloud.fetching.server_intake import open_server_intake
from receiver.context import Receiver
from settings import Settings

_LOOK_AGAIN_SECONDS = 2.0
_FIRST_RUN_SECONDS = 5.0  # not in the way of the start, and soon after an outage


def reconciliation(
    settings: Settings, receiver: Receiver | None, *, stop: asyncio.Event
) -> Coroutine[Any, Any, None]:
    """
    Return the service; it stores through `receiver`, or through the one that another process runs.

    To be made in the receiver's event loop.
    """
    return run_reconciliation(
        settings.payload_storage_path,
        _by_server(settings) if receiver is None else _by_spool(receiver),
        options=ReconcileOptions(
            cloud=cloud_options(settings),
            every_seconds=settings.reconcile_every_seconds,
            first_run_seconds=min(_FIRST_RUN_SECONDS, settings.reconcile_every_seconds),
            audio=settings.reconcile_audio,
        ),
        stop=stop,
    )


async def reconciliation_once_connected(
    settings: Settings, receiver: Receiver | None, *, stop: asyncio.Event
) -> None:
    """Wait until an agent is connected, so that nobody else's calls are fetched; then reconcile."""
    while not stop.is_set() and not await asyncio.to_thread(_is_connected, settings):
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK_AGAIN_SECONDS)
    if not stop.is_set():
        await reconciliation(settings, receiver, stop=stop)


def _is_connected(settings: Settings) -> bool:
    try:
        return bool(RecordFile(settings.payload_storage_path).load().agents)
    except (CloudError, OSError):
        return True  # the reconciliation says what is wrong with the record


def current_secret(settings: Settings) -> Callable[[], str]:
    """Return what tells the post-call secret to sign with, also when `.env` changes."""
    options = Reloading(settings, derive=receiver_options).options
    return lambda: next(iter(options().post_call_secrets), "")


def _by_spool(receiver: Receiver) -> OpenIntake:
    region = receiver.options.phone_region or None
    intake = SpoolIntake(receiver.spool, receiver.committer, region=region)
    return lambda: nullcontext(intake)


def _by_server(settings: Settings) -> OpenIntake:
    secret = current_secret(settings)
    return lambda: open_server_intake(settings.base_url, secret=secret)
