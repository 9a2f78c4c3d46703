"""
The port to whoever starts calls: the receiver itself knows nothing of the platform's API.

Nothing here holds up the event loop: a desk waits for disks and networks elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCall:
    """A call as it was asked for over HTTP: of the right types, and not looked at further."""

    to: str
    agent_id: str
    from_: str | None
    first_message: str | None
    variables: Mapping[str, str | int | float | bool]
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedCall:
    """A call that was started; `to` is its number in E.164, `call_id` the provider's id."""

    to: str
    conversation_id: str
    provider: str
    call_id: str
    key: str
    warnings: tuple[str, ...]
    is_repeated: bool


class CallRefused(Exception):
    """No call was started, or it is not known: `status`, `code` and the message say what."""

    def __init__(
        self, message: str, *, status: int, code: str, retry_after_seconds: float | None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class CallDesk(Protocol):
    """What starts calls, and knows of those it started."""

    async def start(self, wanted: WantedCall) -> StartedCall:
        """Start a call, once for each key; raises CallRefused."""
        ...

    async def list(self, limit: int) -> list[dict[str, Any]]:
        """Return the latest calls, newest first, as JSON without full numbers; or CallRefused."""
        ...

    async def callee(self, conversation_id: str) -> str | None:
        """Return whom this conversation calls, None if it was not started here."""
        ...
