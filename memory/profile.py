"""The caller profile: a pure function of what a store knows about one caller."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from memory.content import fact_value
from memory.port import Fact, Memory, Profile

RECENT_CALLS = 10  # as many of the last calls as the rolling summary looks at
SUMMARY_CHARS = 1_200

# Names in the order of preference: what somebody likes to be called, then what was collected,
# then what was only heard.
NAME_KEYS = (
    "preferred_name",
    "first_name",
    "firstname",
    "given_name",
    "caller_first_name",
    "customer_first_name",
    "user_first_name",
    "name",
    "user_name",
    "caller_name",
    "customer_name",
    "full_name",
    "stated_name",
)

_EPOCH_YEAR = 1970
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[\u3002\uff01\uff1f])")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNote:
    """The summary of one call."""

    started_at: datetime
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    What a store gathers about one caller's calls (failures to connect are not calls).

    `recent` are the newest `RECENT_CALLS` calls that have a summary, newest first; `language`
    is that of the newest call that has one.
    """

    call_count: int
    first_call_at: datetime
    last_call_at: datetime
    language: str
    recent: Sequence[CallNote]


def build_profile(caller: str, history: History, facts: Iterable[Fact]) -> Profile:
    """Return the profile that follows from `history` and the newest value of each fact."""
    facts = tuple(sorted(facts, key=lambda fact: fact.key))
    return Profile(
        caller=caller,
        name=_name(facts),
        summary=_rolling_summary(history.recent),
        last_call_summary=history.recent[0].summary if history.recent else "",
        last_summary_at=history.recent[0].started_at if history.recent else history.last_call_at,
        last_call_at=history.last_call_at,
        first_call_at=history.first_call_at,
        call_count=history.call_count,
        language=history.language,
        preferences=_preferences(facts),
        facts=facts,
    )


def fact_of(memory: Memory) -> Fact:
    """Return the fact that a memory of kind "fact" states."""
    return Fact(
        key=memory.key,
        value=fact_value(memory.content),
        occurred_at=memory.occurred_at,
        conversation_id=memory.conversation_id,
    )


def is_known_moment(moment: datetime) -> bool:
    """
    Tell whether `moment` is a date that may be spoken.

    A call that names no time is dated at the epoch, and its turns in the days after it.
    """
    return moment.astimezone(UTC).year > _EPOCH_YEAR


def spoken_date(moment: datetime) -> str:
    """Return the day as an agent can say it, the same in every locale: "20 November 2026"."""
    day = moment.astimezone(UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _name(facts: Sequence[Fact]) -> str:
    by_key: dict[str, Fact] = {}
    for fact in sorted(facts, key=lambda fact: fact.occurred_at):
        if fact.value:
            by_key[_plain(fact.key)] = fact
    return next((by_key[key].value for key in NAME_KEYS if key in by_key), "")


def _preferences(facts: Sequence[Fact]) -> str:
    return "; ".join(
        f"{_plain(fact.key).replace('_', ' ')}: {fact.value}"
        for fact in facts
        if "prefer" in _plain(fact.key) and _plain(fact.key) not in NAME_KEYS
    )


def _plain(key: str) -> str:
    return re.sub(r"[\s_-]+", "_", key.strip().casefold())


def _rolling_summary(recent: Sequence[CallNote]) -> str:
    """Return whole sentences, newest call first, each with its date if known, in the budget."""
    summary = ""
    for note in recent:
        is_dated = is_known_moment(note.started_at)
        lead = f"{spoken_date(note.started_at)}:" if is_dated else ""
        for sentence in filter(None, map(str.strip, _SENTENCE_END.split(note.summary))):
            longer = " ".join(filter(None, (summary, lead, sentence)))
            if len(longer) > SUMMARY_CHARS:
                return summary or _cut(longer)
            summary, lead = longer, ""
    return summary


def _cut(text: str) -> str:
    return text[: SUMMARY_CHARS - 1].rsplit(" ", 1)[0] + "…"
