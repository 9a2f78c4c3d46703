"""Where the secrets of a text are."""

from collections.abc import Collection

from voice.redaction.card import find_cards
from voice.redaction.coded import find_coded, find_written_ssns
from voice.redaction.gist import Gist
from voice.redaction.iban import find_ibans
from voice.redaction.span import Span, Text, without_overlaps
from voice.redaction.tokens import find_runs, may_hold_digits


def find_secrets(text: Text, kinds: Collection[str]) -> list[Span]:
    """Return the secrets of these kinds, in order and without overlaps."""
    folded = text.folded
    if not kinds or not _may_hold_secret(text, kinds) or not may_hold_digits(folded):
        return []
    runs = find_runs(folded)
    if not runs:
        return []
    spans: list[Span] = []
    if "iban" in kinds:
        spans += find_ibans(folded, runs)
    if "card" in kinds:
        spans += (span for span in find_cards(folded, runs) if span.kind in kinds)
    if "ssn" in kinds:
        spans += find_written_ssns(folded)
    spans += find_coded(text, runs, kinds, spans)
    return without_overlaps(spans)


def _may_hold_secret(text: Text, kinds: Collection[str]) -> bool:
    gist = Gist(text.folded)
    is_asked = any(line.asked for line in text.lines)
    return gist.may_hold(kinds, speaks_of_codes=is_asked) or (
        gist.has_code and gist.speaks_of_codes
    )
