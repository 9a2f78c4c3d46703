"""What a caller says to be called: heard in the transcript, where a name is plainly told."""

import re
from collections.abc import Iterable, Iterator

from voice.events import Turn

STATED_NAME = "stated_name"  # collected names count for more
STATED_PREFERRED_NAME = "stated_preferred_name"

# The words around a name may be in any case, the name itself begins with a capital letter, so
# that "my name is on the list" is none.
_NAME = r"([^\W\d_a-zß-ÿ][\w'\u2019-]*(?:[ ][^\W\d_a-zß-ÿ][\w'\u2019-]*){0,2})"
_LEADS = ("name", "llamo", "appel", "call", "go by", "nenn", "llám", "chiam", "chame")
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
# Not "call me Monday", and not "Don't call me Annie".
_NO_NAME = re.compile(
    r"(?i:mon|tues|wednes|thurs|fri|satur|sun|to)day|(?i:tomorrow|back|later|again|when|if|on|at|"
    r"in|after|before|january|february|march|april|may|june|july|august|september|october|"
    r"november|december|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|morgen|lunes|"
    r"martes|miércoles|jueves|viernes|sábado|domingo|lundi|mardi|mercredi|jeudi|vendredi|samedi|"
    r"dimanche|demain|dr|mr|mrs|ms|herr|frau|i)"
)
_DENIED = re.compile(
    r"(?:\b(?:not|never|nobody|no one|nicht|no|ne|non|não)|n['\u2019]t)(?: \w+)?\s*$", re.IGNORECASE
)
_BEFORE_CHARS = 30


def stated_facts(turns: Iterable[Turn]) -> Iterator[tuple[str, Turn, str]]:
    """Yield (key of the fact, where it is said, name), in order: the last one counts."""
    for turn in turns:
        if turn.role != "user":
            continue
        folded = turn.message.lower()
        if any(lead in folded for lead in _LEADS):  # hardly ever, and far quicker
            for key, pattern in _STATED.items():
                for name in _names(turn.message, pattern):
                    yield key, turn, name


def _names(message: str, pattern: re.Pattern[str]) -> Iterator[str]:
    for found in pattern.finditer(message):
        before = message[max(0, found.start() - _BEFORE_CHARS) : found.start()]
        if not _DENIED.search(before) and not _NO_NAME.fullmatch(found[1].split()[0]):
            yield found[1]
