"""
What the platform has and the spool has not: found, fetched and handed over.

Memory stays bounded whatever the number of calls: the listing waits for those who fetch. What
is stored is known by its file, so that a run that broke off is simply run again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud.errors import CloudError, Refused
from cloud.fetching.conversations import RUNNING, Conversations, EmptyRecording, Row
from cloud.fetching.intake import Intake, NotTaken
from cloud.fetching.one_call import OneCall
from cloud.fetching.report import BackfillReport
from cloud.retrying import may_help
from voice.errors import NotUnderstood

_KEY_REFUSED = frozenset([401, 403])
_NOT_THERE = 404
_MAX_RECENT_IDS = 10_000
# So many failures of the platform, one after the other: it is down, and asking on helps nobody,
# unless it lists calls still. Then it is these calls alone, and others may lie behind them.
_GIVE_UP_AFTER = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillOptions:
    """
    Which calls are wanted: those that began from `since` on, before `until` (unix seconds).

    No agent means all. Calls that ended after `settled_before` are left alone: their webhooks
    are on the way. `concurrency` is how many calls are fetched at the same time.
    """

    since: float
    until: float | None = None
    settled_before: float | None = None
    agents: Sequence[str] = ()
    audio: bool = False
    concurrency: int = 4


async def backfill(
    conversations: Conversations,
    root: Path,
    intake: Intake,
    *,
    options: BackfillOptions,
    on_progress: Callable[[BackfillReport], None] = lambda _: None,
    stop: asyncio.Event | None = None,
) -> BackfillReport:
    """
    Store every wanted call that is not in the spool at `root` yet, and return what became of all.

    One call that fails does not stop the others. A key that is refused, an intake that takes
    nothing, and a listing that breaks off do: the report says so. Then, and once `stop` is set,
    what is in flight is finished and nothing else begun.
    """
    run = _Run(
        conversations, root, intake, options, on_progress=on_progress, stop=stop or asyncio.Event()
    )
    async with asyncio.TaskGroup() as tasks:
        for work in run.parts():
            tasks.create_task(work)
    run.report.is_stopped = run.stop.is_set()
    return run.report


class _Run:
    def __init__(
        self,
        conversations: Conversations,
        root: Path,
        intake: Intake,
        options: BackfillOptions,
        *,
        on_progress: Callable[[BackfillReport], None],
        stop: asyncio.Event,
    ) -> None:
        self.report = BackfillReport()
        self.stop = stop
        self._conversations = conversations
        self._one_call = OneCall(conversations, root, intake, self.report)
        self._options = options
        self._on_progress = on_progress
        self._waiting: asyncio.Queue[Row | None] = asyncio.Queue(options.concurrency)
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._is_broken_off = asyncio.Event()
        self._failed_in_a_row = 0
        self._asking = asyncio.Lock()

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """Return what has to run at the same time."""
        return [self._feed(), *(self._work() for _ in range(self._options.concurrency))]

    async def _feed(self) -> None:
        """List, until the end or until that is over; then tell the workers that this was all."""
        listing = asyncio.ensure_future(self._list())
        ends = [asyncio.ensure_future(end.wait()) for end in (self.stop, self._is_broken_off)]
        try:
            await asyncio.wait([listing, *ends], return_when=asyncio.FIRST_COMPLETED)
            if listing.done():
                listing.result()
        except CloudError as error:
            self._break_off(error)
        finally:
            for task in (listing, *ends):
                task.cancel()
            await asyncio.gather(listing, *ends, return_exceptions=True)
        for _ in range(self._options.concurrency):
            await self._waiting.put(None)

    async def _list(self) -> None:
        for agent_id in self._options.agents or (None,):
            is_silent = True
            rows = self._conversations.listed(
                since=self._options.since, until=self._options.until, agent_id=agent_id
            )
            async for row in rows:
                is_silent = False
                if not self._is_repeated(row.conversation_id):
                    await self._sort(row)
            if agent_id is not None and is_silent:
                self.report.silent_agents.append(agent_id)
        self.report.is_listed_to_the_end = True
        self._on_progress(self.report)

    async def _sort(self, row: Row) -> None:
        """Count a call, and hand it to the workers if it is to be fetched."""
        settled_before = self._options.settled_before
        self.report.listed += 1
        if row.status in RUNNING:
            self.report.still_running += 1
        elif settled_before is not None and row.ended_at > settled_before:
            self.report.recent += 1
        else:
            await self._waiting.put(row)
            return
        self.report.done += 1

    def _is_repeated(self, conversation_id: str) -> bool:
        """Tell whether this call was listed a moment ago: a listing shifts while it is read."""
        is_repeated = conversation_id in self._recent
        self._recent[conversation_id] = None
        self._recent.move_to_end(conversation_id)
        if len(self._recent) > _MAX_RECENT_IDS:
            self._recent.popitem(last=False)
        return is_repeated

    async def _work(self) -> None:
        while (row := await self._waiting.get()) is not None:
            if self.stop.is_set() or self._is_broken_off.is_set():
                continue  # to the end of the queue, so that the listing is not kept waiting
            if await self._bring(row):
                self.report.done += 1
            self._on_progress(self.report)

    async def _bring(self, row: Row) -> bool:
        """Store what is missing of one call; return whether it was counted."""
        is_counted = False
        try:
            has_audio = await self._one_call.bring_event(row)
            is_counted = True
            if self._options.audio:
                await self._one_call.bring_recording(row, has_audio=has_audio)
        except (CloudError, NotUnderstood) as error:
            return await self._note(row, error) or is_counted
        self._failed_in_a_row = 0
        return True

    async def _note(self, row: Row, error: CloudError | NotUnderstood) -> bool:
        """Count a failure; not one that concerns all others too: that breaks the run off."""
        status = error.status if isinstance(error, Refused) else None
        if isinstance(error, NotTaken) or status in _KEY_REFUSED:
            self._break_off(error)
            return False
        if isinstance(error, EmptyRecording) or status == _NOT_THERE:
            self.report.gone += 1
            return True
        self.report.fail(row.conversation_id, error)
        self._failed_in_a_row = self._failed_in_a_row + 1 if may_help(error) else 0
        await self._give_up_if_nothing_answers()
        return True

    async def _give_up_if_nothing_answers(self) -> None:
        async with self._asking:
            if self._failed_in_a_row < _GIVE_UP_AFTER or self._is_broken_off.is_set():
                return
            try:
                await self._conversations.check()
            except CloudError as error:
                self._break_off(error)
            else:
                self._failed_in_a_row = 0

    def _break_off(self, error: Exception) -> None:
        """End the run as `stop` does: what is in flight is not lost, nor left out of the count."""
        self.report.broken_off = self.report.broken_off or str(error)
        self._is_broken_off.set()
