"""Whether two summaries tell the same but for numbers and dates."""

import re
import unicodedata
from dataclasses import dataclass

from memory.recall.english import STOP_WORDS
from memory.recall.other_languages import STOP_WORDS as OTHER_STOP_WORDS

_MAY_DIFFER = 0.1  # of the content words


def _folded(text: str) -> list[str]:
    plain = text.casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.findall(r"[^\W_]+", plain)


# English, German, Spanish, French, Portuguese, Italian.
_DATES = frozenset(
    _folded("""
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december st nd rd th
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar februar märz mai
    juni juli oktober dezember
    lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio
    agosto septiembre octubre noviembre diciembre
    lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril juin juillet
    août septembre octobre novembre décembre
    segunda terça quarta quinta sexta feira janeiro fevereiro março maio junho julho setembro
    outubro novembro dezembro
    lunedì martedì mercoledì giovedì venerdì sabato domenica gennaio febbraio aprile maggio giugno
    luglio settembre ottobre dicembre
""")
)
_NEGATIONS = frozenset(
    _folded("""
    not no never nobody none neither nor without cannot unable failed t nicht nie kein keine keinen
    keiner ohne nunca jamás tampoco sin ne n pas jamais sans aucun aucune não jamais sem non mai
    senza nessun nessuna
""")
)
# One list for each language, not one for all: "car" is a word of content, though not in French.
_NO_CONTENT = tuple(
    frozenset(_folded(words))
    for words in (STOP_WORDS, *(OTHER_STOP_WORDS[tag] for tag in ("de", "es", "fr", "pt", "it")))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gist:
    """What a text says, to be compared: its words in order, without numbers and dates."""

    words: tuple[str, ...]
    distinct: frozenset[str]
    negations: frozenset[str]


def gist_of(text: str) -> Gist:
    """Return the gist of `text`."""
    words = [word for word in _folded(text) if word not in _DATES and not word[0].isdigit()]
    distinct = frozenset(words)
    return Gist(words=tuple(words), distinct=distinct, negations=distinct & _NEGATIONS)


def is_alike(one: Gist, other: Gist) -> bool:
    """Tell whether two texts say the same, or nearly, and neither denies what the other says."""
    if one.words == other.words:
        return bool(one.words)
    if one.negations != other.negations:
        return False
    common = one.distinct & other.distinct
    alone = (one.distinct - common, other.distinct - common)
    is_any_content = not common <= _NO_CONTENT[0]
    return is_any_content and all(_is_near(common, alone, words) for words in _NO_CONTENT)


def _is_near(
    common: frozenset[str], alone: tuple[frozenset[str], frozenset[str]], no_content: frozenset[str]
) -> bool:
    differing = max(len(words - no_content) for words in alone)
    if differing > _MAY_DIFFER * (len(common) + differing):  # as nearly always, and quicker to tell
        return False
    return differing <= _MAY_DIFFER * (len(common - no_content) + differing)
