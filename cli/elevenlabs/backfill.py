"""`backfill`: fetch the calls that never arrived here, with a progress bar and a result."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.assembly.options import cloud_options
from cli.assembly.receiver import open_spool
from cli.assembly.reconciling import current_secret
from cli.elevenlabs.fetched import Done, SilentAgent, shown, tell
from cli.output import problems
from cli.serving.services import stop_at_signals
from cloud.client import open_client
from cloud.errors import CloudError
from cloud.fetching.backfill import BackfillOptions
from cloud.fetching.backfill import backfill as fetch_missing
from cloud.fetching.conversations import Conversations
from cloud.fetching.intake import Intake, NotTaken, SpoolIntake, no_room
from cloud.fetching.report import BackfillReport
from cloud.fetching.server_intake import ServerIntake, open_server_intake
from cloud.fetching.whose import is_known_agent, sending_agents
from cloud.retrying import Patience
from processor.lock import is_held, processor_lock
from setting_values import seconds_of
from settings import Settings, SettingsError
from spool.format import SpoolFull, SpoolLocked

if TYPE_CHECKING:
    from elevenlabs.client import AsyncElevenLabs

_TELL_SECONDS = 10.0  # between two lines where there is no terminal
_STOPPED = 130  # as shells say it of Ctrl-C


def backfill(
    settings: Settings,
    *,
    since: str,
    agents: list[str],
    audio: bool,
    concurrency: int,
    as_json: bool,
) -> int:
    """
    Fetch and store; return 0 if all is there now, 1 if something failed, 130 if told to stop.

    2 if nobody can tell what `since` means. Without `agents`, those whose calls are sent here.
    Raises CloudError or SpoolError if it cannot begin.
    """
    try:
        moment = moment_of(since, now=datetime.now(UTC))
    except ValueError as error:
        problems.print(f"--since {since!r}: {error}", style="bold red", markup=False)
        return 2
    named = tuple(dict.fromkeys(agents))
    options = BackfillOptions(
        since=moment.timestamp(),
        agents=named or sending_agents(settings.payload_storage_path),
        audio=audio,
        concurrency=concurrency,
    )
    try:
        done = asyncio.run(_backfill(settings, options, moment, named=named))
    except asyncio.CancelledError:
        problems.print("Stopped at once, as told. Run it again to go on.")
        return _STOPPED
    tell(done, as_json=as_json, audio=audio)
    if done.report.is_stopped:
        return _STOPPED
    return 1 if done.report.failed or done.report.broken_off or done.unknown_agents else 0


def moment_of(since: str, *, now: datetime) -> datetime:
    """Return the moment that "12h", "30d", "2w" or a date means; raises ValueError for others."""
    try:
        unix_seconds = now.timestamp() - seconds_of(since)
    except ValueError:
        try:
            moment = datetime.fromisoformat(since.strip())
        except ValueError:
            raise ValueError("give 12h, 30d, 2w or a date, such as 2026-11-01 (UTC)") from None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        if moment > now:
            raise ValueError("lies in the future") from None
        unix_seconds = moment.timestamp()
    return datetime.fromtimestamp(max(0.0, unix_seconds), UTC)


async def _backfill(
    settings: Settings, options: BackfillOptions, since: datetime, *, named: tuple[str, ...]
) -> Done:
    stop = stop_at_signals()
    root = settings.payload_storage_path
    patience = Patience()
    async with (
        open_client(cloud_options(settings)) as client,
        open_intake(settings) as intake,
    ):
        with _progress(since) as show:
            report = await fetch_missing(
                Conversations(client, patience),
                root,
                intake,
                options=options,
                on_progress=show,
                stop=stop,
            )
        is_whole = not report.broken_off and not report.is_stopped
        silent = report.silent_agents if named and is_whole else []
        return Done(
            report=report,
            silent=[await _looked_up(client, patience, agent_id) for agent_id in silent],
            since=since,
            stored_by="backfill" if isinstance(intake, SpoolIntake) else "server",
            has_processor=await asyncio.to_thread(is_held, processor_lock(root)),
        )


async def _looked_up(client: "AsyncElevenLabs", patience: Patience, agent_id: str) -> SilentAgent:
    try:
        return SilentAgent(
            agent_id=agent_id, is_known=await is_known_agent(client, patience, agent_id)
        )
    except CloudError as error:  # such as a key that may not read agents
        return SilentAgent(agent_id=agent_id, doubt=str(error))


@asynccontextmanager
async def open_intake(settings: Settings) -> AsyncIterator[Intake]:
    """Open the spool, or a way to the server that owns it; raises CloudError, SpoolError."""
    intake: Intake
    async with AsyncExitStack() as stack:
        try:
            spool, committer = await stack.enter_async_context(open_spool(settings))
        except SpoolLocked as error:
            intake = await stack.enter_async_context(open_server(settings, error))
        except SpoolFull as error:
            raise SpoolFull(f"{no_room(error)} and run it again") from error
        else:
            intake = SpoolIntake(spool, committer, region=settings.phone_region or None)
        yield intake


@asynccontextmanager
async def open_server(settings: Settings, locked: SpoolLocked) -> AsyncIterator[ServerIntake]:
    """Open a way to the server that owns the spool; raises CloudError, SettingsError."""
    url = settings.base_url
    if not settings.post_call_secrets:
        raise SettingsError(
            ["ELEVENLABS_POST_CALL_KEY: is not set, and the running server takes only signed calls"]
        )
    async with open_server_intake(url, secret=current_secret(settings)) as intake:
        try:
            await intake.check()
        except NotTaken as error:
            holder = str(locked).rpartition(";")[0]
            raise CloudError(
                f"{holder}, but no server answers at {url}: if that is another backfill, wait for "
                "its end; else check HOST and PORT"
            ) from error
        problems.print(f"The server at {url} owns the spool: it stores the calls.", markup=False)
        yield intake


@contextmanager
def _progress(since: datetime) -> Iterator[Callable[[BackfillReport], None]]:
    """Give what shows how far it is: a bar, or a line now and then where there is no terminal."""
    problems.print(f"Looking for calls since {shown(since)}.", markup=False)
    if not problems.is_terminal:
        yield _lines()
        return
    columns = (
        TextColumn("calls"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[stored]} stored"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=problems, transient=True) as progress:
        task = progress.add_task("", total=None, stored=0)

        def show(report: BackfillReport) -> None:
            total = report.listed if report.is_listed_to_the_end else None
            progress.update(task, completed=report.done, total=total, stored=report.stored)

        yield show


def _lines() -> Callable[[BackfillReport], None]:
    told_at = time.monotonic()

    def show(report: BackfillReport) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELL_SECONDS:
            told_at = time.monotonic()
            problems.print(f"{report.done} calls looked at, {report.stored} stored so far.")

    return show
