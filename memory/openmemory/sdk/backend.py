"""An OpenMemory without a server: its SDK, in a process of its own beside ours."""

import asyncio
import importlib.machinery
import importlib.util
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from msgspec.msgpack import Decoder

from memory.openmemory.backend import (
    BackendRefused,
    BackendUnreachable,
    Examined,
    Match,
    Row,
    RowRefused,
)
from memory.openmemory.sdk.database import scrub_database
from memory.openmemory.sdk.examine import examine_sdk
from memory.openmemory.sdk.messages import NOT_INSTALLED
from memory.openmemory.sdk.process import SdkProcess
from memory.openmemory.sdk.protocol import (
    Add,
    Delete,
    DeleteUser,
    Get,
    ListRows,
    ListUsers,
    Query,
    Request,
)

T = TypeVar("T")

_nothing: Decoder[None] = Decoder(None)
_id: Decoder[str] = Decoder(str)
_row: Decoder[Row | None] = Decoder(Row | None)
_rows: Decoder[list[Row]] = Decoder(list[Row])
_users: Decoder[list[str]] = Decoder(list[str])
_matches: Decoder[list[Match]] = Decoder(list[Match])

_CACHE_S = 60.0
_MAX_QUERY_CHARS = 4000  # it does nothing else while it encodes a long text
_MAX_CHARS = 30_000  # from 32 000 on the SDK makes several rows of one text


def sdk_variables(database: Path) -> dict[str, str]:
    """
    Return the environment variables that the SDK is to have, whatever else is set.

    They say where the database is, `database` being an absolute path, that texts and vectors
    are kept there and whole, and that nothing is reported to anybody.
    """
    return {
        "OM_DB_URL": f"sqlite:///{database}",
        "OM_USE_SUMMARY_ONLY": "false",
        "OM_TELEMETRY": "false",
        "OPENMEMORY_VECTOR_STORE": "sqlite",
    }


class SdkBackend:
    """
    A `Backend` that asks the SDK's process.

    The process does one thing at a time, an add or a query taking up to 300 ms for a caller of
    2 000 memories; a query goes before everything that is waiting. An `openmemory.toml` is
    read from the folder of the database, and from nowhere else.
    """

    def __init__(self, process: SdkProcess, database: Path, *, query_seconds: float) -> None:
        self.name = name_of(database)
        self.identity = sdk_identity(database)
        self.query_cache_seconds = _CACHE_S  # until it has said that it has no such cache
        self._process = process
        self._database = database
        self._seconds = process.silence_seconds
        self._query_seconds = query_seconds

    @classmethod
    async def open(
        cls,
        database: Path,
        *,
        environment: Mapping[str, str],
        timeout_seconds: float = 20.0,
        query_timeout_seconds: float = 10.0,
    ) -> Self:
        """
        Return the backend of `database`, whose folder is made; the first request starts it.

        `environment` is all that the process gets, `sdk_variables` among it. Raises
        `BackendRefused` if there is no SDK in this Python, or the folder cannot be made.
        """
        database = database.absolute()  # noqa: ASYNC240 - it only looks at the working directory
        if not await asyncio.to_thread(_is_installed, environment):
            raise BackendRefused(NOT_INSTALLED)
        try:
            await asyncio.to_thread(database.parent.mkdir, 0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BackendRefused(
                f"{database.parent} cannot be made for OpenMemory's database: {error.strerror}"
            ) from error
        process = SdkProcess(
            database,
            environment=environment,
            silence_seconds=timeout_seconds,
            name=name_of(database),
        )
        return cls(process, database, query_seconds=query_timeout_seconds)

    async def examine(self, *, mark: str = "") -> Examined:
        """Find out what answers; see `Backend`."""
        await self.users()  # starts it, so that it has said which version it is
        begun = self._process.begun
        version = begun.version if begun is not None else ""
        return await examine_sdk(self, version=version, mark=mark)

    async def add(
        self, user: str, content: str, *, tags: Sequence[str], metadata: Mapping[str, Any]
    ) -> str:
        """Add a memory and return the id in the answer, which proves nothing; see `Backend`."""
        if len(content) > _MAX_CHARS:
            raise RowRefused(f"a text of more than {_MAX_CHARS} characters")
        request = Add(user=user, content=content, tags=tuple(tags), metadata=dict(metadata))
        return await self._ask(request, _id)

    async def get(self, user: str, row_id: str) -> Row | None:
        """Return a row; None if there is none, or it is another user's."""
        return await self._ask(Get(user=user, row_id=row_id), _row)

    async def rows(self, user: str) -> list[Row]:
        """Return every row of `user`; the leavings of adds that were broken off are removed."""
        return await self._ask(ListRows(user=user), _rows)

    async def users(self) -> set[str]:
        """Return every user of whom there are rows."""
        users = await self._ask(ListUsers(), _users)
        return set(users)

    async def delete(self, user: str, row_id: str) -> None:
        """Delete a row, if it is there and is this user's."""
        await self._ask(Delete(user=user, row_id=row_id), _nothing)

    async def delete_user(self, user: str) -> None:
        """Delete every row of `user`, whoever wrote it."""
        await self._ask(DeleteUser(user=user), _nothing)

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in the database's files; see `Backend`."""
        await asyncio.to_thread(scrub_database, self._database)

    async def query(self, user: str, text: str, *, limit: int) -> list[Match]:
        """Return what matches best among the rows of `user`."""
        text = text[:_MAX_QUERY_CHARS].encode(errors="replace").decode()  # it may be anything
        request = Query(user=user, text=text, limit=limit)
        return await self._ask(request, _matches, seconds=self._query_seconds)

    async def close(self) -> None:
        """End the process and wait until it is gone."""
        await self._process.close()

    async def _ask(
        self, request: Request, decoder: Decoder[T], *, seconds: float | None = None
    ) -> T:
        if not isinstance(request, ListUsers) and not request.user:
            raise ValueError("an empty user would be every user")
        result = await self._process.ask(request, seconds=seconds or self._seconds)
        if self._process.begun is not None and self._process.begun.forgets:
            self.query_cache_seconds = 0.0
        try:
            return decoder.decode(result)
        except ValueError as error:
            raise BackendUnreachable(f"{self.name} answered what nobody can read") from error


def sdk_identity(database: Path) -> str:
    """Return what tells this database from others; see `Backend.identity`."""
    return f"local {database.absolute()}"


def name_of(database: Path) -> str:
    """Return what messages call it."""
    return f"the OpenMemory SDK (database {database})"


def _is_installed(environment: Mapping[str, str]) -> bool:
    """Tell whether the process would find the SDK; nothing of it is run."""
    spec = None
    if folders := environment.get("PYTHONPATH"):
        spec = importlib.machinery.PathFinder.find_spec("openmemory", folders.split(os.pathsep))
    if spec is None or spec.origin is None:
        with suppress(ValueError):
            spec = importlib.util.find_spec("openmemory")
    return spec is not None and spec.origin is not None  # a mere folder of that name has none
