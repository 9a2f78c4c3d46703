"""Payment card numbers: by their check digit, by their first digits and by how they are told."""

import re
from collections.abc import Iterator, Sequence

from voice.redaction.numbers import Group, groups_of
from voice.redaction.span import Span
from voice.redaction.tokens import Run, most_digits

_MIN, _MAX = 13, 19
_FIRST_DIGITS = "2345689"
_USUAL_LENGTH = 16
_USUAL = {"3": (15, 14, 16)}
# Written this way, a number is a card wherever it stands in a longer one.
_SHAPES = {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (4, 3, 3, 3), (2,) * 8}
_PHONE_SHAPES = ((3, 3, 4), (1, 3, 3, 4), (3, 4), (4, 3, 3))
_BRANDS = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"30[0-5]|3095|3[689]"), (14, 16, 17, 18, 19)),
    (re.compile(r"35(?:2[89]|[3-8])|220[0-5]|50[1-9]|9792|8[12]"), (16, 17, 18, 19)),
    (re.compile(r"6"), (16, 17, 18, 19)),
    (re.compile(r"50(?:18|20|38)|5893|6304|6759|676[1-3]"), tuple(range(_MIN, _MAX + 1))),
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_ABOUT_CARDS = re.compile(
    r"card|visa|master ?card|amex|american express|maestro|diners|discover|credit|debit|kredit"
    r"|karte|tarjeta|carte|carta|cartao|kaart|kart[ay]|credito|debito"
)
_ABOUT_PHONES = re.compile(
    r"phone|mobile|\bcell|\bcall|telefon|handy|movil|celular|portable|ruf|fax|whats ?app|\btext me"
)
_MAX_ID = 40
_BEFORE_ID, _AFTER_ID = re.compile(r"[a-z0-9_-]+\Z"), re.compile(r"[a-z0-9_-]+")
_LETTER, _DIGIT = re.compile(r"[a-z_]"), re.compile(r"[0-9]")
_CONTEXT_CHARS = 80
_AFTER = re.compile(
    r"[^a-z0-9\x01\x02]{1,6}(?:(?:and|exp\w*|valid|good|thru|until|date|bis|gultig|hasta|caduca"
    r"|vence|expire\w*|et|und|y|is|the)[^a-z0-9\x01\x02]{1,3}){0,4}"
    r"(?:0?[1-9]|1[0-2]) ?[/.-] ?(?:20)?[0-9]{2}[^a-z0-9\x01\x02]{1,6}"
    r"(?:and[^a-z0-9\x01\x02]{1,3})?"
    r"([0-9]{3,4})(?![\w/:.,-]*[0-9])"
)
_EXPIRY_AND_CODE = re.compile(r"(?:(?:0[1-9]|1[0-2])(?:20)?[2-4][0-9])?[0-9]{3,4}")


def find_cards(folded: str, runs: Sequence[Run]) -> Iterator[Span]:
    """Yield every card number of the text, and a verification code that is told right after it."""
    for run in runs:
        found = _in_run(folded, run) if most_digits(run) >= _MIN else []
        yield from found
        for span in found:
            if span.kind == "card" and (code := _AFTER.match(folded, span.end)):
                yield Span(kind="cvv", start=code.start(1), end=code.end(1), digits=code[1])


def is_luhn(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others."""
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0


def is_card(digits: str) -> bool:
    """Tell whether these digits can be a card number: its length, first digits, check digit."""
    return (
        _MIN <= len(digits) <= _MAX
        and any(len(digits) in lengths and brand.match(digits) for brand, lengths in _BRANDS)
        and is_luhn(digits)
    )


def _in_run(folded: str, run: Run) -> list[Span]:
    for groups in _readings(run):
        if sum(len(group.digits) for group in groups) >= _MIN:
            spans = _Search(folded, groups, is_phone=run.is_phone).spans()
            if spans:
                return spans
    return []


def _readings(run: Run) -> Iterator[list[Group]]:
    """Yield the digits of the run in each way in which they can be meant."""
    yield groups_of(run, are_joined=True, by_sound=False)
    kinds = {token.kind for token in run.tokens}
    is_spoken = not kinds <= {"digits", "filler"}
    if is_spoken:
        yield groups_of(run, are_joined=False, by_sound=False)
    if "sound" in kinds:
        yield groups_of(run, are_joined=True, by_sound=True)
        yield groups_of(run, are_joined=False, by_sound=True)


class _Search:
    """
    The cards among the groups of a run.

    What is beside a card that was found is a number of its own: everything is looked for in one
    pass, so that many cards in a row take time in proportion.
    """

    def __init__(self, folded: str, groups: Sequence[Group], *, is_phone: bool) -> None:
        self._folded = folded
        self._groups = groups
        self._is_phone = is_phone

    def spans(self) -> list[Span]:
        found: list[tuple[int, int]] = []
        floor, first, top = 0, 0, len(self._groups) - 1
        while first <= top:
            last = self._last_from(first, floor, top)
            if last is None:
                first += 1
                continue
            found += [*self._before(first - 1, floor), (first, last)]
            floor = first = last + 1
        ends_with_card = floor > 0
        rest = list(self._before(top, floor))
        spans = [self._span("card", *window) for window in [*found, *rest]]
        code = self._code(floor, top) if ends_with_card and not rest else None
        return [*spans, code] if code else spans

    def _span(self, kind: str, first: int, last: int) -> Span:
        window = self._groups[first : last + 1]
        digits = "".join(group.digits for group in window)
        return Span(kind=kind, start=window[0].start, end=window[-1].end, digits=digits)

    def _before(self, last: int, floor: int) -> Iterator[tuple[int, int]]:
        """Yield the cards that end with the group `last`, and those before them."""
        while last >= floor:
            first = self._first_to(last, floor)
            if first is None:
                return
            yield first, last
            last = first - 1

    def _last_from(self, first: int, floor: int, top: int) -> int | None:
        """Return the last group of the card that begins with this one, None if none does."""
        if self._groups[first].digits[0] not in _FIRST_DIGITS:
            return None
        digits, best = "", (0, 0)
        for last in range(first, top + 1):
            digits += self._groups[last].digits
            if len(digits) > _MAX:
                break
            if len(digits) >= _MIN and is_card(digits):
                best = max(best, (self._rank(first, last, floor, top, digits), last))
        return best[1] if best[0] else None

    def _first_to(self, last: int, floor: int) -> int | None:
        digits, best = "", (0, 0)
        for first in range(last, floor - 1, -1):
            digits = self._groups[first].digits + digits
            if len(digits) > _MAX:
                break
            if len(digits) >= _MIN and is_card(digits):
                best = max(best, (self._rank(first, last, floor, last, digits), first))
        return best[1] if best[0] else None

    def _code(self, first: int, last: int) -> Span | None:
        """Return the card code at the end of what follows a card, such as "12 27 123"."""
        if not 0 <= last - first < _MAX:
            return None
        rest = "".join(group.digits for group in self._groups[first : last + 1])
        if not _EXPIRY_AND_CODE.fullmatch(rest):
            return None
        digits = ""
        for begin in range(last, first - 1, -1):
            digits = self._groups[begin].digits + digits
            if len(digits) in (3, 4):
                return self._span("cvv", begin, last)
        return None

    def _rank(self, first: int, last: int, floor: int, top: int, digits: str) -> int:
        """Return how well these groups stand for a card of their own, 0 if they do not."""
        groups = self._groups
        window = groups[first : last + 1]
        start, end = window[0].start, window[-1].end
        shape = tuple(len(group.digits) for group in window)
        is_written = all(group.is_written for group in window)
        is_usual = len(digits) in _USUAL.get(digits[0], (_USUAL_LENGTH,))
        is_shaped = is_written and (len(shape) == 1 or shape in _SHAPES)
        is_short = len(digits) < _USUAL_LENGTH
        if (is_written and _is_in_id(self._folded, start, end)) or (
            self._is_phone and first == 0 and is_short
        ):
            return 0
        about = self._folded[max(0, start - _CONTEXT_CHARS) : start]
        if not _ABOUT_CARDS.search(about):
            is_phone = is_written and any(shape[: len(each)] == each for each in _PHONE_SHAPES)
            if (is_short and _ABOUT_PHONES.search(about)) or (is_phone and shape not in _SHAPES):
                return 0
            if not (is_usual or is_shaped):
                return 0
        begins = first == floor or groups[first].is_apart
        ends = last == top or groups[last + 1].is_apart
        before = 0 if begins else shape[0] == len(groups[first - 1].digits)
        after = 0 if ends else shape[0] == len(groups[last + 1].digits)
        if is_shaped and not (before or after):  # no part of a longer row
            return 4
        if begins and ends:
            return 3 if is_usual else 2
        return 1 if is_usual and (begins or ends) else 0


def _is_in_id(folded: str, start: int, end: int) -> bool:
    """Tell whether letters and digits touch it, as in a UUID; "visa4242…" is none."""
    before = _BEFORE_ID.search(folded, max(0, start - _MAX_ID), start)
    after = _AFTER_ID.match(folded, end, end + _MAX_ID)
    touching = [found[0] if found else "" for found in (before, after)]
    return all(_LETTER.search(each) for each in touching) or any(
        _LETTER.search(each) and _DIGIT.search(each) for each in touching
    )
