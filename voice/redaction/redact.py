"""Placeholders in place of secrets, in one text or in the lines of a conversation."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from voice.redaction.conversation import (
    LONG,
    MAX_GO_ON,
    Conversation,
    asked_kinds,
    may_end_number,
    same_digits,
)
from voice.redaction.find import find_secrets
from voice.redaction.fold import BREAK, PLACEHOLDERS, fold
from voice.redaction.gist import Gist
from voice.redaction.span import Line, Text
from voice.redaction.tokens import may_hold_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One line of a conversation."""

    is_user: bool
    text: str


def redact(text: str, kinds: Collection[str]) -> str:
    """
    Return `text` with a placeholder for every secret of these kinds, written or spoken.

    Redacting the result again changes nothing.
    """
    return redact_after("", text, kinds)


def redact_after(question: str, text: str, kinds: Collection[str]) -> str:
    """Return `text` redacted as the answer to `question`, such as the name of a form's field."""
    asked = asked_kinds(fold(question)) if question else frozenset()
    while True:
        spans = find_secrets(Text([Line(text=fold(text), asked=asked)]), kinds)
        if not spans:
            return text
        text = _replaced(text, [(span.start - 1, span.end - 1, span.kind) for span in spans])


def redact_conversation(
    said: Sequence[Said], kinds: Collection[str]
) -> tuple[list[str], dict[str, str]]:
    """
    Return the lines redacted, and the digits of what was found with their kind.

    A number told in parts over several lines is found, and so is the answer to a question.
    """
    texts = [line.text for line in said]
    secrets: dict[str, str] = {}
    if not kinds or not (
        _may_hold_secret(said, kinds, _is_long) and _may_hold_secret(said, kinds, may_end_number)
    ):
        return texts, secrets
    for is_user in (True, False):  # most conversations hold no number of three digits
        together = "\n".join(line.text for line in said if line.is_user == is_user)
        if may_hold_secret(fold(together)):
            break
    else:
        return texts, secrets
    while True:
        conversation = Conversation(
            [fold(text) for text in texts], [line.is_user for line in said], kinds
        )
        if not conversation.places:
            return texts, secrets
        secrets |= conversation.secrets
        for number, places in conversation.places.items():
            texts[number] = _replaced(texts[number], places)


def redact_known(text: str, secrets: Mapping[str, str]) -> str:
    """Return `text` without the digits of `secrets` that are long enough to be no accident."""
    known = {digits: kind for digits, kind in secrets.items() if len(digits) >= LONG}
    return _replaced(text, list(same_digits(fold(text), known))) if known else text


def _replaced(text: str, places: Sequence[tuple[int, int, str]]) -> str:
    parts, end = [], 0
    for start, stop, kind in sorted(places):
        if start >= end:
            parts += [text[end:start], PLACEHOLDERS[kind]]
            end = stop
    return "".join([*parts, text[end:]])


def _is_long(folded: str) -> bool:
    return len(folded) > MAX_GO_ON


def _may_hold_secret(
    said: Sequence[Said], kinds: Collection[str], ends_number: Callable[[str], bool]
) -> bool:
    """
    Tell cheaply whether a secret may be in the lines, whatever was asked for before each.

    `ends_number`: what the user says after this line of the agent is another number.
    """
    user_lines: list[str] = []
    agent_lines: list[str] = []
    for line in said:
        folded = fold(line.text)
        if line.is_user:
            user_lines.append(folded)
        else:
            agent_lines.append(folded)
            if ends_number(folded):
                user_lines.append(BREAK)
    gists = [Gist("\n".join(user_lines)), Gist(BREAK.join(agent_lines))]
    return any(gist.may_hold(kinds, speaks_of_codes=False) for gist in gists) or (
        any(gist.has_code for gist in gists) and any(gist.speaks_of_codes for gist in gists)
    )
