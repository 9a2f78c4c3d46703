"""Summaries within a budget of characters, in whole sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.moments import is_known_moment, spoken_date
from memory.sentences import sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNote:
    """The summary of one call."""

    started_at: datetime
    summary: str


def rolling_summary(recent: Sequence[CallNote], *, max_chars: int) -> str:
    """
    Return what the calls in `recent`, newest first, came to, each with its date if known.

    What is left out to keep `max_chars` is the end: the oldest call's last sentences first.
    A sentence that is longer than the whole budget is passed over; only if there is no other
    at all, the first is shown cut, ending in "…".
    """
    return _within(_dated(recent), max_chars=max_chars)


def whole_sentences(text: str, *, max_chars: int) -> str:
    """Return the first sentences of `text` that fit; see `rolling_summary` for too long ones."""
    return _within(((0, "", sentence) for sentence in sentences(text)), max_chars=max_chars)


def _dated(recent: Sequence[CallNote]) -> Iterator[tuple[int, str, str]]:
    """Yield (which call, its date, one of its sentences)."""
    for number, call in enumerate(recent):
        is_dated = is_known_moment(call.started_at)
        date = f"{spoken_date(call.started_at)}:" if is_dated else ""
        for sentence in sentences(call.summary):
            yield number, date, sentence


def _within(dated: Iterator[tuple[int, str, str]], *, max_chars: int) -> str:
    told, too_long, last_call = "", "", -1
    for call, date, sentence in dated:
        one_line = " ".join(sentence.split())
        if len(date) + 1 + len(one_line) > max_chars:
            too_long = too_long or f"{date} {one_line}".strip()
            continue
        lead = date if call != last_call else ""
        longer = " ".join(part for part in (told, lead, one_line) if part)
        if len(longer) > max_chars:
            break
        told, last_call = longer, call
    return told or _cut(too_long, max_chars=max_chars)


def _cut(text: str, *, max_chars: int) -> str:
    if len(text) <= max_chars:
        return text
    kept = text[: max_chars - 1]
    return f"{kept.rpartition(' ')[0] or kept}…"
