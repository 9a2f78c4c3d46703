"""
Codes: what several words spell or count together, however they are written or said.

"AB 1234" and "a b one two three four" are both "ab1234", and the parts of "+1 555 010 0142" are
also "15550100142". Works on folded words and on what stands between them.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from string import ascii_lowercase

from memory.recall.english import ALPHABET, NUMBERS, ORDINALS, SCALES, TENS
from memory.recall.other_languages import ASIDES, AT_SIGNS, DIGITS, DOMAINS, REPEATS, SIGNS

_MIN_LETTERS, _MAX_LETTERS = 3, 64  # of what is joined
_EMAIL = re.compile(
    r"(?<![a-z0-9_.+-])[a-z0-9_.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}(?![a-z0-9])"
)
_CHARACTERS = {**DIGITS, **NUMBERS}
# Letters that are words in one language or another, and words of the alphabet that are months,
# names and sports, spell something only next to another letter.
_LETTER_WORDS = frozenset("aeiouy")
# Words that show that something may be spelled out or counted. Words of every sentence are not
# among them ("one", "a"): they are looked at when they stand next to one of these.
CUES = frozenset(
    {*_CHARACTERS, *ORDINALS, *ALPHABET, *REPEATS, *SIGNS, *DOMAINS, *"bcdfghjklmnpqrstvwxz"}
    - {"one", "first", "second", "oh", "o", "un", "uno", "plus", "minus"}
)
_CONTINUES = frozenset(
    {*_CHARACTERS, *ALPHABET, *REPEATS, *SCALES, *ORDINALS, *SIGNS, *ASIDES, *ascii_lowercase}
)
# Words that may begin what is spelled or counted, as any word with digits may. The others of one
# letter may do so only before one of these.
FIRST = frozenset({*_CHARACTERS, *ALPHABET, *REPEATS, *ascii_lowercase} - _LETTER_WORDS)


def may_join(folded: str, tokens: Sequence[str], telling: Sequence[int]) -> bool:
    """
    Whether there may be joined forms: mostly there are none, and this is quicker than to look.

    `telling` are the places in `tokens` of words in `FIRST` and of those that are not all letters.
    """
    if "@" in folded:
        return True
    if not AT_SIGNS.isdisjoint(tokens) and (
        _INNER_DOT.search(folded) or not _DOTS.isdisjoint(tokens)
    ):
        return True
    hyphened = "-" in folded
    return any(_may_run(tokens, at, hyphened=hyphened) for at in telling)


def joined_forms(folded: str, tokens: Sequence[str], gaps: Sequence[str]) -> list[str]:
    """
    Return the codes, numbers and e-mail addresses that `tokens` hold, each in one piece.

    `gaps[n]` is what stands before `tokens[n]`.
    """
    joined = list(_EMAIL.findall(folded)) if "@" in folded else []
    if not AT_SIGNS.isdisjoint(tokens):
        joined += _spoken_emails(tokens, gaps)
    for run in _runs(tokens, gaps):
        if groups := _groups(run):
            joined += _readings(groups)
    return joined


_INNER_DOT = re.compile(r"\.(?=\S)")
_DOTS = frozenset(word for word, sign in SIGNS.items() if sign == ".")
_MAX_SIGNS = 12  # words and signs on one side of a spoken e-mail address


def _spoken_emails(tokens: Sequence[str], gaps: Sequence[str]) -> Iterator[str]:
    """Yield "ana.torres@example.com" for "ana dot torres at example dot com"."""
    for at, token in enumerate(tokens):
        if token in AT_SIGNS:
            left, right = max(0, at - _MAX_SIGNS), at + 1 + _MAX_SIGNS
            before = _dotted(tokens[left:at][::-1], gaps[left:at][::-1])
            after = _dotted(tokens[at + 1 : right], gaps[at + 2 : right + 1])
            if before and "." in after:
                yield f"{''.join(reversed(before))}@{''.join(after)}"


def _dotted(tokens: Sequence[str], gaps: Sequence[str]) -> list[str]:
    """Return the first token and what dots, written or spoken, tie to it."""
    tied = list(tokens[:1])
    at = 0
    while at + 1 < len(tokens):
        sign = SIGNS.get(tokens[at + 1])
        if sign is not None and at + 2 < len(tokens):
            tied += [sign, tokens[at + 2]]
            at += 2
        elif gaps[at] in {".", "-", "_"}:
            tied += [gaps[at], tokens[at + 1]]
            at += 1
        else:
            break
    return tied


_MAX_RUN = 32
_LITTLE_TEXT = (
    "all am an and are as at be but by das de dem den der des die do du e el en et for had has he "
    "her his i ich il im in is it la las le les los me mit my not o of on or our out so the to um "
    "un up us von was we y you"
)
_LITTLE = frozenset(_LITTLE_TEXT.split())  # "in 2019" is no code
_MAX_GAP = 3  # characters between the words of one code: ") "
_THOUSANDS = 3  # digits behind a separator
_MAX_PREFIX, _MAX_SUFFIX = 3, 2  # letters of a code: "ord 12", "12 am"
_MIN_CODE = 4  # characters of a code with a blank in it: "b 123"
_MAX_HYPHENED = 12  # "order-12"


def _runs(tokens: Sequence[str], gaps: Sequence[str]) -> Iterator[list[str]]:
    """Yield the words that together spell or count something: ["a", "b", "four", "seven"]."""
    end = 0
    for at in _starts(tokens):
        if at >= end:
            has_prefix = at > end and _is_letters(tokens, at - 1, (), hyphened=gaps[at] == "-")
            run, end = _run_from(tokens, gaps, at - has_prefix)
            if len(run) > 1:
                yield run


def _starts(tokens: Sequence[str]) -> list[int]:
    """Return where a run may begin: at each word with digits, or spoken sign that is not alone."""
    goes_on = [word in _CONTINUES or not word.isalpha() for word in tokens]
    goes_on.append(False)
    return [
        at
        for at, word in enumerate(tokens)
        if goes_on[at] and (goes_on[at + 1] or not word.isalpha())
    ]


def _may_run(tokens: Sequence[str], at: int, *, hyphened: bool) -> bool:
    """Whether a run may begin at `at` or a word before it, seen from the words alone."""
    longest = _MAX_HYPHENED if hyphened else _MAX_PREFIX  # letters of a code
    word, before = tokens[at], tokens[at - 1]
    if at and len(before) <= longest:
        if before in _LETTER_WORDS and _is_letter(word):
            return True
        if _is_letters(tokens, at - 1, (), hyphened=hyphened):
            return True
    at += 1
    if at == len(tokens):
        return False
    after = tokens[at]
    if len(after) > longest and after.isalpha() and after not in _CONTINUES:
        return False
    run = (word,)
    return _is_sign(tokens, at - 1, ()) and (
        _aside(tokens, at) > 0
        or _is_sign(tokens, at, run)
        or _is_letters(tokens, at, run, hyphened=hyphened)
    )


def _run_from(tokens: Sequence[str], gaps: Sequence[str], at: int) -> tuple[list[str], int]:
    """Return the words of the run that begins at `at`, and where it has ended."""
    run: list[str] = []
    while at < len(tokens) and len(run) < _MAX_RUN:
        if run and not _linked(run[-1], gaps[at], tokens[at]):
            break
        step = _aside(tokens, at) if run else 0
        if not step:
            hyphened = gaps[at + 1] == "-"
            if not (_is_sign(tokens, at, run) or _is_letters(tokens, at, run, hyphened=hyphened)):
                break
            run.append(tokens[at])
        at += step or 1
    return run, at


def _linked(left: str, gap: str, right: str) -> bool:
    """Whether two words can be of one code, seen from what stands between them."""
    if len(gap) > _MAX_GAP:
        return False
    if "," in gap or "." in gap:
        if len(right) == 1 or right.isalpha():  # "B, R, E" and "four, seven", but not "12, 14"
            return len(left) == 1 or left.isalpha()
        return len(gap) == 1 and right.isdecimal() and len(right) >= _THOUSANDS  # 1,250; not 12.50
    return all(sign in " -/:()#+_" for sign in gap)


def _aside(tokens: Sequence[str], at: int) -> int:
    """Return how many words to skip: "as in Bravo", "dash", the "and" of "two hundred and five"."""
    word, before = tokens[at], tokens[at - 1]
    if word in SIGNS or (word == "and" and before in SCALES):
        return 1
    if word in ASIDES and len(before) == 1:
        for ahead in (1, 2):
            if "".join(tokens[at + ahead : at + ahead + 1]).startswith(before):
                return ahead + 1
    return 0


def _is_sign(tokens: Sequence[str], at: int, run: Sequence[str]) -> bool:
    """Whether a word is said for a letter or a number, or is one."""
    word = tokens[at]
    if not word.isascii():
        return False
    if word == "o" and run and _is_number(run[-1]):
        return True
    if word in ALPHABET or word in _LETTER_WORDS:
        return any(map(_is_letter, (*run[-1:], *tokens[at + 1 : at + 2]))) or _is_spelled(run)
    if len(word) == 1 or not word.isalpha() or word in _CHARACTERS or word in REPEATS:
        return True
    return bool(run) and (word in SCALES or word in ORDINALS)


def _is_letter(word: str) -> bool:
    return word in ALPHABET or (len(word) == 1 and word.isalpha() and word not in _LETTER_WORDS)


def _is_spelled(run: Sequence[str]) -> bool:
    return bool(run) and len(run[-1]) == 1 and run[-1].isalpha()


def _is_number(word: str) -> bool:
    return word in _CHARACTERS or word[-1].isdecimal()


def _is_letters(tokens: Sequence[str], at: int, run: Sequence[str], *, hyphened: bool) -> bool:
    """Whether a word is the letters of a code that goes on with digits, or ends with letters."""
    word = tokens[at]
    if word in _LITTLE or not (word.isascii() and word.isalpha()):
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    if after[:1].isdecimal():
        if hyphened:
            return len(word) <= _MAX_HYPHENED
        return len(word) <= _MAX_PREFIX and len(word) + len(after) >= _MIN_CODE
    return bool(run) and run[-1][-1].isdecimal() and len(word) <= _MAX_SUFFIX


_STRETCH = re.compile(r"[0-9]+|[^0-9]+")
_MAX_STARTS = 8


def _groups(run: Sequence[str]) -> list[str]:
    """Return the letters and numbers of a run: of "b twenty five double six", b, 25 and 66."""
    groups: list[str] = []
    room = 0  # how many digits the last number can still take in: "twenty" takes one, "five" none
    times = 1
    for at, word in enumerate(run):
        if word in REPEATS:
            times = REPEATS[word]
        elif word in SCALES:
            if groups and groups[-1].isdecimal():
                room = SCALES[word]
                groups[-1] = _scaled(int(groups[-1]), word)
        else:
            said = _characters(run, at)
            if said.isdecimal() and len(said) <= room and int(said):
                groups[-1] = str(int(groups[-1]) + int(said))
            else:
                groups += [said * times] if len(said) == 1 else _STRETCH.findall(said)
            room = 1 if word in TENS else 0
            times = 1
    return groups


def _scaled(number: int, scale: str) -> str:
    """Return "2300" for the 2003 of "two thousand three" and "hundred"."""
    low = number % 100 if scale == "hundred" else number
    return str(number - low + low * 10 ** SCALES[scale])


def _characters(run: Sequence[str], at: int) -> str:
    word = run[at]
    if word == "o":  # the letter, unless it follows a digit
        return "0" if at and _is_number(run[at - 1]) else word
    if word[0].isdecimal() and word[-2:] in {"st", "nd", "rd", "th"}:
        return word[:-2]
    return _CHARACTERS.get(word) or ORDINALS.get(word) or ALPHABET.get(word) or word


def _readings(groups: Sequence[str]) -> Iterator[str]:
    """Yield the whole, each stretch of letters or digits in it, and numbers without their start."""
    whole_numbers = [group for group in groups if len(group) > 1]
    candidates = ["".join(groups), *whole_numbers]
    for _, same_kind in groupby(groups, key=str.isdecimal):
        stretch = list(same_kind)
        # 555 010 0142 is asked for when +1 555 010 0142 was said, and the other way round
        starts = [at for at, group in enumerate(stretch[:_MAX_STARTS]) if not at or len(group) > 1]
        candidates += ["".join(stretch[at:]) for at in starts]
    for word in candidates:
        is_code = not word.isalpha() and not word.isdecimal()
        is_long = len(word) >= _MIN_LETTERS or is_code or word in whole_numbers
        if is_long and len(word) <= _MAX_LETTERS:
            yield word
