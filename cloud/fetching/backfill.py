"""
What the platform has and the spool has not: found, fetched and handed over.

Memory stays bounded whatever the number of calls: the listing waits for those who fetch. What
is stored is known by its file, so that a run that broke off is simply run again.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from cloud.errors import CloudError, Refused
from cloud.fetching.conversations import RUNNING, Conversations, Row
from cloud.fetching.intake import Intake, NotTaken
from cloud.retrying import may_help
from spool.format import Kind, file_path, is_conversation_id
from voice.errors import NotUnderstood
from voice.retrieved import event_of

logger = logging.getLogger(__name__)

_KEY_REFUSED = frozenset([401, 403])
_NOT_THERE = 404
_MAX_NAMED = 100
_MAX_RECENT_IDS = 10_000
# So many failures of the platform, one after the other: it is down, and asking on helps nobody.
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


@dataclass(slots=True, kw_only=True)
class BackfillReport:
    """
    What became of the calls; while it runs, what has become of them so far.

    `done` of those `listed` are dealt with. `there` had their event already; `still_running`,
    `recent` and `nothing_said` have none to store; `gone` counts calls and recordings that are
    listed, but no longer kept. `failures` names the first hundred of those that `failed` counts.
    `broken_off` says why the run ended before its end, "" if it did not; `is_stopped`: because
    it was told to.
    """

    listed: int = 0
    done: int = 0
    there: int = 0
    stored: int = 0
    recordings: int = 0
    still_running: int = 0
    recent: int = 0
    nothing_said: int = 0
    gone: int = 0
    failed: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    is_listed_to_the_end: bool = False
    is_stopped: bool = False
    broken_off: str = ""


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
    nothing, and a listing that breaks off do: the report says so. Once `stop` is set, what is
    in flight is finished and nothing else begun.
    """
    run = _Run(
        conversations, root, intake, options, on_progress=on_progress, stop=stop or asyncio.Event()
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            for work in run.parts():
                tasks.create_task(work)
    except* CloudError as group:
        run.report.broken_off = str(_first(group))
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
        self._root = root
        self._intake = intake
        self._options = options
        self._on_progress = on_progress
        self._waiting: asyncio.Queue[Row | None] = asyncio.Queue(options.concurrency)
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._failed_in_a_row = 0

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """Return what has to run at the same time."""
        return [self._feed(), *(self._work() for _ in range(self._options.concurrency))]

    async def _feed(self) -> None:
        """List, until the end or until told to stop; then tell the workers that this was all."""
        listing = asyncio.ensure_future(self._list())
        stopping = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait([listing, stopping], return_when=asyncio.FIRST_COMPLETED)
            if listing.done():
                listing.result()
        finally:
            for task in (listing, stopping):
                task.cancel()
            await asyncio.gather(listing, stopping, return_exceptions=True)
        for _ in range(self._options.concurrency):
            await self._waiting.put(None)

    async def _list(self) -> None:
        options = self._options
        rows = self._conversations.listed(
            since=options.since, until=options.until, agents=options.agents
        )
        async for row in rows:
            if self._is_repeated(row.conversation_id):
                continue
            self.report.listed += 1
            if row.status in RUNNING:
                self.report.still_running += 1
            elif options.settled_before is not None and row.ended_at > options.settled_before:
                self.report.recent += 1
            else:
                await self._waiting.put(row)
                continue
            self.report.done += 1
        self.report.is_listed_to_the_end = True
        self._on_progress(self.report)

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
            if self.stop.is_set():
                continue  # to the end of the queue, so that the listing is not kept waiting
            try:
                await self._bring(row)
            except (CloudError, NotUnderstood) as error:
                self._note(row, error)
            else:
                self._failed_in_a_row = 0
            self.report.done += 1
            self._on_progress(self.report)

    def _note(self, row: Row, error: CloudError | NotUnderstood) -> None:
        """Count a failure; raises it again if it concerns all others too."""
        if isinstance(error, NotTaken):
            raise error
        if isinstance(error, Refused):
            if error.status in _KEY_REFUSED:
                raise error
            if error.status == _NOT_THERE:
                self.report.gone += 1
                return
        self.report.failed += 1
        if len(self.report.failures) < _MAX_NAMED:
            self.report.failures.append((row.conversation_id, str(error)))
        self._failed_in_a_row = self._failed_in_a_row + 1 if may_help(error) else 0
        if self._failed_in_a_row >= _GIVE_UP_AFTER:
            raise error

    async def _bring(self, row: Row) -> None:
        """Store what is missing of one call; raises CloudError, NotUnderstood."""
        conversation_id = row.conversation_id
        if not is_conversation_id(conversation_id):
            raise NotUnderstood(f"{conversation_id!r:.60} cannot name a folder")
        has_audio: bool | None = None
        if not self._has("transcription", conversation_id):
            if self._has("failure", conversation_id):
                self.report.there += 1
                return
            has_audio = await self._bring_event(conversation_id)
        else:
            self.report.there += 1
        if not self._options.audio or self._has("audio", conversation_id):
            return
        if has_audio is None:
            has_audio = await self._was_recorded(conversation_id)
        if has_audio:
            await self._bring_recording(row)

    async def _bring_event(self, conversation_id: str) -> bool:
        """Fetch and store the event of a call; return whether there is a recording for it."""
        conversation = await self._conversations.conversation(conversation_id)
        event = await asyncio.to_thread(event_of, conversation)
        if event is None:
            if conversation.get("status") in RUNNING:
                self.report.still_running += 1
            else:
                self.report.nothing_said += 1
            return False
        if await self._intake.store(event) == "stored":
            self.report.stored += 1
            logger.debug(
                "a missed call was stored",
                extra={"action": "call_backfilled", "conversation_id": conversation_id},
            )
        else:
            self.report.there += 1  # its webhook came meanwhile
        return event.kind == "transcription" and conversation.get("has_audio") is True

    async def _bring_recording(self, row: Row) -> None:
        status = await self._conversations.recording(
            row.conversation_id,
            lambda: self._intake.recording(row.conversation_id, row.agent_id),
        )
        if status == "stored":
            self.report.recordings += 1

    async def _was_recorded(self, conversation_id: str) -> bool:
        """Tell whether a call that is stored already has a recording on the platform."""
        path = self._root / file_path("transcription", conversation_id)
        said = await asyncio.to_thread(_said_of_recording, path)
        if said is not None:
            return said
        conversation = await self._conversations.conversation(conversation_id)
        return conversation.get("has_audio") is True

    def _has(self, kind: Kind, conversation_id: str) -> bool:
        return (self._root / file_path(kind, conversation_id)).exists()


class _Data(msgspec.Struct):
    has_audio: bool


class _Stored(msgspec.Struct):
    data: _Data


def _said_of_recording(path: Path) -> bool | None:
    """Return what a stored event says of its recording; None if it says nothing."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Stored).data.has_audio
    except (OSError, msgspec.MsgspecError):
        return None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
