"""What a search tells as JSON: the profile and the memories, each with where it comes from."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from memory.port import Attempt, Fact, Found, Noted, Other, Part, Profile
from memory.recall.spoken import spoken_age
from voice.answer_bounds import (
    MAX_FACT_CHARS,
    MAX_FACTS_BYTES,
    MAX_MEMORY_CHARS,
    MAX_NAME_CHARS,
    MAX_NOTE_CHARS,
    MAX_NOTES_BYTES,
    MAX_OTHER_BYTES,
    MAX_OTHER_FACT_CHARS,
    MAX_OTHERS_BYTES,
    MAX_PREFERENCES_CHARS,
    MAX_PREVIOUS_CHARS,
    MAX_TEXT_CHARS,
    MAX_UNANSWERED_BYTES,
)
from voice.answer_notes import preferences_told
from voice.bounds import iso, iso_date, joined, within
from voice.clean import clean
from voice.instructions import reads_as_instruction
from voice.stored_text import told_calls, told_memory, told_name, told_value

Json = dict[str, Any]


def profile_json(profile: Profile, now: datetime) -> Json:
    """Return what is known of the caller; `now` is what times are told against."""
    notes = (_noted_json(noted, now) for noted in _harmless(profile.preferences))
    promises = ({"by": p.note.by, **_noted_json(p, now)} for p in _harmless(profile.commitments))
    unanswered = (_attempt_json(attempt, now) for attempt in profile.attempts)
    return {
        "name": told_name(profile.name, limit=MAX_NAME_CHARS),
        "preferred_name": told_name(profile.preferred_name, limit=MAX_NAME_CHARS),
        "first_name": told_name(profile.first_name, limit=MAX_NAME_CHARS),
        "full_name": told_name(profile.full_name, limit=MAX_NAME_CHARS),
        "summary": told_calls(profile.summary, limit=MAX_TEXT_CHARS),
        "last_call_summary": told_calls(profile.last_call_summary, limit=MAX_TEXT_CHARS),
        "last_call_summary_when": spoken_age(profile.last_summary_at, now=now),
        "last_call_date": iso_date(profile.last_call_at),
        "last_call_when": spoken_age(profile.last_call_at, now=now),
        "call_count": profile.call_count,
        "language": profile.language,
        "preferences": joined(preferences_told(profile), limit=MAX_PREFERENCES_CHARS),
        "preference_notes": within(notes, max_bytes=MAX_NOTES_BYTES),
        "open_commitments": within(promises, max_bytes=MAX_NOTES_BYTES),
        "facts": within(_facts_json(profile, now), max_bytes=MAX_FACTS_BYTES),
        "others": within(_others_json(profile, now), max_bytes=MAX_OTHERS_BYTES),
        "unanswered_calls": within(unanswered, max_bytes=MAX_UNANSWERED_BYTES),
    }


def memory_json(found: Found, now: datetime) -> Json:
    """Return one memory that was found."""
    memory = found.memory
    answer = {
        "content": told_memory(memory, limit=MAX_MEMORY_CHARS),
        "sector": memory.sector,
        "salience": memory.salience,
        "score": found.score,
        "occurred_at": iso(memory.occurred_at),
        "when": spoken_age(memory.occurred_at, now=now),
        "conversation_id": memory.conversation_id,
    }
    if found.parts:
        answer["explanation"] = [_part_json(part) for part in found.parts]
    return answer


def _harmless(notes: tuple[Noted, ...]) -> Iterator[Noted]:
    return (noted for noted in notes if not reads_as_instruction(noted.note.text))


def _attempt_json(attempt: Attempt, now: datetime) -> Json:
    return {
        "occurred_at": iso(attempt.at),
        "when": spoken_age(attempt.at, now=now),
        "reason": told_name(attempt.reason, limit=MAX_NAME_CHARS),
        "conversation_id": attempt.conversation_id,
    }


def _noted_json(noted: Noted, now: datetime) -> Json:
    return {
        "text": clean(noted.note.text, limit=MAX_NOTE_CHARS),
        "source": noted.note.source,
        "key": told_name(noted.note.key, limit=MAX_NAME_CHARS),
        **_provenance(noted, now),
    }


def _facts_json(profile: Profile, now: datetime) -> Iterator[Json]:
    for fact in profile.facts:
        if answer := _fact_json(fact, now, max_chars=MAX_FACT_CHARS):
            before = (_previous_json(each, now) for each in fact.previous)
            yield {**answer, "previous": [each for each in before if each["value"]]}


def _fact_json(fact: Fact, now: datetime, *, max_chars: int) -> Json | None:
    value = told_value(fact, limit=max_chars)
    if not value:
        return None
    key = clean(fact.key, limit=MAX_NAME_CHARS)
    return {"key": key, "value": value, **_provenance(fact, now)}


def _previous_json(fact: Fact, now: datetime) -> Json:
    return {"value": told_value(fact, limit=MAX_PREVIOUS_CHARS), **_provenance(fact, now)}


def _others_json(profile: Profile, now: datetime) -> Iterator[Json]:
    """Yield who else called from this line, with what they said of themselves."""
    for other in profile.others:
        if name := told_name(other.name, limit=MAX_NAME_CHARS):
            yield _other_json(name, other, now)


def _other_json(name: str, other: Other, now: datetime) -> Json:
    facts = (_fact_json(fact, now, max_chars=MAX_OTHER_FACT_CHARS) for fact in other.facts)
    return {
        "name": name,
        "call_count": other.calls,
        "last_call_date": iso_date(other.last_at),
        "last_call_when": spoken_age(other.last_at, now=now),
        "facts": within(filter(None, facts), max_bytes=MAX_OTHER_BYTES),
    }


def _provenance(said: Fact | Noted, now: datetime) -> Json:
    return {
        "occurred_at": iso(said.occurred_at),
        "when": spoken_age(said.occurred_at, now=now),
        "conversation_id": said.conversation_id,
    }


def _part_json(part: Part) -> Json:
    what = told_name(part.what, limit=MAX_NAME_CHARS)
    return {"part": what, "effect": part.effect, "value": part.value}
