"""The filters of the history, as they are typed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from history.values import EntryKind, Filters
from setting_values import seconds_of
from voice.identity import phone_key

CALLER_ID = "c_"  # what the id of a caller begins with, which stands for a masked number


class UnusableFilter(ValueError):
    """A filter that nobody can tell the meaning of; the message says what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed for each filter; None for what was not."""

    caller: str | None = None
    agent: str | None = None
    since: str | None = None
    until: str | None = None
    outcome: str | None = None
    direction: str | None = None
    text: str | None = None
    kind: EntryKind | None = None


def filters_of(typed: Typed, *, region: str | None, now: datetime) -> Filters:
    """Return the filters that are meant; raises UnusableFilter."""
    return Filters(
        caller=None if typed.caller is None else caller_of(typed.caller, region=region),
        agent=typed.agent,
        since=_moment("--since", typed.since, now=now),
        until=_moment("--until", typed.until, now=now, is_end=True),
        outcome=typed.outcome,
        direction=typed.direction,
        text=typed.text,
        kind=typed.kind,
    )


def caller_of(typed: str, *, region: str | None) -> str:
    """Return the key or the id of a caller, however it is written; raises UnusableFilter."""
    text = typed.strip()
    if ":" in text or "~" in text or text.startswith(CALLER_ID):  # web:…, line:…, +1…~2, c_…
        return text
    key = phone_key(text, region=region)
    if key is None:
        raise UnusableFilter(f"{typed!r} is no caller: give a number in E.164, such as +1…")
    return key


def _moment(
    option: str, typed: str | None, *, now: datetime, is_end: bool = False
) -> datetime | None:
    """
    Return the moment of "12h", "30d" (ago) or of a date or time in UTC.

    A date at the end of a span is the end of that day.
    """
    if typed is None:
        return None
    try:
        return now - timedelta(seconds=seconds_of(typed))
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise UnusableFilter(
            f"{option} {typed!r}: give 12h, 30d, 2w or a date, such as 2026-11-01 (UTC)"
        ) from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    is_date = len(typed.strip()) == len("2026-11-01")
    return moment + timedelta(days=1) if is_end and is_date else moment
