"""OpenMemory on a server 1.3.x: the one small client of its HTTP API."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

from memory.openmemory.backend import BackendUnreachable, Examined, Match, Row, RowRefused
from memory.openmemory.server.address import server_url
from memory.openmemory.server.answers import (
    FORBIDDEN,
    NOT_FOUND,
    OK,
    Added,
    Answer,
    Done,
    Item,
    Listing,
    Matches,
    Shape,
    failure,
    is_of_this_row,
    not_understood,
    read_as,
    score_of,
)
from memory.openmemory.server.examine import examine_server
from memory.openmemory.server.http import ServerHttp, is_part, json_body, made_of
from memory.openmemory.server.listing import list_all

_TIMEOUT_S = 10.0
_SLOWER = 3  # a server deletes 10 000 rows within one request: that takes it seconds
_QUERY_BYTES = 1024 * 1024  # somebody is waiting on the telephone while it is read
_LISTING_BYTES = 16 * 1024 * 1024
_MAX_ROUNDS = 100
_MAX_QUERY_CHARS = 4000  # the server answers nobody while it encodes a long text

_Kept = TypeVar("_Kept")


class ServerBackend:
    """
    A server, with a key for all users; every request says whose rows it is about.

    Whatever the server answers, each method returns rows of that user alone (matches bear no
    user: see `Backend.query`), or raises an error of `Backend`. ValueError for an empty user.
    """

    query_cache_seconds = 60.0

    def __init__(self, http: ServerHttp) -> None:
        self.name = http.name
        self.identity = http.identity
        self.strangers = 0  # rows that a user's listing held and that were others'
        self._http = http

    @classmethod
    async def open(cls, address: str, key: str, *, timeout_seconds: float = _TIMEOUT_S) -> Self:
        """
        Return the backend for an address as `server_url` takes it; nothing is sent yet.

        `timeout_seconds` is for each request, from the waiting for a free connection to the
        last byte. Raises ValueError for an address or a key that cannot be used.
        """
        if not (key.isascii() and key.isprintable()):
            raise ValueError("OPENMEMORY_KEY has a character that no header can hold")
        return cls(ServerHttp(server_url(address), key, timeout_seconds=timeout_seconds))

    async def examine(self, *, mark: str = "") -> Examined:
        """Find out what answers; see `Backend.examine`."""
        return await examine_server(self, self._http, mark=mark)

    async def add(
        self, user: str, content: str, *, tags: Sequence[str], metadata: Mapping[str, Any]
    ) -> str:
        """Add a memory and return the id in the answer; see `Backend.add`."""
        _check(user)
        sent = {"content": content, "tags": [*tags], "metadata": {**metadata}, "user_id": user}
        try:
            body = json_body(sent)
        except ValueError:  # its text may quote the memory
            raise RowRefused(f"a memory cannot be written as JSON for {self.name}") from None
        answer = await self._http.ask("POST", "memory", "add", body=body)
        if is_of_this_row(answer):
            raise RowRefused(f"{self.name} answered {answer.status} to a memory: see its log")
        added = await self._read(Added, answer)
        if not added.id:
            raise not_understood(self.name)
        return added.id

    async def get(self, user: str, row_id: str) -> Row | None:
        """Return a row; None if there is none, or it is another user's."""
        _check(user)
        if not is_part(row_id):
            return None
        answer = await self._http.ask("GET", "memory", row_id, query={"user_id": user})
        if _is_not_there(answer):
            return None
        item = await self._read(Item, answer)
        if item.id != row_id:
            raise not_understood(self.name)
        return item.row(user) if item.user_id == user else None

    async def rows(self, user: str) -> list[Row]:
        """Return every row of `user`, newest first."""
        _check(user)
        rows = await self._listed(
            {"user_id": user}, lambda item: item.row(user) if item.user_id == user else None
        )
        own = [row for row in rows if row is not None]
        self.strangers += len(rows) - len(own)
        return own

    async def users(self) -> set[str]:
        """Return every user of whom there are rows."""
        users = await self._listed({}, lambda item: item.user_id)
        return {user for user in users if user}

    async def delete(self, user: str, row_id: str) -> None:
        """Delete a row, if it is there and is this user's."""
        _check(user)
        if not is_part(row_id):
            return
        answer = await self._http.ask("DELETE", "memory", row_id, query={"user_id": user})
        if not _is_not_there(answer):
            await self._read(Done, answer)

    async def delete_user(self, user: str) -> None:
        """Delete every row of `user`; BackendUnreachable if some stay however often it is asked."""
        _check(user)
        before: set[str] = set()
        for _ in range(_MAX_ROUNDS):
            if is_part(user):
                await self._delete_many(user)
            left = {row.id for row in await self.rows(user)}
            if not left:
                return
            if left == before or not is_part(user):
                for row_id in left:
                    await self.delete(user, row_id)
                if left == {row.id for row in await self.rows(user)}:
                    break
            before = left
        raise BackendUnreachable(f"{self.name} still has rows of a user that it deleted")

    async def scrub(self) -> None:
        """Do nothing: its files are the server's."""

    async def query(self, user: str, text: str, *, limit: int) -> list[Match]:
        """Return what matches best; see `Backend.query`."""
        _check(user)
        if limit < 1:
            return []
        asked = text[:_MAX_QUERY_CHARS].encode("utf-8", "replace").decode()
        # In both places: the server 1.3.0 reads the filters first, others may read one of them.
        sent = {"query": asked, "k": limit, "user_id": user, "filters": {"user_id": user}}
        answer = await self._http.ask(
            "POST", "memory", "query", body=json_body(sent), max_bytes=_QUERY_BYTES
        )
        found = (await self._read(Matches, answer)).matches
        scores = {one.id: score_of(one) for one in reversed(found)}
        ids = list(dict.fromkeys(one.id for one in found))
        return [Match(id=row_id, score=scores[row_id]) for row_id in ids[:limit]]

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def _delete_many(self, user: str) -> None:
        seconds = self._http.timeout_seconds * _SLOWER
        answer = await self._http.ask("DELETE", "users", user, "memories", timeout_seconds=seconds)
        await self._read(Done, answer)

    async def _listed(self, whose: Mapping[str, str], keep: Callable[[Item], _Kept]) -> list[_Kept]:
        async def page(limit: int, offset: int) -> list[Item]:
            query: dict[str, str | int] = {"l": limit, "u": offset, **whose}
            answer = await self._http.ask(
                "GET", "memory", "all", query=query, max_bytes=_LISTING_BYTES
            )
            return (await self._read(Listing, answer)).items

        # Who there is may be told while rows come and go; what there is of one user may not.
        return await list_all(page, keep, name=self.name, is_exact=bool(whose))

    async def _read(self, shape: type[Shape], answer: Answer) -> Shape:
        if answer.status != OK:
            raise failure(answer, name=self.name)
        return await made_of(answer.size, lambda: read_as(shape, answer, name=self.name))


def _check(user: str) -> None:
    """Raise ValueError for a user that would be everybody, or that no request can name."""
    if not user.strip():
        raise ValueError("an OpenMemory user must not be empty: that would be everybody")
    try:
        user.encode()
    except UnicodeEncodeError:
        raise ValueError("an OpenMemory user must be Unicode text") from None


def _is_not_there(answer: Answer) -> bool:
    """True if a row does not exist, or is another user's."""
    return (answer.status, answer.code()) in {(NOT_FOUND, "nf"), (FORBIDDEN, "forbidden")}
