"""Where a secret stands, and in what text it is looked for."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from voice.redaction.fold import BREAK


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A secret of some kind at a place in a text; `digits` are what it says, if that is known."""

    kind: str
    start: int
    end: int
    digits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    A folded text and what was asked for before it.

    `asked`: the kinds of secrets. `continues`: it may go on with a number of the line before.
    """

    text: str
    asked: frozenset[str] = frozenset()
    continues: bool = False


class Text:
    """Lines as one text: a number may begin in one and end in the next that continues it."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self._starts: list[int] = []
        parts: list[str] = []
        length = 0
        for line in lines:
            self._starts.append(length + 1)
            parts.append(("\n" if line.continues else BREAK) + line.text)
            length += len(line.text) + 1
        self.folded = "".join(parts)

    def asked(self, place: int) -> frozenset[str]:
        """Return what was asked for before the line at `place`."""
        return self.lines[self._number(place)].asked

    def line(self, place: int) -> tuple[int, int]:
        """Return where the line at `place` begins and ends."""
        number = self._number(place)
        return self._starts[number], self._starts[number] + len(self.lines[number].text)

    def split(self, span: Span) -> list[tuple[int, int, int]]:
        """Return the parts of a span: number of the line, and where in it."""
        parts = []
        number = self._number(span.start)
        while number < len(self.lines) and self._starts[number] < span.end:
            first = self._starts[number]
            start = max(span.start - first, 0)
            end = min(span.end - first, len(self.lines[number].text))
            if start < end:
                parts.append((number, start, end))
            number += 1
        return parts

    def _number(self, place: int) -> int:
        return max(bisect_right(self._starts, place) - 1, 0)


def without_overlaps(spans: Collection[Span]) -> list[Span]:
    """Return the spans in order of place; of those that overlap, the one given first."""
    kept: list[tuple[int, Span]] = []
    for rank, span in sorted(enumerate(spans), key=lambda each: (each[1].start, each[0])):
        while kept and kept[-1][1].end > span.start and kept[-1][0] > rank:
            kept.pop()
        if not kept or kept[-1][1].end <= span.start:
            kept.append((rank, span))
    return [span for _, span in kept]
