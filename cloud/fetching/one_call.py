"""What is missing of one call: asked for, handed over and counted."""

import asyncio
import logging
from pathlib import Path

import msgspec

from cloud.fetching.conversations import RUNNING, Conversations, Row
from cloud.fetching.intake import Intake
from cloud.fetching.report import BackfillReport
from spool.dropped import dropped_of
from spool.forgotten import Forgotten
from spool.format import Kind, file_path, is_conversation_id
from voice.errors import NotUnderstood
from voice.retrieved import event_of

logger = logging.getLogger(__name__)


class OneCall:
    """
    Brings what is missing of a call into the spool at `root`, first its event.

    Counts in `report` what became of it. Both parts raise CloudError and NotUnderstood.
    """

    def __init__(
        self, conversations: Conversations, root: Path, intake: Intake, report: BackfillReport
    ) -> None:
        self._conversations = conversations
        self._root = root
        self._dropped = dropped_of(root)
        self._forgotten = Forgotten(root)
        self._intake = intake
        self._report = report

    async def bring_event(self, row: Row) -> bool | None:
        """Store the event, and return whether there is a recording; None: nobody said."""
        conversation_id = row.conversation_id
        if not is_conversation_id(conversation_id):
            raise NotUnderstood(f"{conversation_id!r:.60} cannot name a folder")
        if await asyncio.to_thread(self._is_forgotten, conversation_id):
            self._report.there += 1  # it was, and is not to be again
            return False
        if self._has("transcription", conversation_id):
            self._report.there += 1
            return None
        if self._has("failure", conversation_id):
            self._report.there += 1
            return False
        if row.is_silent:  # else it would be fetched by every run again, as it leaves no file
            self._report.nothing_said += 1
            return False
        return await self._fetch_event(conversation_id)

    async def bring_recording(self, row: Row, *, has_audio: bool | None) -> None:
        """Store the recording, if there is one; `has_audio` is what `bring_event` returned."""
        conversation_id = row.conversation_id
        if has_audio is False or self._has("audio", conversation_id):
            return
        if has_audio is None and not await self._was_recorded(conversation_id):
            return
        status = await self._conversations.recording(
            conversation_id, lambda: self._intake.recording(conversation_id, row.agent_id)
        )
        if status == "stored":
            self._report.recordings += 1

    async def _fetch_event(self, conversation_id: str) -> bool:
        conversation = await self._conversations.conversation(conversation_id)
        event = await asyncio.to_thread(event_of, conversation)
        if event is None:
            if conversation.get("status") in RUNNING:
                self._report.still_running += 1
            else:
                self._report.nothing_said += 1
            return False
        status = await self._intake.store(event)
        if status == "stored":
            self._report.stored += 1
            logger.debug(
                "a missed call was stored",
                extra={"action": "call_backfilled", "conversation_id": conversation_id},
            )
        else:
            self._report.there += 1  # its webhook came meanwhile
        if status == "forgotten":
            return False
        return event.kind == "transcription" and conversation.get("has_audio") is True

    async def _was_recorded(self, conversation_id: str) -> bool:
        """Tell whether a call that is stored already has a recording on the platform."""
        path = self._root / file_path("transcription", conversation_id)
        said = await asyncio.to_thread(_said_of_recording, path)
        if said is not None:
            return said
        conversation = await self._conversations.conversation(conversation_id)
        return conversation.get("has_audio") is True

    def _has(self, kind: Kind, conversation_id: str) -> bool:
        """Tell whether it is in the spool, or was and has been dropped on purpose."""
        file = file_path(kind, conversation_id)
        return (self._root / file).exists() or self._dropped.file(file) is not None

    def _is_forgotten(self, conversation_id: str) -> bool:
        self._dropped.refresh()
        self._forgotten.refresh()
        return self._forgotten.is_conversation(conversation_id)


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
