"""What a memory holds for search: its stems, worked out once, when it is stored."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from memory.content import split_utterance
from memory.port import Conversation, Memory, MemoryKind
from memory.recall.names import addressed
from memory.recall.stems import STEMMER_VERSION, stems
from memory.recall.words import words

# Raise it whenever the terms of a text change, here or in what words, stems and codes are: memory
# is then derived anew, so that no index is part old and part new.
TERMS = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPEAKER = re.compile(r"([^\W\d_a-zß-ÿ][\w .]{0,30}): ")
_QUESTION_MARKS = ("?", "\uff1f", "\u061f")


class Terms(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """
    One memory as search sees it; lists of stems are text, separated by spaces.

    `said` are the stems of the memory itself, `heard` those of the agent's line that it answers,
    in order. `names` are those that may be the caller's name: the value of a fact that is a
    name, or what the agent's line addresses the caller by.
    """

    kind: MemoryKind
    id: str
    key: str
    speaker: str
    said: str
    heard: str
    names: str
    asks: bool  # what was said is a question
    heard_asks: bool  # the agent's line is one
    occurred_us: int


class ConversationTerms(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The terms of every memory of one conversation record."""

    conversation_id: str
    source: str
    language: str
    memories: tuple[Terms, ...]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(ConversationTerms)


def terms_of(conversation: Conversation) -> ConversationTerms:
    """Return what search needs of `conversation`; the work is that of this conversation alone."""
    language = conversation.language
    return ConversationTerms(
        conversation_id=conversation.id,
        source=conversation.kind,
        language=language,
        memories=tuple(_terms(memory, language) for memory in conversation.memories),
    )


def pack(terms: ConversationTerms) -> bytes:
    """Return `terms` as bytes, for a store to keep."""
    return _ENCODER.encode(terms)


def unpack(packed: bytes) -> ConversationTerms:
    """Return what was packed; raises msgspec.MsgspecError for anything else."""
    return _DECODER.decode(packed)


def _terms(memory: Memory, language: str) -> Terms:
    speaker, said, heard = _parts(memory)
    said_stems = stems(words(said), language)
    return Terms(
        kind=memory.kind,
        id=memory.id,
        key=memory.key,
        speaker=speaker,
        said=" ".join(said_stems),
        heard=" ".join(stems(words(heard), language)),
        names=" ".join(_names(memory, said_stems, heard, language)),
        asks=_is_question(said),
        heard_asks=_is_question(heard),
        occurred_us=(memory.occurred_at - _EPOCH) // timedelta(microseconds=1),
    )


def _is_question(text: str) -> bool:
    return text.rstrip(' ")').endswith(_QUESTION_MARKS)


def _parts(memory: Memory) -> tuple[str, str, str]:
    """Return (speaker, what was said, the agent's line) of a memory."""
    if memory.kind != "utterance":
        return "", memory.content, ""
    said, heard = split_utterance(memory.content)
    speaker = _SPEAKER.match(said)
    return (speaker[1].casefold(), said[speaker.end() :], heard) if speaker else ("", said, heard)


def _names(memory: Memory, said: Sequence[str], heard: str, language: str) -> Sequence[str]:
    if memory.kind == "fact" and "name" in memory.key.casefold():
        label = set(stems(words(memory.key), language))
        return [stem for stem in said if stem not in label]
    found = addressed(heard) if heard else ()
    return stems(words(" ".join(found)), language) if found else ()


def rules() -> str:
    """Return what names the rules by which terms are made, the stemmer's version among them."""
    return f"{TERMS}-{STEMMER_VERSION}"
