"""From settings to the index of the history, brought up to the spool."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.assembly.store import processor_options, require_spool
from cli.output import problems
from history.index import History
from history.values import Entry, Stored
from processor.derive import derive
from settings import Settings
from spool.standing_orders import Orders
from voice.events import CallEnded

_WORTH_A_BAR = 200  # conversations


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHistory:
    """An index that is up to date, and the spool that it is of."""

    history: History
    root: Path

    async def found(self, conversation_id: str) -> tuple[Entry, list[Stored]] | None:
        """Return the entry of a conversation and its receipts; None if there is none."""
        entry = await self.history.entry(conversation_id)
        return None if entry is None else (entry, await self.history.files(conversation_id))


@asynccontextmanager
async def open_history(settings: Settings) -> AsyncIterator[History]:
    """Open the index that the settings name, as it is, and close it at the end."""
    history = await History.open(settings.history_path, speaker_of=speaker_of)
    try:
        yield history
    finally:
        await history.close()


@asynccontextmanager
async def open_current_history(settings: Settings) -> AsyncIterator[OpenedHistory]:
    """Open the index and read what it lacks first, with a progress bar where that takes long."""
    require_spool(settings.payload_storage_path)
    async with open_history(settings) as history:
        await bring_up_to_date(settings, history)
        yield OpenedHistory(history=history, root=settings.payload_storage_path)


async def bring_up_to_date(settings: Settings, history: History, *, rebuilds: bool = False) -> int:
    """Read what the index lacks, or all of the spool; return how many conversations were read."""
    root = settings.payload_storage_path
    rules = processor_options(settings).rules
    with _progress() as show:
        work = history.rebuild if rebuilds else history.catch_up
        return await work(root, Orders(root), rules, on_progress=show)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Give what shows how far the work has come: a bar, if there is much of it."""
    columns = (TextColumn("indexing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=problems, transient=True)
    task = progress.add_task("", total=None)

    def show(done: int, total: int) -> None:
        if total >= _WORTH_A_BAR:
            progress.start()
            progress.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        if progress.live.is_started:
            progress.stop()


def speaker_of(event: CallEnded) -> str:
    """Return the name that the caller gave in a call, as memory has it."""
    return derive(event, sha256="").speaker
