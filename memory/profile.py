"""The caller profile: a pure function of what a store knows about one caller."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.attempts import newest_attempts
from memory.commitments import open_commitments
from memory.facts import newest_facts, newest_name_parts, statement_of
from memory.moments import EPOCH, is_known_moment, spoken_date
from memory.names import names_of
from memory.notes import newest_preferences, newest_tasks, tasks_since
from memory.port import Attempt, Conversation, Fact, Noted, Profile
from memory.preferences import preferences_of
from memory.rolling import CallNote, rolling_summary, whole_sentences

__all__ = ["CallNote", "History", "build_profile", "is_known_moment", "profile_of", "spoken_date"]

RECENT_CALLS = 10  # as many of the last calls as the rolling summary looks at
SUMMARY_CHARS = 1_200
LAST_SUMMARY_CHARS = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    What a store gathers about one caller's calls.

    Failures to connect are no calls, they are `attempts`: see `memory.attempts`. Without any
    call the dates are the epoch, which is no known moment.

    `recent` are the newest `RECENT_CALLS` calls that have a summary, newest first; `language`
    is that of the newest call that has one. `preferences` and `tasks` are the newest notes,
    newest first: see `memory.notes`. `name_parts` are statements of first and last names:
    see `memory.facts.newest_name_parts`.
    """

    call_count: int
    first_call_at: datetime
    last_call_at: datetime
    language: str
    recent: Sequence[CallNote]
    preferences: Sequence[Noted] = ()
    tasks: Sequence[Noted] = ()
    name_parts: Sequence[Fact] = ()
    attempts: Sequence[Attempt] = ()


def build_profile(caller: str, history: History, facts: Iterable[Fact]) -> Profile:
    """Return the profile that follows from `history` and `facts`, the newest facts first."""
    facts = tuple(facts)
    names = names_of(facts, parts=history.name_parts)
    own_names = (names.called, names.preferred, names.first, names.full)
    last = history.recent[0] if history.recent else None
    last_summary = last.summary if last else ""
    return Profile(
        caller=caller,
        name=names.called,
        preferred_name=names.preferred,
        first_name=names.first,
        full_name=names.full,
        summary=rolling_summary(history.recent, max_chars=SUMMARY_CHARS),
        last_call_summary=whole_sentences(last_summary, max_chars=LAST_SUMMARY_CHARS),
        last_summary_at=last.started_at if last else history.last_call_at,
        last_call_at=history.last_call_at,
        first_call_at=history.first_call_at,
        call_count=history.call_count,
        language=history.language,
        preferences=preferences_of(facts, history.preferences, names=own_names),
        commitments=open_commitments(history.tasks, names=own_names),
        facts=facts,
        attempts=tuple(history.attempts),
    )


def profile_of(caller: str, conversations: Sequence[Conversation]) -> Profile | None:
    """
    Return the profile of the caller whose `conversations` these are; None if there are none.

    It says what a store has to come to, whichever way it gathers what a profile is made from.
    """
    if not conversations:
        return None
    calls = [each for each in conversations if each.kind == "call"]
    calls.sort(key=lambda call: (call.started_at, call.id), reverse=True)
    told = [CallNote(started_at=c.started_at, summary=c.summary) for c in calls if c.summary]
    statements = [
        ((memory.occurred_at, record.id, record.kind, memory.id), statement)
        for record in conversations
        for memory in record.memories
        if memory.kind == "fact" and (statement := statement_of(memory))
    ]
    noted = [
        (
            (record.started_at, record.id, record.kind, place),
            Noted(note=note, occurred_at=record.started_at, conversation_id=record.id),
        )
        for record in conversations
        for place, note in enumerate(record.notes)
    ]
    last_call_at = calls[0].started_at if calls else EPOCH
    history = History(
        call_count=len(calls),
        first_call_at=calls[-1].started_at if calls else EPOCH,
        last_call_at=last_call_at,
        language=next((call.language for call in calls if call.language), ""),
        recent=told[:RECENT_CALLS],
        preferences=newest_preferences(noted),
        tasks=newest_tasks(noted, since=tasks_since(last_call_at)),
        name_parts=newest_name_parts(statements),
        attempts=newest_attempts(conversations),
    )
    return build_profile(caller, history, newest_facts(statements))
