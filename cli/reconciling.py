"""From settings to the service that looks for missed calls."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from typing import Any

from cli.options import cloud_options, receiver_options
from cli.reload import Reloading
from cloud.fetching.intake import SpoolIntake
from cloud.fetching.reconcile import OpenIntake, ReconcileOptions, run_reconciliation
from cloud.fetching.server_intake import open_server_intake
from receiver.context import Receiver
from settings import Settings

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


def current_secret(settings: Settings) -> Callable[[], str]:
    """Return what tells the post-call secret to sign with, also when `.env` changes."""
    options = Reloading(settings, derive=receiver_options).options
    return lambda: next(iter(options().post_call_secrets), "")


def _by_spool(receiver: Receiver) -> OpenIntake:
    intake = SpoolIntake(receiver.spool, receiver.committer)
    return lambda: nullcontext(intake)


def _by_server(settings: Settings) -> OpenIntake:
    secret = current_secret(settings)
    return lambda: open_server_intake(settings.base_url, secret=secret)
