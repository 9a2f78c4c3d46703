"""What is asked of the platform about conversations: the listing, one in full, its recording."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elevenlabs.core.request_options import RequestOptions
from pydantic import BaseModel

from cloud.client import ONCE, as_json
from cloud.errors import CloudError, Refused
from cloud.fetching.intake import Sink, Status
from cloud.retrying import Patience

if TYPE_CHECKING:
    from elevenlabs.client import AsyncElevenLabs

# Calls that are not over yet: what is said of them still changes.
RUNNING = frozenset(["initiated", "in-progress", "processing"])

_PAGE_SIZE = 100  # the most there can be
_CURSOR_REFUSED = frozenset([400, 404, 410, 422])
_BLOCK_BYTES = 64 * 1024
_STREAMED: RequestOptions = {**ONCE, "chunk_size": _BLOCK_BYTES}


class BrokenListing(CloudError):
    """The listing cannot be followed to its end."""


class NoConversation(CloudError):
    """What came is not the conversation that was asked for."""


class EmptyRecording(CloudError):
    """A recording came without a single byte: there is none to be fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One line of the listing: times in unix seconds, 0 where the platform gave none.

    `is_silent`: it failed, was no call of ours, and nothing was said, so that it has no event.
    """

    conversation_id: str
    agent_id: str
    status: str
    started_at: float
    ended_at: float
    is_silent: bool


class Conversations:
    """
    The platform's conversations, asked for with patience.

    Raises Refused or Unreachable when patience is at its end.
    """

    def __init__(self, client: "AsyncElevenLabs", patience: Patience) -> None:
        self._api = client.conversational_ai.conversations
        self._patience = patience

    async def check(self) -> None:
        """Raise Refused, Unreachable or BrokenListing unless the platform lists calls now."""
        await self._page(None, None, 0.0, None, size=1)

    async def listed(
        self, *, since: float, until: float | None, agent_id: str | None
    ) -> AsyncIterator[Row]:
        """
        Yield every call that began in this time (unix seconds), the oldest first.

        Those of one agent, or of all. Calls that are not over are left out as far as the platform
        does so, and a call may come twice when the listing shifts. Raises BrokenListing too.
        """
        cursor: str | None = None
        reached, is_in_order = 0.0, True
        while True:
            try:
                page = await self._page(cursor, agent_id, since, until)
            except Refused as error:
                if cursor is None or error.status not in _CURSOR_REFUSED:
                    raise
                if not is_in_order or reached <= since:
                    raise BrokenListing(
                        "the listing expired too often: run it again, with a shorter --since"
                    ) from error
                cursor, since = None, reached  # a cursor expires: on from where it was
                continue
            for model in page.conversations:
                row = _row(model)
                is_in_order = is_in_order and row.started_at >= reached
                reached = row.started_at
                yield row
            if not page.has_more:
                return
            if page.next_cursor in (None, "", cursor):
                raise BrokenListing(
                    "ElevenLabs says that there are more calls, but not where: run it again"
                )
            cursor = page.next_cursor

    async def conversation(self, conversation_id: str) -> dict[str, Any]:
        """Return the conversation as the platform gives it; raises NoConversation too."""
        with _understood(NoConversation, conversation_id):
            model = await self._patience.read(
                lambda: self._api.get(conversation_id, request_options=ONCE)
            )
            value = as_json(model) if isinstance(model, BaseModel) else {}
        if value.get("conversation_id") != conversation_id:
            raise NoConversation(
                f"ElevenLabs answered with something else than {conversation_id}: look for a "
                "newer version"
            )
        return value

    async def recording(
        self, conversation_id: str, open_sink: Callable[[], AbstractAsyncContextManager[Sink]]
    ) -> Status:
        """
        Store the recording and return what became of it.

        It is stored only once all of it is there; one that breaks off is asked for again from
        its beginning, with a new sink; an empty one once more, without a pause. Raises
        EmptyRecording and what the sink raises too.
        """

        async def once() -> Status:
            request = self._api.audio.with_raw_response.get(
                conversation_id, request_options=_STREAMED
            )
            async with open_sink() as sink, request as response:
                async for block in response.data:  # raises at its end if anything is missing
                    await sink.write(block)
                if not sink.size:
                    raise EmptyRecording(f"the recording of {conversation_id} is empty")
                return await sink.store()

        try:
            return await self._patience.read(once)
        except EmptyRecording:
            return await self._patience.read(once)

    async def _page(
        self,
        cursor: str | None,
        agent_id: str | None,
        since: float,
        until: float | None,
        *,
        size: int = _PAGE_SIZE,
    ) -> Any:
        """Return one page, with `conversations`, `has_more` and `next_cursor`."""
        # Rounded outwards: whether the platform takes its bounds in is not documented.
        bounds = {"call_start_after_unix": max(0, int(since) - 1)}
        if until is not None:
            bounds["call_start_before_unix"] = int(until) + 1
        chosen = {"agent_id": agent_id, "cursor": cursor}
        asked = {name: value for name, value in chosen.items() if value is not None}
        with _understood(BrokenListing, "a listing"):
            page = await self._patience.read(
                lambda: self._api.list(
                    **asked,
                    **bounds,
                    page_size=size,
                    sort_direction="asc",
                    exclude_statuses=sorted(RUNNING),
                    request_options=ONCE,
                )
            )
        if page is None or not isinstance(page.conversations, list):
            raise BrokenListing("ElevenLabs answered with no listing: run it again")
        return page


@contextmanager
def _understood(refusal: type[CloudError], what: str) -> Iterator[None]:
    """Raise `refusal` for what the SDK raises where an answer has another shape than it knows."""
    try:
        yield
    except (TypeError, ValueError, AttributeError, LookupError, RecursionError) as error:
        raise refusal(
            f"ElevenLabs sent {what} in a form that is not understood ({type(error).__name__}): "
            "look for a newer version"
        ) from None  # the error's own text may hold what a caller said


def _row(model: Any) -> Row:
    """Return a line of the listing; the SDK's models promise types and do not check them."""
    conversation_id = getattr(model, "conversation_id", None)
    if not isinstance(conversation_id, str):
        raise BrokenListing("ElevenLabs lists a call without an id: run it again")
    started_at = _seconds(getattr(model, "start_time_unix_secs", None))
    said = tuple(getattr(model, name, None) for name in ("status", "direction", "message_count"))
    return Row(
        conversation_id=conversation_id,
        agent_id=str(getattr(model, "agent_id", None) or ""),
        status=str(getattr(model, "status", None) or ""),
        started_at=started_at,
        ended_at=started_at + _seconds(getattr(model, "call_duration_secs", None)),
        is_silent=said == ("failed", "inbound", 0),
    )


def _seconds(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else 0.0  # type: ignore[arg-type]  # checked
