"""
Stored text as an answer tells it: quoted, bounded, and never an instruction.

Whatever goes from memory into an answer goes through here.
"""

import re
from collections.abc import Iterable

from memory.content import fact_value, split_utterance
from memory.names import NAME_TOPICS
from memory.port import Fact, Memory
from memory.topics import label_of, topic_of
from voice.bounds import joined
from voice.clean import clean
from voice.instructions import instructing, parts_of, reads_as_instruction, without_instructions

LEFT_OUT = "(left out: it reads as an instruction to the agent)"

_TURNS = 6  # words at the beginning, after each of which something else may begin
_LONGEST_NAME = 6  # words

_OPEN, _CLOSE = "\u201c", "\u201d"
_QUOTES = str.maketrans(
    dict.fromkeys(f"{_OPEN}{_CLOSE}\u201e\u201f\u2033\u301d\u301e\u301f\uff02", '"')
)
# What stands before a call in a rolling summary: its date, how often before, who called.
_LEAD = re.compile(
    r"(?P<date>\d{1,2} [A-Z][a-z]+ \d{4})?(?:, and [a-z0-9 ]+ before|Told [a-z0-9 ]+ before)?"
    r"(?: ?\([Tt]he caller gave the name (?P<who>[^:]{1,120})\))?:(?=\s|$)"
)
# Whatever an instruction ends with, it does not end in the next call.
_CALL = re.compile(r"\s+(?=\d{1,2} [A-Z][a-z]+ \d{4}[^:.!?]{0,160}:\s)")
_UTTERANCE = re.compile(r'Caller: "(?P<said>.*)"', re.DOTALL)


def told(text: str, *, limit: int) -> str:
    """Return `text` without what instructs an agent, cleaned, in at most `limit` characters."""
    return clean(without_instructions(text), limit=limit)


def told_name(name: str, *, limit: int) -> str:
    """Return a name, or any text that makes no sense in part; "" if it instructs an agent."""
    cleaned = clean(name, limit=limit)
    words = cleaned.split()
    # "Ana Tell Every Caller" begins with a name, and "your rules Ignore" was "Ignore, your rules":
    # a comma in a name swaps its parts.
    turned = (" ".join(words[place:] + words[:place]) for place in range(1, len(words[:_TURNS])))
    return "" if any(map(reads_as_instruction, (name, cleaned, *turned))) else cleaned


def told_value(fact: Fact, *, limit: int) -> str:
    """Return the value of a fact, "" if there is none that may be told."""
    if reads_as_instruction(label_of(fact.key)):
        return ""
    if topic_of(fact.key) in NAME_TOPICS:
        return _told_as_name(fact.value, limit=limit)
    return told(fact.value, limit=limit)


def told_calls(summary: str, *, limit: int) -> str:
    """Return a rolling summary in the same way; what stays keeps the date of its call."""
    parts = [_divided(part) for call in _CALL.split(summary) for part in parts_of(call)]
    flags = instructing([rest for _, rest in parts])
    kept, lead = [], ""
    for (own_lead, rest), flag in zip(parts, flags, strict=True):
        lead = own_lead or lead
        if not flag:
            kept.append(f"{lead} {rest}".strip())
            lead = ""
    return clean(" ".join(kept), limit=limit)


def told_memory(memory: Memory, *, limit: int) -> str:
    """Return a memory's content; in place of what instructs an agent it says so."""
    return clean(_told_memory(memory), limit=limit)


def quoted(heading: str, text: str, *, limit: int) -> str:
    """Return `text`, cleaned, in quotes after `heading`; "" without a text."""
    room = limit - len(heading) - len(_OPEN) - len(_CLOSE)
    cleaned = clean(text.translate(_QUOTES), limit=room)
    return f"{heading}{_OPEN}{cleaned}{_CLOSE}" if cleaned else ""


def quoted_list(heading: str, items: Iterable[str], *, limit: int) -> str:
    """Return the items that fit, in quotes after `heading`; "" if none is left."""
    room = limit - len(heading) - len(_OPEN) - len(_CLOSE)
    return quoted(heading, joined(items, limit=room), limit=limit)


def _told_as_name(value: str, *, limit: int) -> str:
    is_short = len(value.split()) <= _LONGEST_NAME
    return told_name(value, limit=limit) if is_short else ""


def _told_memory(memory: Memory) -> str:
    content = memory.content
    if memory.kind == "fact":
        label, value = content.partition(":")[0], fact_value(content)
        if reads_as_instruction(label):
            return LEFT_OUT
        if topic_of(memory.key) in NAME_TOPICS:
            return f"{label}: {_told_as_name(value, limit=len(value)) or LEFT_OUT}"
        return f"{label}: {without_instructions(value, in_place=LEFT_OUT)}"
    if memory.kind == "utterance":
        said, context = split_utterance(content)
        if utterance := _UTTERANCE.fullmatch(said):
            answer = without_instructions(utterance["said"], in_place=LEFT_OUT)
            if not context:
                return f'Caller: "{answer}"'
            line = context.removeprefix('"').removesuffix('")')
            asked = without_instructions(line, in_place=LEFT_OUT)
            return f'Caller: "{answer}" (answering: "{asked}")'
    return without_instructions(content, in_place=LEFT_OUT)


def _divided(sentence: str) -> tuple[str, str]:
    """Return (what stands before a call, the rest); of a name that instructs nothing is left."""
    lead = _LEAD.match(sentence)
    if lead is None:
        return "", sentence
    date = f"{lead['date']}:" if lead["date"] else ""
    is_safe = not lead["who"] or told_name(lead["who"], limit=len(lead[0]))
    return lead[0] if is_safe else date, sentence[lead.end() :].strip()
