"""Digits that are a secret because of the words for it: card codes, one-time codes and the like."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence

from voice.redaction.fold import BREAK, OPAQUE
from voice.redaction.numbers import Group, groups_of
from voice.redaction.phrases import (
    AFTER,
    BEFORE,
    CARD_CODE,
    DATE,
    IS,
    ONE_TIME_CODE,
    OTHER,
    SOCIAL_SECURITY,
    TIME,
    TO_WHAT,
)
from voice.redaction.span import Span, Text
from voice.redaction.tokens import Run

# In this order: four digits after "security code" are of a card, six are not.
WORDS = {"ssn": SOCIAL_SECURITY, "cvv": CARD_CODE, "otp": ONE_TIME_CODE}
_LENGTHS = {"ssn": (9, 9), "cvv": (3, 4), "otp": (4, 8)}
_MAX_AFTER = 80  # characters between the words and the digits
_MAX_ANSWER_WORDS = 14  # of an answer, beside the digits
_MAX_TRIED = 5  # runs after the words
_MAX_GROUPS = 40  # of them, more than any number has digits
_PAST = re.compile("[\x01\x02.!?]")
_MAX_BACK = 30  # characters between the digits and the words after them
_SSN = re.compile(
    r"(?<![0-9-])(?<![0-9] )(?!000|666|9)([0-9]{3})([-. ])(?!00)([0-9]{2})\2(?!0000)([0-9]{4})"
    r"(?![ -]?[0-9])"
)


def find_written_ssns(folded: str) -> Iterator[Span]:
    """Yield what is written like a social security number, with numbers that are given out."""
    for found in _SSN.finditer(folded):
        before = folded[max(0, found.start() - 40) : found.start()]
        is_doubtful = found[2] == " " and (found[1].startswith("0") or OTHER.search(before))
        if not is_doubtful and not before.rstrip().endswith("+"):
            digits = found[1] + found[3] + found[4]
            yield Span(kind="ssn", start=found.start(), end=found.end(), digits=digits)


def find_coded(
    text: Text, runs: Sequence[Run], kinds: Collection[str], taken: Sequence[Span]
) -> list[Span]:
    """Return the digits that the words for a kind, or a question for it, make a secret."""
    spans = list(taken)
    read: list[list[Group]] = []
    for kind, words in WORDS.items():
        is_asked = any(kind in line.asked for line in text.lines)
        if kind in kinds and (is_asked or words.search(text.folded)):
            read = read or [groups_of(run, are_joined=True, by_sound=False) for run in runs]
            free = _without(read, spans)
            spans += _by_words(text.folded, free, kind, words)
            if is_asked:
                spans += _by_question(text, _without(read, spans), kind)
    return spans[len(taken) :]


def _by_words(
    folded: str, runs: Sequence[Sequence[Group]], kind: str, words: re.Pattern[str]
) -> Iterator[Span]:
    ends = [groups[-1].end for groups in runs]
    for found in words.finditer(folded):
        # The words themselves may hold number words: "dos" is the back and two.
        last = bisect_right(ends, found.start()) - 1
        for groups in runs[last + 1 : last + 1 + _MAX_TRIED]:
            first = bisect_left(groups, found.end(), key=_start)
            after = groups[first : first + _MAX_GROUPS]
            if after and after[0].start - found.end() > _MAX_AFTER:
                break
            span = _value(folded, after, kind, since=found.end()) if after else None
            if span:
                yield span
                break
        is_near = last >= 0 and found.start() - ends[last] <= _MAX_BACK
        if is_near and IS.match(folded[ends[last] : found.start()]):
            span = _value(folded, runs[last], kind, since=ends[last] - _MAX_BACK, is_last=True)
            if span:
                yield span


def _start(group: Group) -> int:
    return group.start


def _by_question(text: Text, runs: Sequence[Sequence[Group]], kind: str) -> Iterator[Span]:
    """Yield the answers to the agent's question for this kind."""
    for groups in runs:
        start = groups[0].start
        if kind not in text.asked(start):
            continue
        begin, end = text.line(start)
        rest = text.folded[begin:start] + " " + text.folded[groups[-1].end : end]
        if OPAQUE in rest or len(rest.split()) > _MAX_ANSWER_WORDS:
            continue
        span = _value(text.folded, groups, kind, since=begin)
        if span:
            yield span


def _value(
    folded: str, groups: Sequence[Group], kind: str, *, since: int, is_last: bool = False
) -> Span | None:
    """Return the digits of the groups that are a value of this kind, told after `since`."""
    for start, end, digits in _candidates(groups, *_LENGTHS[kind], is_last=is_last):
        before = folded[max(since, start - _MAX_AFTER, 0) : start]
        if is_last:
            before = _PAST.split(before)[-1]
        if BREAK in before or OPAQUE in before or BEFORE.search(before[-20:]):
            continue
        if OTHER.search(TO_WHAT.sub("", before)) or AFTER.match(folded, end):
            continue
        written = folded[start:end]
        if kind != "ssn" and (TIME.fullmatch(written) or DATE.fullmatch(written)):
            continue
        return Span(kind=kind, start=start, end=end, digits=digits)
    return None


def _candidates(
    groups: Sequence[Group], least: int, most: int, *, is_last: bool
) -> Iterator[tuple[int, int, str]]:
    """Yield where a number of that length may stand: all, what commas part, one group."""
    parts: list[list[Group]] = []
    for group in groups:
        if group.is_apart or not parts:
            parts.append([])
        parts[-1].append(group)
    singles = [[group] for group in groups if group.is_written]
    wanted = [*reversed(parts), *reversed(singles)] if is_last else [*parts, *singles]
    for part in [list(groups), *wanted]:
        digits = "".join(group.digits for group in part)
        if least <= len(digits) <= most:
            yield part[0].start, part[-1].end, digits


def _without(read: Sequence[Sequence[Group]], taken: Sequence[Span]) -> list[list[Group]]:
    """Return the groups of every run, cut where something else was found."""
    places = sorted((span.start, span.end) for span in taken)
    starts = [start for start, _ in places]
    free: list[list[Group]] = []
    for groups in read:
        current: list[Group] = []
        for group in groups:
            index = bisect_left(starts, group.end) - 1
            if index >= 0 and places[index][1] > group.start:
                free += [current] if current else []
                current = []
            else:
                current.append(group)
        free += [current] if current else []
    return free
