"""Bodies of requests and answers without secrets, for the payload log."""

import json
from collections.abc import Collection
from typing import Any

from voice.redaction.redact import Said, redact, redact_after, redact_conversation, redact_known

_MAX_TEXT_CHARS = 100_000
_CUT = "… [cut]"


def redact_body(body: str, kinds: Collection[str]) -> str:
    """
    Return the text of a body with a placeholder for every secret of these kinds.

    JSON is redacted string by string, the turns of a transcript together; it is returned as it
    came if nothing is found. Very long strings, such as recordings, are cut then.
    """
    if not kinds:
        return body
    try:
        document = json.loads(body)
        redacted = _Redaction(kinds).of(document)
        return body if redacted == document else json.dumps(redacted, ensure_ascii=False)
    except (ValueError, RecursionError):
        return redact(body, kinds)


class _Redaction:
    """One document's: what is found in a transcript is found in what comes after it too."""

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = kinds
        self._secrets: dict[str, str] = {}
        self._names: dict[str, str] = {}  # most are used again and again

    def of(self, value: Any, *, key: str = "") -> Any:
        if isinstance(value, str):
            return self._text(value, key)
        if isinstance(value, dict):
            return self._members(value, key)
        if isinstance(value, list):
            turns = self._turns(value) if _is_transcript(value) else value
            return [self.of(each, key=key) for each in turns]
        if isinstance(value, int | float) and not isinstance(value, bool):
            text = self._text(repr(value), key)
            return value if text == repr(value) else text
        return value

    def _members(self, value: dict[str, Any], key: str) -> dict[str, Any]:
        # A collected value stands under "value", below the name of what was asked for. The
        # transcript is first: what is found in it is known to the others.
        names = sorted(value, key=lambda name: not _is_transcript(value[name]))
        below = {
            name: self.of(value[name], key=f"{key} {name}" if name == "value" else name)
            for name in names
        }
        return {self._name(name): below[name] for name in value}

    def _name(self, name: str) -> str:
        if name not in self._names:
            self._names[name] = redact(name, self._kinds)
        return self._names[name]

    def _turns(self, turns: list[Any]) -> list[Any]:
        spoken = [number for number, turn in enumerate(turns) if _is_turn(turn)]
        said = [
            Said(
                is_user=turns[number].get("role") == "user",
                text=turns[number]["message"][:_MAX_TEXT_CHARS],
            )
            for number in spoken
        ]
        messages, secrets = redact_conversation(said, self._kinds)
        self._secrets |= secrets
        by_number = dict(zip(spoken, messages, strict=True))
        return [
            {**turn, "message": by_number[number]} if number in by_number else turn
            for number, turn in enumerate(turns)
        ]

    def _text(self, text: str, key: str) -> str:
        if len(text) > _MAX_TEXT_CHARS:
            text = text[:_MAX_TEXT_CHARS] + _CUT
        question = key.replace("_", " ").replace("-", " ")
        return redact_known(redact_after(question, text, self._kinds), self._secrets)


def _is_transcript(value: Any) -> bool:
    return isinstance(value, list) and any(map(_is_turn, value))


def _is_turn(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("message"), str) and "role" in value
