"""What all endpoints of the archive share: the open history, and what its failures are to say."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from history.errors import HistoryError, InvalidCursor, NotKept, NotStored, UnknownConversation
from history.index import History
from history.values import Entry
from memory.errors import MemoryStoreError
from receiver.archive import Archive
from receiver.asked import caller_key, is_opaque
from receiver.context import RECEIVER, Receiver
from receiver.decided import View
from receiver.errors import Handler, Refusal
from receiver.request_log import CONVERSATION
from spool.format import FileDamaged, SpoolError, identify_file, is_conversation_id
from voice.errors import NotUnderstood

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """One request, and what is needed to answer it."""

    request: web.Request
    receiver: Receiver
    archive: Archive
    history: History
    view: View

    async def caller(self, named: str) -> str | None:
        """
        Return the key of the person whom an opaque id, a number or a key means.

        None for an opaque id that nobody has. Raises Refusal for what can be no caller.
        """
        if is_opaque(named):
            return await self.history.caller_of(named)
        return self.view.people.person(caller_key(named, region=self.receiver.options.phone_region))

    async def entry(self) -> Entry:
        """Return the conversation that the path names; raises Refusal if there is none."""
        conversation_id = self.request.match_info["conversation_id"]
        entry = None
        if is_conversation_id(conversation_id):
            self.request[CONVERSATION] = conversation_id
            entry = await self.history.entry(conversation_id)
            if entry is None and await asyncio.to_thread(self._is_stored, conversation_id):
                raise Refusal(
                    503,
                    "history_behind",
                    "The conversation is stored, and not in the history yet: ask again.",
                    retry_after_seconds=1,
                )
        if entry is None or self.view.is_erased(entry):
            raise Refusal(
                404,
                "unknown_conversation",
                "The history has no conversation with this id: GET /history lists those it has.",
            )
        return entry

    def _is_stored(self, conversation_id: str) -> bool:
        """Tell whether something of a conversation is in the spool that was not erased."""
        if self.view.forgotten.is_conversation(conversation_id):
            return False
        try:
            names = os.listdir(self.archive.root / conversation_id)  # noqa: PTH208  # names alone
        except OSError:
            return False
        return any(identify_file(f"{conversation_id}/{name}") for name in names)


def looking_back(answer: Callable[[Looking], Awaitable[web.StreamResponse]]) -> Handler:
    """Return the handler that opens the archive for `answer`, and tells when it cannot be read."""

    async def handler(request: web.Request) -> web.StreamResponse:
        receiver = request.app[RECEIVER]
        if receiver.archive is None:
            raise Refusal(503, "not_configured", "This server has no history.")
        try:
            looking = Looking(
                request=request,
                receiver=receiver,
                archive=receiver.archive,
                history=await receiver.archive.open_history(),
                view=await receiver.archive.decided.view(receiver.archive.root),
            )
            return await answer(looking)
        except InvalidCursor as error:
            raise Refusal(400, "invalid_cursor", _sentence(error)) from error
        except NotKept as error:
            raise Refusal(410, "not_kept", _sentence(error)) from error
        except (NotStored, UnknownConversation) as error:
            raise Refusal(404, "not_stored", _sentence(error)) from error
        except (FileDamaged, NotUnderstood) as error:
            raise Refusal(503, "not_readable", _sentence(error)) from error
        except (HistoryError, MemoryStoreError, SpoolError) as error:
            raise _not_readable(error) from error

    return handler


def _not_readable(error: Exception) -> Refusal:
    # What is rebuilt or busy comes back by itself; what the disk has lost does not.
    level = logging.ERROR if isinstance(error, SpoolError) else logging.WARNING
    logger.log(level, "the archive cannot be read: %s", error, extra={"action": "archive_failed"})
    code = "storage_failed"
    if isinstance(error, HistoryError):
        code = "history_unavailable"
    elif isinstance(error, MemoryStoreError):
        code = "memory_unavailable"
    return Refusal(503, code, _sentence(error), retry_after_seconds=RETRY_AFTER_SECONDS)


def _sentence(error: Exception) -> str:
    said = str(error)
    return f"{said[:1].upper()}{said[1:]}."
