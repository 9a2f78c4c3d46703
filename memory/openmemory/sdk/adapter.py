"""The calls of the OpenMemory SDK, inside the process that has it: nothing else imports it."""

import importlib
import importlib.metadata
import inspect
import json
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Literal, assert_never

import msgspec

from memory.openmemory.backend import Match, Row
from memory.openmemory.sdk.messages import (
    BRIDGE,
    NOT_INSTALLED,
    OTHER_DATABASE,
    TOO_OLD,
    UNKNOWN,
    missing_module,
)
from memory.openmemory.sdk.protocol import (
    Add,
    Begun,
    Delete,
    DeleteUser,
    Failure,
    Get,
    ListRows,
    ListUsers,
    Query,
    Request,
)

_PAGE = 500  # rows, of about 7 KB each before we drop their vectors
_READERS_S = 0.05  # to wait for other programs that read: queries wait as well
_HALF_AFTER_MS = 60_000
_NEEDED = ("add", "search", "get", "delete", "delete_all", "history")


class SdkUnusable(Exception):
    """The SDK cannot be used; `failure` says why, and quotes nobody."""

    def __init__(self, kind: Literal["refused", "unreachable"], message: str) -> None:
        super().__init__(message)
        self.failure = Failure(kind=kind, message=message)


class Sdk:
    """The SDK's `Memory`, with the checks that it does not make itself."""

    def __init__(self, memory: Any, database: Path) -> None:
        self.forgets = _query_cache() is not None
        self._memory = memory
        self._database = database
        _overwrite_deleted()

    async def do(self, request: Request) -> object:
        """Do what is asked for and return the result; raises `SdkUnusable`, and anything."""
        if not isinstance(request, ListUsers) and not request.user:
            raise SdkUnusable("refused", "an empty user would be every user")
        match request:
            case Add():
                return await self._add(request)
            case Get():
                return _row_of(await self._owned(request.user, request.row_id))
            case ListRows():
                return await self._rows(request.user)
            case ListUsers():
                return self.users()
            case Delete():
                if await self._owned(request.user, request.row_id) is not None:
                    await self._delete(request.row_id)
            case DeleteUser():
                await self._delete_user(request.user)
            case Query():
                return await self._query(request)
            case _:
                assert_never(request)
        return None

    def users(self) -> list[str]:
        """Return every user of whom there are rows, which the SDK has no call for."""
        uri = f"{self._database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            users = connection.execute("SELECT DISTINCT user_id FROM memories").fetchall()
        return [user for (user,) in users if user]

    async def _delete_user(self, user: str) -> None:
        await self._memory.delete_all(user_id=user)
        # It leaves a row about the user, with the number in it.
        with closing(sqlite3.connect(self._database, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("DELETE FROM users WHERE user_id = ?", (user,))
        self._empty_log()

    async def _delete(self, row_id: str) -> None:
        await self._memory.delete(row_id)
        self._empty_log()

    def _empty_log(self) -> None:
        """
        Leave nothing of what was deleted in the file beside the database: it takes 1 to 2 ms.

        Where another program is reading the database it is left for the next deletion.
        """
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(self._database, timeout=_READERS_S)) as connection,
        ):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def _add(self, request: Add) -> str:
        row_id = await self._add_once(request)
        row = await self._owned(request.user, row_id)
        if row is not None and _is_half(row):
            # An add that was broken off left it: it takes this one for its duplicate, and
            # would never be found.
            await self._delete(row_id)
            row_id = await self._add_once(request)
        return row_id

    async def _add_once(self, request: Add) -> str:
        answer = await self._memory.add(
            request.content,
            user_id=request.user,
            meta=dict(request.metadata),  # the SDK adds members of its own
            tags=list(request.tags),
        )
        return str(answer["id"])

    async def _owned(self, user: str, row_id: str) -> dict[str, Any] | None:
        row = await self._memory.get(row_id)
        return None if row is None or row["user_id"] != user else dict(row)

    async def _rows(self, user: str) -> list[Row]:
        found: dict[str, Row] = {}
        half: list[str] = []
        offset = 0
        while page := self._memory.history(user_id=user, limit=_PAGE, offset=offset):
            for each in page:
                if _is_half(each) and _age_ms(each) > _HALF_AFTER_MS:
                    half.append(each["id"])
                elif (row := _row_of(each)) is not None:
                    found[row.id] = row
            offset += len(page)
        for row_id in half:
            await self._delete(row_id)
        return list(found.values())

    async def _query(self, request: Query) -> list[Match]:
        cache = _query_cache()
        if cache is not None:
            # It would answer without what was added since, with what another process deleted,
            # and it never drops anything.
            cache.clear()
        if request.limit < 1:
            return []
        found = await self._memory.search(request.text, user_id=request.user, limit=request.limit)
        return [Match(id=each["id"], score=float(each["score"])) for each in found]


def open_sdk(database: Path) -> Sdk:
    """Import the SDK and open its database, which may block; raises `SdkUnusable`."""
    try:
        module = importlib.import_module("openmemory")
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "openmemory":
            raise SdkUnusable("refused", NOT_INSTALLED) from error
        raise SdkUnusable("refused", missing_module(error.name or "")) from error
    except Exception as error:  # whatever its import does
        raise SdkUnusable("refused", _opening_failed(error)) from error
    kind = _memory_class(module)
    try:
        sdk = Sdk(kind(), database)
    except ImportError as error:
        raise SdkUnusable("refused", missing_module(error.name or "")) from error
    except (sqlite3.Error, OSError) as error:  # locked, full, or not writable: it may pass
        raise SdkUnusable("unreachable", _opening_failed(error)) from error
    except Exception as error:  # whatever its settings lead to
        raise SdkUnusable("refused", _opening_failed(error)) from error
    try:
        sdk.users()
    except sqlite3.Error as error:
        raise SdkUnusable("refused", OTHER_DATABASE) from error
    return sdk


def begun_of(sdk: Sdk) -> Begun:
    """Return what the parent is told at the start."""
    return Begun(version=_version(), forgets=sdk.forgets)


def _memory_class(module: object) -> Any:
    kind = getattr(module, "Memory", None)
    is_bridge = hasattr(kind, "ingest") or hasattr(kind, "recall") or _version().startswith("2.")
    if kind is None and hasattr(module, "OpenMemory"):
        raise SdkUnusable("refused", TOO_OLD)
    if is_bridge:
        raise SdkUnusable("refused", BRIDGE)
    if not all(hasattr(kind, name) for name in _NEEDED) or not inspect.iscoroutinefunction(
        getattr(kind, "add", None)
    ):
        raise SdkUnusable("refused", UNKNOWN)
    return kind


def _version() -> str:
    for name in ("openmemory-py", "openmemory"):  # 1.3.0 is called the latter
        with suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return ""


def _query_cache() -> dict[Any, Any] | None:
    cache = getattr(sys.modules.get("openmemory.memory.hsg"), "cache", None)
    return cache if isinstance(cache, dict) else None


def _overwrite_deleted() -> None:
    """Have the SDK's connection write zeros over what it deletes, where it can be reached."""
    connection = getattr(getattr(sys.modules.get("openmemory.core.db"), "db", None), "conn", None)
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA secure_delete = ON")


def _opening_failed(error: Exception) -> str:
    return (
        f"the OpenMemory SDK does not open ({type(error).__name__}): see its settings (OM_…) "
        "and that its database is one, is writable and is on a disk with room"
    )


def _is_half(row: dict[str, Any]) -> bool:
    """Tell whether its add was broken off: the text is there, what finds it is not."""
    return "mean_vec" in row and row["mean_vec"] is None and row.get("simhash") is not None


def _age_ms(row: dict[str, Any]) -> float:
    return time.time() * 1000 - float(row.get("created_at") or 0)


def _row_of(row: dict[str, Any] | None) -> Row | None:
    if row is None:
        return None
    tags = _json(row.get("tags"))
    metadata = _json(row.get("meta"))
    if not isinstance(metadata, dict) or not _can_be_sent(metadata):
        metadata = {}
    return Row(
        id=str(row["id"]),
        user=str(row["user_id"]),
        content=str(row["content"] or ""),
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        metadata=metadata,
    )


def _can_be_sent(value: object) -> bool:
    with suppress(ValueError, TypeError, OverflowError):  # half characters, very long numbers
        return bool(msgspec.msgpack.encode(value))
    return False


def _json(text: object) -> object:
    """Return what a column of JSON holds; None if that is none: another program wrote it."""
    with suppress(ValueError, TypeError):
        return json.loads(text)  # type: ignore[arg-type] # anything else is a TypeError
    return None
