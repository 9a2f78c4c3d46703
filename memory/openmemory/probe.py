"""Two throw-away users, to see what an OpenMemory does with users and with long texts."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from memory.openmemory.backend import Backend, BackendError, BackendRefused, Row

PROBE_PREFIX = "callspool-probe-"  # of a user that is nobody; a killed probe may leave one behind

_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeiou"
_WORDS = 9
_LONG = 600  # characters: some keep a summary of at most 200
_TRIES = 4
_TIDY_S = 5.0  # for deleting what was added to a backend that fails
_TAGS = ("probe",)


def random_sentence() -> str:
    """Return words that nobody has said, so that they are like no row that is there."""
    return " ".join(_word() for _ in range(_WORDS)).capitalize() + "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """`keeps_users_apart`: no query returned the other's row. `shortens`: long texts are cut."""

    keeps_users_apart: bool
    shortens: bool


async def probe_users(backend: Backend, *, words: Callable[[], str] = random_sentence) -> Probed:
    """
    Add, read back, list, query and delete, with two users of a random name.

    `words` makes the sentences. What was added is deleted again, unless this process or the
    backend ends meanwhile: `memory sync` does it then. Raises
    `BackendRefused` for an OpenMemory that a mirror cannot use, whatever it says of itself.
    """
    mark = secrets.token_hex(8)
    ada, bob = f"{PROBE_PREFIX}{mark}-a", f"{PROBE_PREFIX}{mark}-b"
    try:
        probed = await _probe(backend, ada, bob, words)
    except BackendError:
        # The first failure is the one to tell of; what is left is for `memory sync`.
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
    metadata: Mapping[str, Any] = {"probe": user}
    for _ in range(_TRIES):
        text = words()
        while len(text) < shortest:
            text += " " + words()
        row_id = await backend.add(user, text, tags=_TAGS, metadata=dict(metadata))
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
