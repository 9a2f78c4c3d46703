"""What a caller says to be called: heard in the transcript, where a name is plainly told."""

import re
from collections.abc import Iterable, Iterator

from memory.recall.english import STOP_WORDS
from voice.events import Turn


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STATED_NAME = "stated_name"  # collected names count for more
STATED_PREFERRED_NAME = "stated_preferred_name"

# The words around a name may be in any case, the name itself begins with a capital letter, so
# that "my name is on the list" is none.
_NAME = r"([^\W\d_a-zß-ÿ][\w'\u2019-]*(?:[ ][^\W\d_a-zß-ÿ][\w'\u2019-]*){0,2})"
# Without one of these nothing is looked for: nearly always, and far quicker to tell. In ASCII,
# where each letter has one small form, whole phrases can be asked for.
_LEADS = ("name", "llamo", "appel", "call", "go by", "nenn", "llám", "chiam", "chame")
_ASCII_LEADS = (
    "my name", "mein name", "me llamo", "appel", "call me", "calls me", "i go by", "nenn", "chiam",
    "me cham",
)  # fmt: skip
_STATED = {
    STATED_NAME: re.compile(
        r"\b(?i:my name is|my name['\u2019]s|mein name ist|me llamo|je m['\u2019]appelle),?\s+"
        + _NAME
    ),
    STATED_PREFERRED_NAME: re.compile(
        r"\b(?i:calls? me|i go by|nennen sie mich|nenn mich|alle nennen mich|llám[ae]me|"
        r"appelez-moi|appelle-moi|mi chiami|chiamami|me chame de|pode me chamar de),?\s+" + _NAME
    ),
}
# Where a call begins, this is enough: "this is Maria Lopez", "I'm Tom".
_INTRODUCED = re.compile(
    r"\b(?i:this is|i['\u2019]m|i am),?\s+" + _NAME + r"(?![\w'\u2019-]|\s*\d)"
)
_INTRODUCTIONS = ("this is", "i'm", "i\u2019m", "i am")
_OPENING_TURNS = 2
_OPENING_CHARS = 400
# With a capital letter these may follow "I'm" and "this is" too, as words ending in "-ing" do.
_COMMON = frozenset(STOP_WORDS.split()) - {"said", "will"} | _words("""
    urgent important regarding concerning mister miss customer account apartment room flat unit
    suite floor order case ticket reference booking invoice number step day week part plan option
    great good bad fine sorry happy glad interested ready new late sick busy back done free home
    god mom mum dad wrong true false unacceptable ridiculous terrible horrible awful crazy confused
    frustrated worried upset angry tired afraid english british american irish scottish welsh french
    german spanish italian portuguese dutch polish swedish danish norwegian finnish russian
    ukrainian turkish greek indian chinese japanese korean mexican canadian australian brazilian
    african asian european arab jewish muslim catholic swiss austrian belgian vegan vegetarian
    diabetic
""")
_SHORTEST_VERB = 5  # "going", but not "King"
# Not "call me Monday", and not "Don't call me Annie".
_NO_NAME = re.compile(
    r"(?i:mon|tues|wednes|thurs|fri|satur|sun|to)day|(?i:tomorrow|back|later|again|when|if|on|at|"
    r"in|after|before|january|february|march|april|may|june|july|august|september|october|"
    r"november|december|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|morgen|lunes|"
    r"martes|miércoles|jueves|viernes|sábado|domingo|lundi|mardi|mercredi|jeudi|vendredi|samedi|"
    r"dimanche|demain|dr|mr|mrs|ms|herr|frau|i|asap|ok|okay|am|pm|please|bitte|thanks|thank|soon|once|"
    r"any|anytime|mobile|home|work|christmas|easter|new|noon|midnight|first|next|maybe|sir|madam)"
)
# Where a name is at its end, though the next word begins with a capital too.
_GOES_ON = re.compile(r" (?:And|But|I|I['\u2019]\w+|So|Please|Can|Could|From|Und|Ich|Y|Et|Je)\b.*")
_DENIED = re.compile(
    r"(?:\b(?:not|never|nobody|no one|nicht|no|ne|non|não)|n['\u2019]t)(?: \w+)?\s*$", re.IGNORECASE
)
# What somebody else said: not "I said", and not "You asked".
_REPORTED = re.compile(
    r"\b(?:said|says|told|tells|(?<!you )asked|asks|goes|replied|answered|wrote|texted|sagt|sagte|"
    r"meint|meinte|fragte|schrieb|dijo|dice|preguntó|respondió|contestó|dit|répondu|demandé|disse|"
    r"diz|perguntou|respondeu|detto|chiesto|rispose)"
    r"(?: (?:to )?(?:me|us|him|her|them|mir|uns|that|dass|que|che))*[ ,:]*"
    r"(?:(?:hello|hi|hey|hallo|hola|bonjour|ciao|olá)[ ,]+)?$",
    re.IGNORECASE,
)
_BY_ONESELF = re.compile(
    r"\b(?:i|i['\u2019]ve|ich|wir|yo|j['\u2019]ai|eu|ho)(?: \w+)?\s*$", re.IGNORECASE
)
_OF_SOMEBODY = re.compile(r"['\u2019]s\b", re.IGNORECASE)  # "Laura's husband"
_DOUBLE_QUOTES = '"\u201c\u201d\u201e\u00ab\u00bb'
_OPENING_QUOTE = re.compile(r"(?:^|[\s(,:])['\u2018\u201a](?=\w)")
_CLOSING_QUOTE = re.compile(r"\w[.,!?]?['\u2019](?=\W|$)")
_BEFORE_CHARS = 30
_QUOTED_CHARS = 200


def stated_facts(turns: Iterable[Turn]) -> Iterator[tuple[str, Turn, str]]:
    """Yield (key of the fact, where it is said, name), in order: the last one counts."""
    said = [turn for turn in turns if turn.role == "user"]
    for turn in said[:_OPENING_TURNS]:
        for name in _introduced(turn.message[:_OPENING_CHARS]):
            yield STATED_NAME, turn, name
    if not _may_tell("\n".join([turn.message for turn in said])):
        return
    for turn in said:
        if _may_tell(turn.message):
            for key, pattern in _STATED.items():
                for name in _names(turn.message, pattern):
                    yield key, turn, name


def _may_tell(text: str) -> bool:
    folded = text.lower()
    if folded.isascii() and not any(lead in folded for lead in _ASCII_LEADS):
        return False
    return any(lead in folded for lead in _LEADS)


def _introduced(message: str) -> Iterator[str]:
    folded = message.lower()
    if not any(lead in folded for lead in _INTRODUCTIONS):
        return
    for name in _names(message, _INTRODUCED):
        words = name.split()
        common = (place for place, word in enumerate(words) if _is_common(word))
        if kept := words[: next(common, len(words))]:
            yield " ".join(kept)


def _is_common(word: str) -> bool:
    folded = word.casefold()
    return folded in _COMMON or (folded.endswith("ing") and len(folded) >= _SHORTEST_VERB)


def _names(message: str, pattern: re.Pattern[str]) -> Iterator[str]:
    for found in pattern.finditer(message):
        before = message[max(0, found.start() - _BEFORE_CHARS) : found.start()]
        is_name = not _NO_NAME.fullmatch(found[1].split()[0]) and not _OF_SOMEBODY.search(found[1])
        if is_name and not _DENIED.search(before) and not _is_of_another(message, found.start()):
            yield _GOES_ON.sub("", found[1])


def _is_of_another(message: str, start: int) -> bool:
    """Tell whether what is said from `start` on is in quotation marks, or told of somebody."""
    before = message[max(0, start - _QUOTED_CHARS) : start]
    reported = _REPORTED.search(before)
    if reported and not _BY_ONESELF.search(before[: reported.start()]):
        return True
    return _is_quoted(before)


def _is_quoted(before: str) -> bool:
    if sum(map(before.count, _DOUBLE_QUOTES)) % 2:
        return True
    opened = max((found.end() for found in _OPENING_QUOTE.finditer(f"{before}x")), default=0)
    return opened > 0 and not _CLOSING_QUOTE.search(before, opened)
