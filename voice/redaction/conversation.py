"""The secrets in the lines of a conversation: answers to questions, numbers told in parts."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from voice.redaction.coded import WORDS
from voice.redaction.find import find_secrets
from voice.redaction.fold import OPAQUE
from voice.redaction.numbers import Group, groups_of
from voice.redaction.phrases import ASKS_FOR_MORE
from voice.redaction.span import Line, Span, Text
from voice.redaction.tokens import find_runs, may_hold_digits, may_hold_secret

LONG = 5  # digits that are the same secret wherever they are
MAX_GO_ON = 80  # characters of what an agent says while a number is told in parts
_MAX_PATIENCE = 3  # lines of the agent after which a question is forgotten
_NEAR = 6  # lines in which three or four digits are the same secret again

Place = tuple[int, int, str]  # begin, end and kind, in one line


class Conversation:
    """What is found in folded lines: the places in each, and the digits with their kind."""

    def __init__(
        self, lines: Sequence[str], are_users: Sequence[bool], kinds: Collection[str]
    ) -> None:
        self._lines = lines
        self._are_users = are_users
        self._kinds = kinds
        self.places: dict[int, list[Place]] = defaultdict(list)
        self.secrets: dict[str, str] = {}
        self._lines_of: dict[str, list[int]] = defaultdict(list)
        self._find_in(*self._user_lines(), is_user=True)
        agents = [number for number, is_user in enumerate(are_users) if not is_user]
        self._find_in(agents, [Line(text=lines[number]) for number in agents], is_user=False)
        if self.secrets:
            self._find_again()

    def _find_in(self, numbers: Sequence[int], lines: Sequence[Line], *, is_user: bool) -> None:
        text = Text(lines)
        for span in find_secrets(text, self._kinds):
            parts = list(_without_words(text, span))
            for index, start, end in parts:
                self.places[numbers[index]].append((start, end, span.kind))
                self._lines_of[span.digits].append(numbers[index])
            if span.digits:
                self.secrets[span.digits] = span.kind
            if is_user and len(parts) > 1:
                between = range(numbers[parts[0][0]], numbers[parts[-1][0]] + _NEAR // 2)
                self._find_parts(between, span.digits, span.kind)

    def _find_parts(self, between: range, digits: str, kind: str) -> None:
        """Find what the agent repeats of a number while it is told in parts."""
        for number in between:
            if number < len(self._lines) and not self._are_users[number]:
                for start, end, said in _numbers(self._lines[number]):
                    if len(said) > 1 and said in digits and not digits.endswith(said):
                        self.places[number].append((start, end, kind))

    def _find_again(self) -> None:
        """Find the same digits in other lines."""
        for number, line in enumerate(self._lines):
            for start, end, kind, digits in _same(line, self.secrets):
                near = self._lines_of[digits]
                after = bisect_left(near, number - _NEAR)
                is_near = after < len(near) and near[after] <= number + _NEAR
                if len(digits) >= LONG or is_near:
                    self.places[number].append((start, end, kind))

    def _user_lines(self) -> tuple[list[int], list[Line]]:
        """Return the user's lines, each with what the agent asked for before it."""
        numbers: list[int] = []
        lines: list[Line] = []
        asked: frozenset[str] = frozenset()
        patience, continues = 0, False
        for number, (text, is_user) in enumerate(zip(self._lines, self._are_users, strict=True)):
            if is_user:
                numbers.append(number)
                lines.append(Line(text=text, asked=asked, continues=continues))
                continues = True
                if asked and (OPAQUE in text or may_hold_secret(text)):
                    asked = frozenset()  # that was the answer
                continue
            spoken_of = asked_kinds(text)
            asks_for_more = ASKS_FOR_MORE.search(text) is not None
            continues = continues and not spoken_of and not may_end_number(text)
            patience = _MAX_PATIENCE if spoken_of else patience - 1
            if spoken_of or asks_for_more or patience <= 0:
                asked = spoken_of
        return numbers, lines


def _without_words(text: Text, span: Span) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of a span in its lines: of several, without the words at their ends."""
    parts = text.split(span)
    for index, start, end in parts:
        if len(parts) == 1 or span.kind == "iban":  # which has letters too
            yield index, start, end
        elif runs := find_runs(text.lines[index].text[start:end]):
            yield index, start + runs[0].start, start + runs[-1].end


def may_end_number(folded: str) -> bool:
    """Tell whether a number is not told on after this line of the agent, were no code asked for."""
    return len(folded) > MAX_GO_ON or ASKS_FOR_MORE.search(folded) is not None


def asked_kinds(folded: str) -> frozenset[str]:
    """Return the kinds of secrets that a line speaks of."""
    return frozenset(kind for kind, words in WORDS.items() if words.search(folded))


def same_digits(folded: str, secrets: Mapping[str, str]) -> Iterator[Place]:
    """Yield where the digits of a secret stand in a text again."""
    return ((start, end, kind) for start, end, kind, _ in _same(folded, secrets))


def _same(folded: str, secrets: Mapping[str, str]) -> Iterator[tuple[int, int, str, str]]:
    for start, end, digits in _numbers(folded):
        if digits in secrets:
            yield start, end, secrets[digits], digits


def _numbers(folded: str) -> Iterator[tuple[int, int, str]]:
    """Yield every number of a text: whole runs, what commas part, and what is written apart."""
    if not may_hold_digits(folded):
        return
    for run in find_runs(folded):
        groups = groups_of(run, are_joined=True, by_sound=False)
        parts: list[list[Group]] = []
        for group in groups:
            if group.is_apart or not parts:
                parts.append([])
            parts[-1].append(group)
        singles = [[group] for group in groups if group.is_written]
        for part in [groups, *parts, *singles]:
            if part:
                yield part[0].start, part[-1].end, "".join(group.digits for group in part)
