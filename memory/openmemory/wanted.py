"""What OpenMemory is to hold of one caller: a pure function of what the embedded store holds."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from memory.facts import statement_of, with_history
from memory.holdings import Holdings, Place
from memory.moments import is_known_moment
from memory.port import Fact, Memory, Noted, Profile
from memory.speakers import voice_of
from memory.topics import label_of, topic_of

__all__ = ["KEY", "MARK", "Place", "Wanted", "digest_of", "key_of", "wanted_of"]

MARK = "callspool"  # the tag of every row that is ours
KEY = "callspool_key"  # the name of our id in a row's metadata
DIGEST = "callspool_digest"
PROFILE_KEY = "profile"

_MAX_PROFILE_CHARS = 4_000
_PROFILE_SALIENCE = 1.0

_Stated = tuple[Place, Memory, Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    One row that is to be there.

    `key` is our id of it, unique for the caller; `place` is the memory it stands for, None for
    the profile. `digest` is another one if anything of the row is.
    """

    key: str
    content: str
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    place: Place | None

    @property
    def digest(self) -> str:
        """Return what is in the row's metadata too, to tell it from an older one."""
        return str(self.metadata[DIGEST])

    @property
    def texts(self) -> tuple[str, ...]:
        """
        Return the text as it is to be sent, and as it may be sent if that is not taken.

        OpenMemory compares texts by a hash under which sentences that have nothing in common
        are often the same; with what it is of behind it, in brackets, a text has another one.
        """
        of = str(self.metadata.get("conversation_id") or self.key)
        digest = " ".join(self.digest[at : at + 4] for at in range(0, len(self.digest), 4))
        return self.content, f"{self.content} [{of}]", f"{self.content} [{of} {digest}]"


def wanted_of(holdings: Holdings) -> dict[str, Wanted]:
    """
    Return the rows that are to be there for one caller, by key.

    Every summary and every utterance is one; every fact, with its newest value, is one, which
    names the values before it; the profile is one. So what another program reads there about
    a caller is up to date, and what is outdated is said to be. A fact that somebody else stated
    on the caller's line is a row of its own, which says so.
    """
    said = [(place, m) for place, m in holdings.memories if m.kind != "fact" and m.content.strip()]
    rows = [_row_of_memory(place, memory) for place, memory in said]
    rows += _rows_of_facts(holdings.memories, holdings.others)
    if holdings.profile is not None:
        rows.append(_row_of_profile(holdings.profile))
    return {row.key: row for row in rows}


def key_of(metadata: Mapping[str, Any]) -> str:
    """Return our id of a row by its metadata, "" if the row is not ours."""
    key = metadata.get(KEY)
    return key if isinstance(key, str) else ""


def digest_of(metadata: Mapping[str, Any]) -> str:
    """Return the digest in a row's metadata, "" if there is none."""
    digest = metadata.get(DIGEST)
    return digest if isinstance(digest, str) else ""


def _row_of_memory(place: Place, memory: Memory) -> Wanted:
    return _row(f"{place.source}/{memory.id}", memory.content, place, _described(memory))


def _rows_of_facts(
    memories: Iterable[tuple[Place, Memory]], others: Mapping[str, str]
) -> list[Wanted]:
    """Return the rows of the facts; `others`: see `Holdings`."""

    def of_whom(each: _Stated) -> tuple[str, str]:
        return voice_of(others.get(each[0].conversation_id, "")), topic_of(each[2].key)

    stated = [
        (place, memory, statement)
        for place, memory in memories
        if memory.kind == "fact" and (statement := statement_of(memory)) is not None
    ]
    stated.sort(key=lambda each: (of_whom(each), _age(each)))
    return [
        _row_of_fact(f"other/{voice}/{topic}" if voice else f"fact/{topic}", [*group][::-1], others)
        for (voice, topic), group in groupby(stated, key=of_whom)
    ]


def _row_of_fact(key: str, newest_first: Sequence[_Stated], others: Mapping[str, str]) -> Wanted:
    place, memory, _ = newest_first[0]
    fact = with_history([statement for _, _, statement in newest_first])
    details = _described(memory) | {
        "key": fact.key,
        "value": fact.value,
        "previous_values": [
            {"value": each.value, "occurred_at": _moment(each.occurred_at)}
            for each in fact.previous
        ],
    }
    said_by = others.get(place.conversation_id, "")
    if said_by:
        details["said_by"] = said_by
    content = f"{memory.content} (said by {said_by})" if said_by else memory.content
    return _row(key, content, place, details)


def _row_of_profile(profile: Profile) -> Wanted:
    details: dict[str, Any] = {
        "kind": "profile",
        "id": PROFILE_KEY,
        "sector": "semantic",
        "occurred_at": _moment(profile.last_call_at),
        "salience": _PROFILE_SALIENCE,
        "decay_lambda": 0.0,
    }
    return _row(PROFILE_KEY, profile_text(profile), None, details)


def profile_text(profile: Profile) -> str:
    """Return a profile in words, without anything that changes by the passing of time."""
    # With the number: without it OpenMemory takes the profiles of two strangers for the same.
    who = f"{profile.caller} ({profile.name})" if profile.name else profile.caller
    lines = [f"Profile of {who}."]
    if profile.call_count:
        calls = "1 call" if profile.call_count == 1 else f"{profile.call_count} calls"
        lines.append(f"{calls}, the last on {_day(profile.last_call_at)}.")
    if profile.language:
        lines.append(f"Language: {profile.language}.")
    lines += _notes("Preferences", profile.preferences)
    lines += _notes("Still open", profile.commitments)
    if profile.facts:
        facts = "; ".join(f"{label_of(fact.key)}: {fact.value}" for fact in profile.facts)
        lines.append(f"Facts: {facts}.")
    if profile.summary:
        lines.append(f"Recent calls: {profile.summary}")
    text = "\n".join(lines)
    return text if len(text) <= _MAX_PROFILE_CHARS else text[: _MAX_PROFILE_CHARS - 1] + "…"


def _notes(title: str, noted: Sequence[Noted]) -> list[str]:
    return [f"{title}: {'; '.join(each.note.text for each in noted)}"] if noted else []


def _described(memory: Memory) -> dict[str, Any]:
    return {
        "kind": memory.kind,
        "id": memory.id,
        "sector": memory.sector,
        "occurred_at": _moment(memory.occurred_at),
        "salience": float(memory.salience),
        "decay_lambda": float(memory.decay_lambda),
        "conversation_id": memory.conversation_id,
        "agent_id": memory.agent_id,
    }


def _row(key: str, content: str, place: Place | None, details: dict[str, Any]) -> Wanted:
    tags = (
        MARK,
        f"kind:{details['kind']}",
        f"sector:{details['sector']}",
        f"salience:{details['salience']:g}",
        f"decay:{details['decay_lambda']:g}",
    )
    whole = json.dumps([key, content, tags, details], sort_keys=True, separators=(",", ":"))
    digest = sha256(whole.encode()).hexdigest()[:32]
    metadata = {**details, KEY: key, DIGEST: digest}
    return Wanted(key=key, content=content, tags=tags, metadata=metadata, place=place)


def _age(stated: _Stated) -> tuple[Any, ...]:
    place, memory, _ = stated
    return memory.occurred_at, place.conversation_id, place.source, place.id


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat() if is_known_moment(moment) else ""


def _day(moment: datetime) -> str:
    if not is_known_moment(moment):
        return "an unknown day"
    return moment.astimezone(UTC).date().isoformat()
