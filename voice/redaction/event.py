"""Events without secrets."""

from collections.abc import Collection
from dataclasses import replace

from voice.events import CallEnded, CallFailed, Event
from voice.redaction.redact import Said, redact, redact_after, redact_conversation, redact_known


def redact_event(event: Event, kinds: Collection[str]) -> Event:
    """
    Return the event with a placeholder for every secret of these kinds in its texts.

    Redacting the result again changes nothing.
    """
    if not kinds:
        return event
    if isinstance(event, CallFailed):
        return replace(event, reason=redact(event.reason, kinds))
    return _redacted_call(event, kinds)


def _redacted_call(event: CallEnded, kinds: Collection[str]) -> CallEnded:
    said = [Said(is_user=turn.role == "user", text=turn.message) for turn in event.turns]
    messages, secrets = redact_conversation(said, kinds)

    def without(text: str, *, question: str) -> str:
        return redact_known(redact_after(question, text, kinds), secrets)

    return replace(
        event,
        summary=without(event.summary, question=""),
        title=without(event.title, question=""),
        collected=tuple(
            replace(item, value=without(item.value, question=_as_words(item.key)))
            for item in event.collected
        ),
        evaluations=tuple(
            replace(each, rationale=without(each.rationale, question=""))
            for each in event.evaluations
        ),
        turns=tuple(
            turn if turn.message == message else replace(turn, message=message)
            for turn, message in zip(event.turns, messages, strict=True)
        ),
    )


def _as_words(key: str) -> str:
    return key.replace("_", " ").replace("-", " ")
