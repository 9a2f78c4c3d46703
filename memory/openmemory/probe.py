"""Two throw-away users, to see what an OpenMemory does with users and with long texts."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from memory.openmemory.backend import (
    Backend,
    BackendError,
    BackendRefused,
    BackendUnreachable,
    Row,
    RowRefused,
)

PROBE_PREFIX = "callspool-probe-"  # of a user that is nobody; a killed probe may leave one behind

_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeiou"
_WORDS = 9
_LONG = 600  # characters: some keep a summary of at most 200
_TRIES = 4
_TIDY_S = 5.0  # for deleting what was added to a backend that fails
_TAGS = ("probe",)
_LONGEST = timedelta(minutes=10)  # that a probe may take


def random_sentence() -> str:
    """Return words that nobody has said, so that they are like no row that is there."""
    return " ".join(_word() for _ in range(_WORDS)).capitalize() + "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """`keeps_users_apart`: no query returned the other's row. `shortens`: long texts are cut."""

    keeps_users_apart: bool
    shortens: bool


def is_left_over(row: Row, *, now: datetime) -> bool:
    """
    True for a row of a probe that can no longer be going on.

    That is one of more than 10 minutes before `now`, or after it (a clock was wrong), or one
    whose time cannot be read.
    """
    if not row.user.startswith(PROBE_PREFIX):
        return False
    try:
        return abs(now - datetime.fromisoformat(row.metadata["at"])) > _LONGEST
    except (KeyError, TypeError, ValueError, OverflowError):
        return True


async def probe_users(
    backend: Backend, *, mark: str = "", words: Callable[[], str] = random_sentence
) -> Probed:
    """
    Add, read back, list, query and delete, with the two users of `mark`; "" is a random one.

    `words` makes the sentences. What was added is deleted again, unless this process or the
    backend ends meanwhile: the next probe of the same mark does it then, or `memory sync`.
    Raises `BackendRefused` for an OpenMemory that a mirror cannot use, whatever it says of
    itself.
    """
    named = mark or secrets.token_hex(8)
    ada, bob = f"{PROBE_PREFIX}{named}-a", f"{PROBE_PREFIX}{named}-b"
    if mark:
        for user in (ada, bob):
            await backend.delete_user(user)
    try:
        probed = await _probe(backend, ada, bob, words)
    except BackendError:
        # The first failure is the one to tell of; what is left is for the next probe.
        with suppress(BackendError, TimeoutError):
            async with asyncio.timeout(_TIDY_S):
                for user in (ada, bob):
                    await backend.delete_user(user)
        raise
    for user in (ada, bob):
        await backend.delete_user(user)
        if await backend.rows(user):
            raise BackendRefused(
                f"{backend.name} still has the memories of a user after deleting them: "
                "an erasure would not be one, so it is not used"
            )
    return probed


async def _probe(backend: Backend, ada: str, bob: str, words: Callable[[], str]) -> Probed:
    hers = await _stored(backend, ada, words, shortest=0)
    his = await _stored(backend, bob, words, shortest=0)
    if await backend.get(bob, hers.row.id) is not None:
        raise BackendRefused(f"{backend.name} shows a user's memory to another user")
    long = await _stored(backend, ada, words, shortest=_LONG)
    found = [
        match.id
        for text in (hers.text, his.text)
        for match in await backend.query(bob, text, limit=10)
    ]
    listed = {row.id for row in await backend.rows(ada)}
    if listed != {hers.row.id, long.row.id}:
        raise BackendRefused(f"{backend.name} does not list the memories of a user as they are")
    await backend.delete(ada, hers.row.id)
    if await backend.get(ada, hers.row.id) is not None:
        raise BackendRefused(f"{backend.name} still has a memory after deleting it")
    return Probed(
        keeps_users_apart=not {hers.row.id, long.row.id} & set(found),
        shortens=len(long.row.content) < len(long.text),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    text: str
    row: Row


async def _stored(
    backend: Backend, user: str, words: Callable[[], str], *, shortest: int
) -> _Stored:
    """Add a text and read it back; another one if it was taken for a row that is there."""
    for _ in range(_TRIES):
        text = words()
        while len(text) < shortest:
            text += " " + words()
        metadata = {"probe": user, "at": datetime.now(UTC).isoformat()}
        try:
            row_id = await backend.add(user, text, tags=_TAGS, metadata=metadata)
        except RowRefused as error:
            # No fault of the row: these are words like any others.
            raise BackendUnreachable(f"{backend.name} takes no memories: see its log") from error
        row = await backend.get(user, row_id)
        if row is not None and row.user == user and row.metadata.get("probe") == user:
            return _Stored(text=text, row=row)
    raise BackendRefused(
        f"{backend.name} does not have what was just added to it, and said it had: "
        "look at its own log, and at its database"
    )


def _word() -> str:
    return "".join(
        secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)
        for _ in range(2 + secrets.randbelow(2))
    )
