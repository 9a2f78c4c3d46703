"""
What one sentence of a summary tells: a promise, that something is done, or a preference.

Rules over words, no model: each can be read, and each is wrong now and then. A sentence that is
negated, asked or hoped tells nothing. The words are in `processor/phrases.py`.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from memory.port import NoteKind, Party
from processor.phrases import Patterns

# Where another clause begins: what is asked or denied before it says nothing of what follows.
_CLAUSE = re.compile(
    r"[,;:()\u2014]|\s-\s|\b(?:and|but|because|although|while|und|aber|weil|y|pero|porque|et|mais|"
    r"car|e|mas|ma|perché)\b"
)
_CONDITION = re.compile(r"\b(?:if|unless|in case|should|wenn|falls|si|sauf|se|caso|a menos)\b")
# At the beginning, with a comma after it, this makes all that follows depend on something.
_IF = re.compile(
    r"(?:^\W*|\b(?:that|dass|que|che),? )(?:if|unless|in case|should|provided|wenn|falls|sofern|si|"
    r"s['\u2019](?=il)|se|caso)\b"
)
_WHEN = re.compile(r"^\W*(?:when|whenever|cuando|quand|lorsqu?e?|quando)\b")  # or it tells a story
_AGREED = re.compile(r"\b(?:would|was|were|been|wurden?|ist|\w+ed|set up) ")
# Who gets something has not done it.
_RECEIVED = re.compile(
    r"receiv|arriv|no longer|erhalten|bekommen|angekommen|eingetroffen|recib|lleg|reçu|receb|cheg|"
    r"ricevut|arrivat"
)
_DENIED_AFTER = re.compile(r"\b(?:nicht|nie|niemals|kein\w*)\b")
_NAME = re.compile(r"[^\W\d_a-zß-ÿ][\w'\u2019-]+(?: [^\W\d_a-zß-ÿ][\w'\u2019-]+)*$")
_WORD = re.compile(r"[^\W_]+")
_NEAR_CHARS = 40
_SIDES: tuple[Party, ...] = ("agent", "caller")


class Told(NamedTuple):
    """What a sentence tells, and whose promise or deed it is."""

    kind: NoteKind
    by: Party


class _Sentence(NamedTuple):
    """A sentence as it is read; `text` is in lower case, of the same length as `cased`."""

    text: str
    cased: str
    language: Patterns
    names: frozenset[str]

    def find(self, what: str) -> Iterator[re.Match[str]]:
        return self.language.find[what].finditer(self.text)


def told_in(sentence: str, patterns: Sequence[Patterns], *, names: frozenset[str]) -> list[Told]:
    """
    Return what `sentence` tells, each kind once for each side.

    `names` are the caller's, in lower case: who bears one of them is the caller.
    """
    text = sentence.lower()
    cased = sentence if len(text) == len(sentence) else text  # a few letters become two
    for language in patterns:
        if not language.telling.search(text):  # nearly always
            continue
        read = _Sentence(text, cased, language, names)
        if told := [*_promises(read), *_things_done(read), *_preferences(read)]:
            return list(dict.fromkeys(told))
    return []


def _promises(sentence: _Sentence) -> Iterator[Told]:
    for served in sentence.find("served"):
        if not _is_unreal(sentence, served) and not _depends(sentence, served, "served"):
            yield Told("commitment", "agent")
        hidden = "_" * len(served[0])
        text = sentence.text[: served.start()] + hidden + sentence.text[served.end() :]
        sentence = sentence._replace(text=text)
    for vow in sentence.find("vow"):
        if not _is_unreal(sentence, vow) and not _depends(sentence, vow, "vow"):
            yield Told("commitment", _who(sentence, vow) or "")
    for what in ("will", "would"):
        for found in sentence.find(what):
            if not _is_unreal(sentence, found) and not _depends(sentence, found, what):
                by = _who(sentence, found)
                if by is not None and _is_to_be_done(sentence, found, what, by):
                    yield Told("commitment", by)


def _depends(sentence: _Sentence, found: re.Match[str], what: str) -> bool:
    """Tell whether the sentence begins with a condition: "If the part arrives, we will …"."""
    text = sentence.text
    for leading in (_IF, _WHEN):
        begun = leading.search(text, 0, found.start())
        comma = text.find(",", begun.end(), found.start()) if begun else -1
        if comma >= 0:
            is_agreed = what in ("vow", "would") or _AGREED.match(found[0])
            reported = sentence.language.find["reported"]
            is_told = is_agreed or reported.search(text, comma, found.start())
            return leading is _IF or not is_told
    return False


def _is_to_be_done(sentence: _Sentence, found: re.Match[str], what: str, by: Party) -> bool:
    """Tell whether what will be is something that somebody does, without a condition."""
    find = sentence.language.find
    if find["state"].match(sentence.text, found.end() + 1):
        return False
    if what == "would" and not find["reported"].search(sentence.text, 0, found.start()):
        return False
    return by != "caller" or not _CONDITION.search(sentence.text, found.end())


def _things_done(sentence: _Sentence) -> Iterator[Told]:
    find = sentence.language.find
    for found in sentence.find("done"):
        clause = _clause_before(sentence, found)
        if not find["undone"].search(clause) and not _is_unreal(sentence, found):
            is_unsaid = _ends_with(find["passive"], clause) or _RECEIVED.search(found[0])
            yield Told("done", "" if is_unsaid else _who(sentence, found) or "")


def _preferences(sentence: _Sentence) -> Iterator[Told]:
    for found in sentence.find("preference"):
        is_asked = sentence.language.find["unreal"].search(_clause_before(sentence, found))
        if not is_asked and _who(sentence, found) != "agent":
            yield Told("preference", "caller")
            return


def _is_unreal(sentence: _Sentence, found: re.Match[str]) -> bool:
    """Tell whether what was found is only asked for, hoped, a condition, or denied."""
    find = sentence.language.find
    clause = _clause_before(sentence, found)
    if find["unreal"].search(clause) or find["negation"].search(clause):
        return True
    after = sentence.text[found.end() : found.end() + _NEAR_CHARS]
    if end := _CLAUSE.search(after):
        after = after[: end.start()]
    next_word = after.split(maxsplit=1)[:1]
    is_denied = bool(next_word) and find["negation"].fullmatch(next_word[0])
    return bool(is_denied or _DENIED_AFTER.search(after))


def _clause_before(sentence: _Sentence, found: re.Match[str]) -> str:
    start = 0
    for boundary in _CLAUSE.finditer(sentence.text, 0, found.start()):
        start = boundary.end()
    return sentence.text[start : found.start()]


def _who(sentence: _Sentence, found: re.Match[str]) -> Party | None:
    """
    Return whose act it is: that of the nearest subject before it, or else near after it.

    "" for somebody of whom that is not known; None if there is nobody.
    """
    find, text = sentence.language.find, sentence.text
    before = text[: found.start()]
    if not sentence.language.nouns_are_capital and _is_by_a_third(sentence, found):
        return ""
    sides: list[tuple[int, Party]] = [
        (subject.start(), side)
        for side in _SIDES
        for subject in find[side].finditer(before)
        if not _ends_with(find["object_of"], before[: subject.start()])
    ]
    sides += [
        (word.start(), "caller") for word in _WORD.finditer(before) if word[0] in sentence.names
    ]
    if sides:
        return max(sides)[1]
    for side in _SIDES:
        if find[side].search(text, found.end(), found.end() + _NEAR_CHARS):
            return side
    return "" if find["pronoun"].search(before) else None


def _is_by_a_third(sentence: _Sentence, found: re.Match[str]) -> bool:
    """Tell whether a name stands right before it that is not the caller's."""
    name = _NAME.search(sentence.cased[: found.start()].rstrip())
    if name is None:
        return False
    words = _WORD.findall(name[0].lower())
    find = sentence.language.find
    somebody = (find["agent"], find["caller"], find["pronoun"])
    is_known = any(word in sentence.names for word in words)
    return not is_known and not any(each.fullmatch(word) for each in somebody for word in words)


def _ends_with(pattern: re.Pattern[str], text: str) -> bool:
    """Tell whether `text` ends with something that `pattern` finds, but for space and quotes."""
    tail = text.rstrip(" '\u2019")[-_NEAR_CHARS:]
    return any(found.end() == len(tail) for found in pattern.finditer(tail))
