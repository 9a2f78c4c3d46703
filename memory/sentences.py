"""
Where sentences end, in any script. When in doubt, two sentences count as one.

That errs on the safe side: a budget kept in whole sentences then keeps too little, and never
ends in the middle of one.
"""

import re
from collections.abc import Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Before a name, a word or a number: after one of these a point never ends a sentence.
_NEVER_LAST = _words("""
    mr mrs ms mx dr prof rev hon gen col sgt capt lt st ste mt ft ave blvd rd apt dept est approx
    vs e.g i.e cf viz fig vol ext tel nr hr fr frl bzw ca str inkl exkl ggf vgl evtl sog z.b
    d.h u.a z.t sr sra srta dra ud uds núm pág av avda ej p.ej mme mlle mm bd env p.ex ex sig dott
    avv ing p.es es
""")
# The same, but only before a number: "No. 5", "Sept. 21". Else they are words of their own.
_NEVER_BEFORE_NUMBER = _words("""
    no nos nº n art p pp ch sec jan feb mar apr jun jul aug sep sept oct nov dec
""")
# These end a sentence or not: they do before a capital letter, unless a day or month follows.
_MAYBE_LAST = _words("etc usw ecc inc ltd co corp jr gmbh a.m p.m u.s u.k e.v s.a s.l")
_DAYS_AND_MONTHS = _words("""
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december montag dienstag mittwoch donnerstag freitag
    samstag sonnabend sonntag januar februar märz mai juni juli oktober dezember est et pst gmt utc
""")

_CLOSING = "\"'\u201d\u2019\u00bb)\\]\u300d\u300f\uff09"
# A mark and the space after it; marks of scripts without spaces; a blank line or a list's next.
_END = re.compile(
    rf"[.!?\u2026\u061f\u06d4\u0589]+[{_CLOSING}]*(?=\s|$)"
    rf"|[\u3002\uff01\uff1f\uff61\u0964\u0965\u104b\u17d4\u1362]+[{_CLOSING}]*"
    r"|\n(?=\s*\n|\s*[-*\u2022\u2013]\s)"
)
_WORD_BEFORE = re.compile(r"[^\s(\[\"'\u201c\u00ab]*$")
_LONGEST_WORD = 40


def sentences(text: str) -> Iterator[str]:
    """
    Yield the sentences of `text`, trimmed, each with its marks.

    The points of "Dr.", "e.g.", "No. 5", "9.30 a.m." and "J. Smith" end none. Where the text
    uses capital letters, no sentence begins with a small one.
    """
    is_cased = text.lstrip()[:1].isupper()
    start = 0
    for end in _END.finditer(text):
        if _is_end(text, end, is_cased=is_cased):
            if sentence := text[start : end.end()].strip():
                yield sentence
            start = end.end()
    if rest := text[start:].strip():
        yield rest


def pieces(text: str, *, max_chars: int) -> Iterator[str]:
    """
    Yield all of `text` in pieces of at most `max_chars`, as many whole sentences as fit in each.

    Only a sentence that is longer than a piece is divided, at a space if it has one. A text that
    fits is yielded as it is.
    """
    if len(text) <= max_chars:
        yield from [text] if text else []
        return
    piece = ""
    for sentence in sentences(text):
        if piece and len(piece) + 1 + len(sentence) > max_chars:
            yield piece
            piece = ""
        piece = f"{piece} {sentence}" if piece else sentence
        while len(piece) > max_chars:
            cut = piece.rfind(" ", max_chars // 2, max_chars + 1)
            cut = max_chars if cut < 0 else cut
            yield piece[:cut].rstrip()
            piece = piece[cut:].lstrip()
    if piece:
        yield piece


def _is_end(text: str, end: re.Match[str], *, is_cased: bool) -> bool:
    mark, after = end[0], text[end.end() : end.end() + _LONGEST_WORD]
    following = after.lstrip()
    if mark[0] not in ".!?\u2026" or not following:
        # the closing quote of what somebody said stands within a Japanese sentence
        return mark[-1] not in _CLOSING or after[:1].isspace() or not following
    if is_cased and following[0].islower():
        return False
    return mark != "." or not _is_abbreviation(_word_before(text, end.start()), following)


def _word_before(text: str, end: int) -> str:
    found = _WORD_BEFORE.search(text, max(0, end - _LONGEST_WORD), end)
    return found[0] if found else ""


def _is_abbreviation(word: str, following: str) -> bool:
    folded = word.casefold()
    if folded in _NEVER_LAST or (len(word) == 1 and word.isalpha()):
        return True
    next_word = re.split(r"[\W_]", following, maxsplit=1)[0].casefold()
    if folded in _NEVER_BEFORE_NUMBER:
        return following[0].isdigit()
    if folded in _MAYBE_LAST:
        return not following[0].isupper() or next_word in _DAYS_AND_MONTHS
    is_ordinal = folded.isdigit() and len(folded) <= 2  # noqa: PLR2004 - "am 5. März"
    return is_ordinal and next_word in _DAYS_AND_MONTHS
