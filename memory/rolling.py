"""Summaries within a budget of characters, in whole sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.alike import Gist, gist_of, is_alike
from memory.moments import is_known_moment, spoken_date
from memory.sentences import sentences

_TIMES = ("", "once", "twice", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MORE_WORDS = 3  # from here on a number of times takes the word "times"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNote:
    """The summary of one call; `speaker` is the name given there, if it is not the owner's."""

    started_at: datetime
    summary: str
    speaker: str = ""


def rolling_summary(recent: Sequence[CallNote], *, max_chars: int) -> str:
    """
    Return what the calls in `recent`, newest first, came to, each with its date if known.

    Calls that came to the same are told once, with the newest one's words and how many there were.
    What is left out to keep `max_chars` is the end: the oldest call's last sentences first.
    A sentence that is longer than the whole budget is passed over; only if there is no other
    at all, the first is shown cut, ending in "…".
    """
    return _within(_dated(recent), max_chars=max_chars)


def gave_the_name(speaker: str) -> str:
    """Return what a summary says of a call that was not the owner's: "The caller gave …"."""
    return f"The caller gave the name {speaker}"


def whole_sentences(text: str, *, max_chars: int) -> str:
    """Return the first sentences of `text` that fit; see `rolling_summary` for too long ones."""
    return _within(((0, "", sentence) for sentence in sentences(text)), max_chars=max_chars)


def _dated(recent: Sequence[CallNote]) -> Iterator[tuple[int, str, str]]:
    """Yield (which call, its date, one of its sentences)."""
    for number, (call, times_before) in enumerate(_told_once(recent)):
        date = _lead(call, times_before)
        for sentence in sentences(call.summary):
            yield number, date, sentence


def _told_once(recent: Sequence[CallNote]) -> list[tuple[CallNote, int]]:
    """Return (call, how many before it came to the same), newest first."""
    told: list[tuple[CallNote, Gist]] = []
    times_before: list[int] = []
    for call in recent:
        gist = gist_of(call.summary)
        same = [
            place
            for place, (newer, its_gist) in enumerate(told)
            if newer.speaker == call.speaker and is_alike(gist, its_gist)
        ]
        if same:
            times_before[same[0]] += 1
        else:
            told.append((call, gist))
            times_before.append(0)
    return [(call, times) for (call, _), times in zip(told, times_before, strict=True)]


def _lead(call: CallNote, times_before: int) -> str:
    """
    Return what is told before a call's summary: "22 August 2026, and four times before:", and
    before that of somebody else "22 August 2026 (the caller gave the name Bea):".
    """
    parts = [spoken_date(call.started_at)] if is_known_moment(call.started_at) else []
    if times_before:
        number = _TIMES[times_before] if times_before < len(_TIMES) else str(times_before)
        times = f"{number} times" if times_before >= _MORE_WORDS else number
        parts.append(f"and {times} before" if parts else f"Told {times} before")
    if call.speaker:
        given = gave_the_name(call.speaker)
        return f"{', '.join(parts)} (t{given[1:]}):" if parts else f"({given}):"
    return f"{', '.join(parts)}:" if parts else ""


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
