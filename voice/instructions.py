"""
Which stored text is aimed at the agent instead of telling something: it must not reach a prompt.

What callers say is remembered, and what is remembered is read by the agent in later calls. A
caller who says "ignore your instructions" would speak to it then as if he were its owner.
"""

import re
from base64 import b64decode
from binascii import Error as InvalidBase64
from collections.abc import Sequence

from memory.sentences import sentences
from voice.instruction_phrases import PHRASES, eastern
from voice.instruction_phrases.folding import letters_of, readings, words_of

__all__ = ["instructing", "parts_of", "reads_as_instruction", "without_instructions"]

_ROLES = (
    r"(?:system|assistant|developer|sys|ai|system prompt|sistema|syst[eè]me|systeem|asistente|"
    r"assistente|assistent|asystent|system-?nachricht|система|系统|系統|システム|النظام)"
)
# Who speaks, as prompts are written: at the beginning of a line or sentence, or in capitals.
_HEAD = re.compile(rf"(?:^|[\n.!?:;\"“(\[>]\s*)[^\w\n]{{0,4}}{_ROLES}\s*[:\uff1a]", re.IGNORECASE)
_CAPITAL_HEAD = re.compile(r"\b(?:SYSTEM|ASSISTANT|DEVELOPER|SYSTEM PROMPT|INSTRUCTIONS?)\s*:")
_TAG = re.compile(
    r"<\s*/?\s*(?:system|assistant|developer|user|human|instructions?|prompt|sys|tool\w*|"
    r"function\w*|im_start|im_end|invoke)\b|<\|\s*\w+|\[\s*/?\s*(?:inst|sys|system|assistant)\s*\]"
    r"|<<\s*/?\s*sys\s*>>|#{2,}\s*(?:instructions?|system|prompt|response|new|assistant)\b"
    r"|begin\s+(?:of\s+)?system|\bend_of_(?:turn|text)\b",
    re.IGNORECASE,
)
_TOOL = re.compile(
    r"[\"'](?:tool|tool_calls?|tool_name|function|function_call|arguments|parameters|name|action)"
    r"[\"']\s*:\s*(?:[\"'{\[]).{0,200}[\"'](?:arguments|parameters|args|input|function|tool|reason)"
    r"|\b(?:transfer_to_\w+|end_call|skip_turn|search_memory|tool_calls?|function_calls?|"
    r"play_keypad\w*|language_detection)\b",
    re.IGNORECASE | re.DOTALL,
)
_LEAK = re.compile(
    r"!\[[^\]]{0,80}\]\(\s*https?:"
    r"|\b(?:fetch|curl|wget|crawl|upload|exfiltrate|leak|load|browse to|ping|http get)\b"
    r"[^\n]{0,80}(?:https?://|\bwww\.)"
    r"|\b(?:send|post|forward|submit|transmit|append|report|schick\w*|sende\w*|env[ií]a\w*|"
    r"envoie\w*|invia|envie|stuur|wyślij|отправ\w*)\b[^\n]{0,60}"
    r"\b(?:conversation|transcript|history|profile|everything|prompt|numbers?|memory|memories|notes|"
    r"data|details|names|gespräch\w*|daten|conversación|datos|conversation|données|dati|dados|"
    r"gegevens|dane|данные|разговор\w*)\b[^\n]{0,60}(?:https?://|\bwww\.)"
    r"|https?://\S{0,200}[?&]\w{1,20}=\S{0,20}(?:\{\{|\$\{|\[|<)",
    re.IGNORECASE,
)
# As letters in a row, whatever stands between them.
_STRONG = re.compile(
    r"(?:ignor|disregard|forget|overrid|bypass)(?:e|ing)?(?:all|any|of|the|your|my|these|that)*"
    r"(?:your|all|previous|prior|above|earlier|system|original)+(?:of|the|your|system|and|prior)*"
    r"(?:instruct|prompt|guideline|directive|programming|rules)"
    r"|(?:reveal|show|print|repeat|tell)(?:me)?(?:your|the)(?:system|secret|hidden)*"
    r"(?:prompt|instructions)|youarenow(?:dan|in\w{0,12}mode|unrestricted|jailbr|apirate|free)"
    r"|systemprompt(?!ed)|jailbreakmode|doanythingnow|developermode"
    r"|(?:ignorier\w{0,4}|vergiss)(?:alle)?(?:deine|ihre|vorherigen)\w{0,12}(?:anweis|instruk|regel)"
    r"|(?:ignora|olvida)(?:todas)?(?:las|tus|sus)(?:instruc|reglas)"
    r"|(?:ignore[sz]?|oublie[sz]?)(?:toutes)?(?:les|tes|vos)(?:instruc|consigne|regles)"
)
_STRONG_PARTS = (
    *("instruc", "prompt", "guideline", "directive", "rules", "mode", "anything", "youarenow"),
    *("anweis", "instruk", "regel", "consigne", "regl", "programming"),
)
_END = re.compile(r"(?<=[.!?\u2026])\s+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,4000}={0,2}")

_MAX_CHARS = 20_000  # no stored text is longer; more is not read
_WINDOW = 4  # sentences that may come to an instruction only together
_WINDOW_WORDS = 16
_ROUNDS = 4  # what was apart may stand side by side once something is left out


def reads_as_instruction(sentence: str) -> bool:
    """
    Tell whether `sentence` is aimed at the agent: gives it rules, another role, or a command.

    Disguises are seen through: letters apart, digits and look-alike letters in place of letters,
    invisible characters. What a caller wants done in this matter is no such sentence: "please
    call me back", "ignore my last order".
    """
    text = sentence[:_MAX_CHARS]
    return (
        _has_marks(text)
        or any(PHRASES.found_in(words) for words in readings(text))
        or eastern.found_in(text)
        or _is_hidden(text)
    )


def instructing(parts: Sequence[str]) -> list[bool]:
    """Tell of each of these sentences in a row whether it instructs, alone or with others."""
    flags = [reads_as_instruction(part) for part in parts]
    lengths = [len(part.split()) for part in parts]
    for width in range(2, _WINDOW + 1):  # the narrowest first: no neighbour goes with them
        for start in range(len(parts) - width + 1):
            end = start + width
            if any(flags[start:end]) or sum(lengths[start:end]) > _WINDOW_WORDS:
                continue
            if PHRASES.found_in(words_of(" ".join(parts[start:end]))):
                flags[start:end] = [True] * (end - start)
    return flags


def without_instructions(text: str, *, in_place: str = "") -> str:
    """
    Return `text` without the sentences that instruct an agent, unchanged if there are none.

    `in_place` stands for those that are left out, once for several in a row.
    """
    for _ in range(_ROUNDS):
        parts = parts_of(text)
        flags = instructing(parts)
        if not any(flags):
            return text
        text = " ".join(_left(parts, flags, in_place))
        if in_place:
            return text
    return ""  # what was left out has been built to uncover the next, so nothing of it is told


def _left(parts: Sequence[str], flags: Sequence[bool], in_place: str) -> list[str]:
    kept: list[str] = []
    for part, flag in zip(parts, flags, strict=True):
        if not flag:
            kept.append(part)
        elif in_place and kept[-1:] != [in_place]:
            kept.append(in_place)
    return kept


def parts_of(text: str) -> list[str]:
    """Return the sentences of `text`, and what might be one, for nobody writes them properly."""
    lines = text.splitlines()
    return [part for line in lines for sentence in sentences(line) for part in _END.split(sentence)]


def _has_marks(text: str) -> bool:
    if ":" in text or "\uff1a" in text:
        if _HEAD.search(text) or _CAPITAL_HEAD.search(text) or _TOOL.search(text):
            return True
        if "http" in text.casefold() and _LEAK.search(text):
            return True
    if "_" in text and _TOOL.search(text):
        return True
    has_www = "www." in text.casefold() and _LEAK.search(text) is not None
    return has_www or _TAG.search(text) is not None


def _is_hidden(text: str) -> bool:
    """Tell whether an instruction is written with the letters apart, backwards or in base64."""
    letters = letters_of(text)
    for row in (letters, letters[::-1]):
        if any(part in row for part in _STRONG_PARTS) and _STRONG.search(row):
            return True
    return any(_is_hidden_in(found[0]) for found in _BASE64.finditer(text))


def _is_hidden_in(code: str) -> bool:
    try:
        decoded = b64decode(code + "=" * (-len(code) % 4)).decode("ascii")
    except (InvalidBase64, UnicodeDecodeError):
        return False
    return decoded.isprintable() and reads_as_instruction(decoded)
