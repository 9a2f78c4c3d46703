"""What the mirror asks of an OpenMemory, whichever kind: the values, the errors, one protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from memory.errors import MemoryStoreError


class BackendError(MemoryStoreError):
    """OpenMemory could not do what was asked; the embedded store is not touched by it."""


class BackendUnreachable(BackendError):
    """
    OpenMemory cannot be reached, is overloaded, or answers what nobody can read: try again later.

    `retry_after_seconds` is what it asked for, 0 if nothing.
    """

    def __init__(self, message: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class BackendRefused(BackendError):
    """OpenMemory cannot be used like this (key, version, tenancy): somebody has to change it."""


class RowRefused(BackendError):
    """OpenMemory does not take this one row; it takes others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One memory as OpenMemory holds it.

    `content` may be shorter than what was added, and `metadata` have members of its own.
    """

    id: str
    user: str
    content: str
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One match of a query, best first; scores compare within one answer only."""

    id: str
    score: float


class Backend(Protocol):
    """
    An OpenMemory with many users.

    A user is never empty: that would be everybody. Everything may raise `BackendUnreachable`
    or `BackendRefused`, within a time limit of its own. After `BackendUnreachable` from a
    change nobody knows whether it was made.
    """

    name: str  # for messages, such as "the OpenMemory server at http://127.0.0.1:8080"
    identity: str  # of the database behind it, as far as we can know; holds no secret
    query_cache_seconds: float  # for how long queries may still return what was deleted

    async def examine(self, *, mark: str = "") -> "Examined":
        """
        Find out by behaviour what answers, with two throw-away users, removed again.

        `mark` names them; "" is a random one. Whoever asks again and again gives the same one
        each time, and nobody else's: then a probe that was killed leaves its rows only until
        the next one.

        Raises `BackendRefused`, with what to do, for one that cannot keep users apart.
        """
        ...

    async def add(
        self, user: str, content: str, *, tags: Sequence[str], metadata: Mapping[str, Any]
    ) -> str:
        """
        Add a memory and return the id in the answer.

        That is no proof: it may be the id of another row, of another user too. Read it back
        with `get`. Raises `RowRefused` if it is this row that is not taken.
        """
        ...

    async def get(self, user: str, row_id: str) -> Row | None:
        """Return a row; None if there is none, or it is another user's."""
        ...

    async def rows(self, user: str) -> list[Row]:
        """Return every row of `user`, ours and others'."""
        ...

    async def users(self) -> set[str]:
        """Return every user of whom there are rows."""
        ...

    async def delete(self, user: str, row_id: str) -> None:
        """Delete a row, if it is there and is this user's."""
        ...

    async def delete_user(self, user: str) -> None:
        """Delete every row of `user`, whoever wrote it."""
        ...

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in files on this machine that we are in charge of."""
        ...

    async def query(self, user: str, text: str, *, limit: int) -> list[Match]:
        """Return what matches best among the rows of `user`; it may hold other users' too."""
        ...

    async def close(self) -> None:
        """Release every resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """
    What a backend does, as it was seen.

    `product` is what answered and its version by behaviour, such as "OpenMemory server 1.3".
    `keeps_users_apart` is whether a query of one user returned rows of the other. `shortens`:
    a text of 600 characters came back shorter. `is_open`: it also answers without the key.
    `advice` are sentences for the owner: what to set, and why.
    """

    product: str
    keeps_users_apart: bool
    shortens: bool
    is_open: bool = False
    advice: tuple[str, ...] = ()
