"""`backfill`: fetch the calls that never arrived here, with a progress bar and a result."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.options import cloud_options
from cli.output import console, print_json, print_problems, problems
from cli.reconciling import current_secret
from cli.services import stop_at_signals
from cli.wiring import open_spool
from cloud.client import open_client
from cloud.errors import CloudError
from cloud.fetching.backfill import BackfillOptions, BackfillReport
from cloud.fetching.backfill import backfill as fetch_missing
from cloud.fetching.conversations import Conversations
from cloud.fetching.intake import Intake, NotTaken, SpoolIntake
from cloud.fetching.server_intake import open_server_intake
from cloud.fetching.whose import sending_agents
from cloud.retrying import Patience
from processor.lock import is_held, processor_lock
from setting_values import seconds_of
from settings import Settings, SettingsError
from spool.format import SpoolLocked

_TELL_SECONDS = 10.0  # between two lines where there is no terminal
_STOPPED = 130  # as shells say it of Ctrl-C


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    report: BackfillReport
    since: datetime
    stored_by: Literal["backfill", "server"]
    has_processor: bool


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
    connected = sending_agents(settings.payload_storage_path)
    options = BackfillOptions(
        since=moment.timestamp(), agents=agents or connected, audio=audio, concurrency=concurrency
    )
    try:
        done = asyncio.run(_backfill(settings, options, moment))
    except asyncio.CancelledError:
        problems.print("Stopped at once, as told. Run it again to go on.")
        return _STOPPED
    if as_json:
        print_json(_as_json(done))
    else:
        _print(done, audio=audio)
    _print_problems(done.report)
    if done.report.is_stopped:
        return _STOPPED
    return 1 if done.report.failed or done.report.broken_off else 0


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


async def _backfill(settings: Settings, options: BackfillOptions, since: datetime) -> _Done:
    stop = stop_at_signals()
    root = settings.payload_storage_path
    async with (
        open_client(cloud_options(settings)) as client,
        _open_intake(settings) as intake,
    ):
        with _progress(since) as show:
            report = await fetch_missing(
                Conversations(client, Patience()),
                root,
                intake,
                options=options,
                on_progress=show,
                stop=stop,
            )
        return _Done(
            report=report,
            since=since,
            stored_by="backfill" if isinstance(intake, SpoolIntake) else "server",
            has_processor=await asyncio.to_thread(is_held, processor_lock(root)),
        )


@asynccontextmanager
async def _open_intake(settings: Settings) -> AsyncIterator[Intake]:
    """Open the spool, or a way to the server that owns it; raises CloudError, SpoolError."""
    async with AsyncExitStack() as stack:
        try:
            spool, committer = await stack.enter_async_context(open_spool(settings))
        except SpoolLocked as error:
            intake = await stack.enter_async_context(_open_server(settings, error))
        else:
            intake = SpoolIntake(spool, committer)
        yield intake


@asynccontextmanager
async def _open_server(settings: Settings, locked: SpoolLocked) -> AsyncIterator[Intake]:
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
    problems.print(f"Looking for calls since {_shown(since)}.", markup=False)
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

    def tell(report: BackfillReport) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELL_SECONDS:
            told_at = time.monotonic()
            problems.print(f"{report.done} calls looked at, {report.stored} stored so far.")

    return tell


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _as_json(done: _Done) -> dict[str, object]:
    return {
        **asdict(done.report),
        "since": done.since.isoformat(),
        "stored_by": done.stored_by,
        "processor_is_running": done.has_processor,
    }


def _print(done: _Done, *, audio: bool) -> None:
    report = done.report
    recordings = f", with {report.recordings} recordings" if audio else ""
    console.print(
        f"{report.done} calls looked at since {_shown(done.since)}: {report.stored} were missing "
        f"and are stored now{recordings}; {report.there} were there.",
        markup=False,
    )
    for count, what in (
        (report.still_running, "not over yet: run it again later"),
        (report.nothing_said, "with nothing to store: it broke off before anybody spoke"),
        (report.gone, "listed, but no longer kept by ElevenLabs"),
    ):
        if count:
            console.print(f"  {count} {what}", markup=False)
    if report.stored and not done.has_processor:
        console.print("No processor is running: memory follows when one is started.")


def _print_problems(report: BackfillReport) -> None:
    if report.failures:
        lines = [f"{conversation_id}: {error}" for conversation_id, error in report.failures]
        more = report.failed - len(lines)
        if more:
            lines.append(f"and {more} more")
        print_problems(f"{report.failed} calls could not be fetched:", lines)
    if report.broken_off:
        problems.print(report.broken_off, style="bold red", markup=False)
    if report.is_stopped:
        problems.print("Stopped, as told.")
    if report.failed or report.broken_off or report.is_stopped:
        problems.print("Run it again to go on: what is stored is not fetched again.")
