"""What a memory holds for search: its stems, worked out once, when it is stored."""

import re
import struct
from datetime import UTC, datetime, timedelta
from itertools import chain

import msgspec

from memory.content import split_utterance
from memory.port import Conversation, Memory, MemoryKind
from memory.recall.names import addressed
from memory.recall.stems import STEMMER_VERSION, stems
from memory.recall.words import words_of

# Raise it whenever the terms of a text change, here or in what words, stems and codes are: memory
# is then derived anew, so that no index is part old and part new.
TERMS = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CALLER = "Caller: "  # who speaks in nearly every memory
_SPEAKER = re.compile(r"([^\W\d_a-zß-ÿ][\w .]{0,30}): ")
_QUESTION_MARKS = ("?", "\uff1f", "\u061f")


class Terms(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """
    One memory as search sees it, but for what is said in it.

    `names` are stems that may be the caller's name, separated by spaces: the value of a fact that
    is a name, or what the agent's line addresses the caller by. `value` are those of a fact, ""
    for anything else.
    """

    kind: MemoryKind
    id: str
    key: str
    speaker: str
    names: str
    value: str
    asks: bool  # what was said is a question
    heard_asks: bool  # the agent's line is one
    occurred_us: int


class Text(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """
    One text for each memory: `lengths` in stems, and the stems of all, one after the other.

    Both are little-endian 32-bit numbers; a stem is its place in the conversation's `stems`.
    """

    lengths: bytes
    numbers: bytes


class ConversationTerms(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """
    The terms of every memory of one conversation record.

    `said` is what the memories say, `heard` the agent's lines that they answer. `stems` are all
    different ones, separated by spaces.
    """

    conversation_id: str
    source: str
    language: str
    memories: tuple[Terms, ...]
    stems: str
    said: Text
    heard: Text


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(ConversationTerms)


def terms_of(conversation: Conversation) -> ConversationTerms:
    """Return what search needs of `conversation`; the work is that of this conversation alone."""
    language = conversation.language
    parts = [_parts(memory) for memory in conversation.memories]
    texts = [text for part in parts for text in part[1:]]
    words = iter(words_of(texts))  # of all together, which takes half the time
    numbers: dict[str, int] = {}
    said: list[list[int]] = []
    heard: list[list[int]] = []
    memories = []
    for memory, part in zip(conversation.memories, parts, strict=True):
        said_stems = stems(next(words), language)
        heard_stems = stems(next(words), language)
        said.append([numbers.setdefault(stem, len(numbers)) for stem in said_stems])
        heard.append([numbers.setdefault(stem, len(numbers)) for stem in heard_stems])
        naming = next(words)
        names = stems(naming, language) if naming else []
        memories.append(_terms(memory, part, said_stems, names))
    return ConversationTerms(
        conversation_id=conversation.id,
        source=conversation.kind,
        language=language,
        memories=tuple(memories),
        stems=" ".join(numbers),
        said=_text(said),
        heard=_text(heard),
    )


def pack(terms: ConversationTerms) -> bytes:
    """Return `terms` as bytes, for a store to keep."""
    return _ENCODER.encode(terms)


def unpack(packed: bytes) -> ConversationTerms:
    """Return what was packed; raises msgspec.MsgspecError for anything else."""
    return _DECODER.decode(packed)


def _text(texts: list[list[int]]) -> Text:
    lengths = list(map(len, texts))
    numbers = list(chain.from_iterable(texts))
    return Text(
        lengths=struct.pack(f"<{len(lengths)}I", *lengths),
        numbers=struct.pack(f"<{len(numbers)}I", *numbers),
    )


def _terms(
    memory: Memory, parts: tuple[str, str, str, str], said_stems: list[str], names: list[str]
) -> Terms:
    speaker, said, heard, _ = parts
    if _is_name(memory):
        names = [stem for stem in said_stems if stem not in names]
    return Terms(
        kind=memory.kind,
        id=memory.id,
        key=memory.key,
        speaker=speaker,
        names=" ".join(names),
        value=" ".join(said_stems) if memory.kind == "fact" else "",
        asks=_is_question(said),
        heard_asks=_is_question(heard),
        occurred_us=(memory.occurred_at - _EPOCH) // _MICROSECOND,
    )


def _is_question(text: str) -> bool:
    return text.rstrip(' ")').endswith(_QUESTION_MARKS)


def _parts(memory: Memory) -> tuple[str, str, str, str]:
    """
    Return (speaker, what was said, the agent's line, names) of a memory.

    The names are those that the agent's line may address the caller by; of a name that is kept as
    a fact, it is its label.
    """
    if memory.kind != "utterance":
        return "", memory.content, "", memory.key if _is_name(memory) else ""
    said, heard = split_utterance(memory.content)
    names = " ".join(addressed(heard)) if heard else ""
    if said.startswith(_CALLER):
        return "caller", said[len(_CALLER) :], heard, names
    speaker = _SPEAKER.match(said)
    if not speaker:
        return "", said, heard, names
    return speaker[1].casefold(), said[speaker.end() :], heard, names


def _is_name(memory: Memory) -> bool:
    return memory.kind == "fact" and "name" in memory.key.casefold()


def rules() -> str:
    """Return what names the rules by which terms are made, the stemmer's version among them."""
    return f"{TERMS}-{STEMMER_VERSION}"
