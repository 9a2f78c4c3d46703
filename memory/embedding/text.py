"""What of a memory is encoded. Pure."""

from memory.content import split_utterance
from memory.port import MemoryKind

# More than a model reads: it stops after some hundred tokens, and servers refuse long texts.
_MAX_CHARS = 2_000


def text_to_encode(kind: MemoryKind, content: str) -> str:
    """
    Return the text that stands for a memory's meaning.

    Of an utterance these are the words alone, the agent's line first: what all utterances have
    in common would only make them alike.
    """
    if kind != "utterance":
        return content[:_MAX_CHARS]
    said, asked = split_utterance(content)
    words = f"{_bare(asked)} {_bare(said.removeprefix('Caller: '))}".strip()
    return (words or content)[:_MAX_CHARS]


def _bare(quoted: str) -> str:
    return quoted.strip('"“”() ')
