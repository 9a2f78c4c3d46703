"""How the content of a memory reads: written by deriving, read back by ranking and profile."""

import re

_CONTEXT_MARK = " (answering: "  # lower case: it is found in folded text too
_MAX_AGENT_CHARS = 300


def utterance_content(message: str, agent_line: str) -> str:
    """Return what a caller said, with the end of the agent's line that it answers, if any."""
    said = f'Caller: "{_one_line(message)}"'
    if not agent_line:
        return said
    asked = _one_line(agent_line)
    if len(asked) > _MAX_AGENT_CHARS:  # its end is what is answered
        asked = "…" + asked[-_MAX_AGENT_CHARS:].partition(" ")[2]
    return f'{said}{_CONTEXT_MARK}"{asked}")'


def split_utterance(content: str) -> tuple[str, str]:
    """Return (what was said, the agent's line) of a content, folded or not; "" for no line."""
    said, _, context = content.partition(_CONTEXT_MARK)
    return said, context


def fact_content(key: str, value: str) -> str:
    """Return how a fact reads: "first name: Ana". The label has no colon of its own."""
    label = re.sub(r"[\s_:]", " ", key)
    return f"{label}: {value}"


def fact_value(content: str) -> str:
    """Return the value in a fact's content."""
    return content.partition(": ")[2].strip()


def _one_line(message: str) -> str:
    return " ".join(message.split())
