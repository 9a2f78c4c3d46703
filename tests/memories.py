"""Conversations and memories with plausible defaults, for the tests of memory and processor."""

from datetime import UTC, datetime, timedelta

from memory.port import Conversation, Failure, Memory, Note
from memory.speakers import name_given

ANA = "+15550100142"
BEN = "+15550100177"
MONDAY = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)


def a_memory(content="Caller: “A table for two, please.”", **given):
    values = {
        "id": "conv_1/utterance/1",
        "caller": ANA,
        "conversation_id": "conv_1",
        "agent_id": "agent_1",
        "kind": "utterance",
        "content": content,
        "sector": "episodic",
        "salience": 0.8,
        "occurred_at": MONDAY,
    }
    return Memory(**(values | given))


def a_note(text="Ana prefers tea.", **given):
    values = {"kind": "preference", "by": "caller", "source": "summary"}
    return Note(text=text, **(values | given))


def a_call(
    conversation_id="conv_1",
    *,
    caller=ANA,
    said=(),
    facts=(),
    notes=(),
    summary="",
    at=MONDAY,
    **given,
):
    """
    A call with one utterance for each of `said` and one fact for each (key, value).

    Who speaks follows from the facts, as it does in what is derived.
    """

    def memory(kind, name, content, seconds, **more):
        return a_memory(
            content,
            id=f"{conversation_id}/{kind}/{name}",
            caller=caller,
            conversation_id=conversation_id,
            kind=kind,
            occurred_at=at + timedelta(seconds=seconds),
            **more,
        )

    memories = [memory("utterance", i, text, i) for i, text in enumerate(said)]
    for key, value in dict(facts).items():
        words = key.replace("_", " ")
        memories.append(memory("fact", key, f"{words}: {value}", 0, key=key, salience=1.0))
    if summary:
        memories.append(memory("summary", "", summary, 0, salience=0.9))
    values = {
        "id": conversation_id,
        "kind": "call",
        "version": (at.timestamp(), "ab" * 32),
        "caller": caller,
        "channel": "phone",
        "direction": "inbound",
        "agent_id": "agent_1",
        "agent_line": "+15550100100",
        "started_at": at,
        "duration_secs": 61.5,
        "language": "en",
        "outcome": "success",
        "summary": summary,
        "speaker": name_given(memories) if caller else "",
        "memories": tuple(memories) if caller else (),
        "notes": notes if caller else (),
    }
    return Conversation(**(values | given))


def a_failure(file="conv_9/conv_9_transcription.json", **given):
    values = {"error": "no data object", "attempts": 1, "next_attempt_at": MONDAY}
    return Failure(file=file, **(values | given))


async def exported(store):
    return [line async for line in store.export()]
