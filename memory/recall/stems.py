"""
Stems: what the forms of a word have in common, by the language of the conversation.

Words and stems are folded, as `memory.recall.words` makes them. Several threads may ask at once.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import Stemmer  # type: ignore[import-not-found] # it has no types

from memory.recall import english, other_languages
from memory.recall.words import fold

_ALGORITHMS_TEXT = (
    "ar:arabic ca:catalan cs:czech da:danish de:german el:greek en:english eo:esperanto es:spanish "
    "et:estonian eu:basque fa:persian fi:finnish fr:french ga:irish hi:hindi hu:hungarian "
    "hy:armenian id:indonesian it:italian lt:lithuanian nb:norwegian ne:nepali nl:dutch "
    "nn:norwegian no:norwegian pl:polish pt:portuguese ro:romanian ru:russian sr:serbian "
    "st:sesotho sv:swedish ta:tamil tr:turkish yi:yiddish"
)
_INSTALLED = frozenset(Stemmer.algorithms())  # older versions have fewer
STEMMER_VERSION: str = Stemmer.version()

_ALGORITHMS = {
    code: name
    for code, _, name in (pair.partition(":") for pair in _ALGORITHMS_TEXT.split())
    if name in _INSTALLED
}
# Words of another script than the language's are stemmed by the language that the script is used
# for most: Latin letters as English, and these.
_LAST_LATIN = "\u024f"
_SCRIPTS = (
    ("\u0370", "\u03ff", ("el",)),
    ("\u0400", "\u04ff", ("ru", "sr")),
    ("\u0530", "\u058f", ("hy",)),
    ("\u0590", "\u05ff", ("yi",)),
    ("\u0600", "\u06ff", ("ar", "fa")),
    ("\u0900", "\u097f", ("hi", "ne")),
    ("\u0b80", "\u0bff", ("ta",)),
)
_NOT_LATIN = frozenset({"ar", "el", "fa", "hi", "hy", "ne", "ru", "ta", "yi"})
# Endings that Snowball knows only by the accents that folding has taken away, or not at all.
_RESPELT = {
    "ar": (
        (re.compile("\u0647$"), "\u0629"),
        (re.compile("(?<=..)\u0627\u062a$"), ""),  # the plural
        (re.compile("(?<=.)\u0627\u0646\u064a$"), "\u0627\u0646"),  # "my", after a noun in -an
    ),
    "es": ((re.compile(r"^(..[aeo])s$"), r"\1"),),  # años, días
    "fr": ((re.compile("ee(s?)$"), r"ée\1"),),
    "pt": ((re.compile("coes$|cao$"), "ção"), (re.compile("oes$|ao$"), "ão")),
}
_NO_DIGITS = re.compile("[^0-9]*")
_MAX_NEAR = 8
_MAX_CACHED = 30_000  # words per language: a few megabytes
_caches: dict[str, dict[str, str]] = {}


def stems(words: Sequence[str], language: str) -> list[str]:
    """
    Return the stem of each of `words` under `language`, a tag as "en" or "pt-br".

    No language is English. Words with digits, and words of languages without a stemmer, are their
    own stems.
    """
    code = _code(language)
    if code not in _ALGORITHMS:
        return list(words)
    cache = _caches.setdefault(code, {})
    try:
        return list(map(cache.__getitem__, words))
    except KeyError:
        return _learned(words, code, cache)


def stop_stems(language: str) -> frozenset[str]:
    """Return the stems of `language` that say nothing about what is asked; none if unknown."""
    return _stop_words(_code(language))


def near(stem: str, language: str) -> tuple[str, ...]:
    """Return the stems that mean nearly the same as `stem`, at most 8, the nearest first."""
    return _near(_code(language)).get(stem, ())


@lru_cache(maxsize=256)
def _code(language: str) -> str:
    code = re.split("[-_]", language.strip().lower())[0]
    return code if len(code) in {2, 3} and code not in {"und", "mul"} else "en"


def _learned(words: Sequence[str], code: str, cache: dict[str, str]) -> list[str]:
    """Return the stems of `words`, some of them new to `cache`, and remember them."""
    found = {word: cache.get(word) for word in words}
    new = [word for word, stem in found.items() if stem is None]
    learned = dict(zip(new, _stemmed(new, code), strict=True))
    if len(cache) + len(learned) > _MAX_CACHED:
        _caches[code] = learned  # begin again: who still uses the old one keeps it
    else:
        cache.update(learned)
    return [found[word] or learned.get(word, word) for word in words]


def _stemmed(words: Iterable[str], code: str) -> list[str]:
    # A stemmer must not be used by two threads, and costs less than one word to make.
    stemmers = {}
    found = []
    for word in words:
        own = _own_language(word, code)
        if own not in stemmers:
            stemmers[own] = Stemmer.Stemmer(_ALGORITHMS[own], 0)
        found.append(_stem(word, own, stemmers[own]))
    return found


def _stem(word: str, code: str, stemmer: Stemmer.Stemmer) -> str:
    # a stop word is its own stem and nothing else's: "quit" is not "quite", "comer" not "como"
    stop_words = _stop_words(code)
    if word in stop_words or not _NO_DIGITS.fullmatch(word):
        return word
    respelt = word
    for ending, accented in _RESPELT.get(code, ()):
        respelt = ending.sub(accented, respelt)
    try:
        stem = stemmer.stemWord(respelt)
        if code == "nl":  # adressen → adres → adr, as adres
            stem = stemmer.stemWord(stem)
    except UnicodeEncodeError:  # half of a surrogate pair
        return word
    stem = _english_bases().get(stem, stem) if code == "en" else fold(stem)
    return word if stem in stop_words else stem


@lru_cache(maxsize=1)
def _english_bases() -> Mapping[str, str]:
    """Return the stem of the base form by the stem of each irregular form."""
    stem_of = Stemmer.Stemmer("english", 0).stemWord
    return {stem_of(form): stem_of(base) for form, base in english.BASE_FORMS.items()}


def _own_language(word: str, code: str) -> str:
    """Return `code`, or the language to stem `word` by if it is not in the script of `code`."""
    first = word[:1]
    if first <= _LAST_LATIN:
        return "en" if code in _NOT_LATIN else code
    for low, high, codes in _SCRIPTS:
        if low <= first <= high:
            return code if code in codes else codes[0]
    return code


@lru_cache(maxsize=64)
def _stop_words(code: str) -> frozenset[str]:
    text = english.STOP_WORDS if code == "en" else other_languages.STOP_WORDS.get(code, "")
    return frozenset(fold(text).split())


@lru_cache(maxsize=64)
def _near(code: str) -> Mapping[str, tuple[str, ...]]:
    text = english.NEAR_GROUPS if code == "en" else other_languages.NEAR_GROUPS.get(code, "")
    found: dict[str, dict[str, None]] = {}
    for group in fold(text).replace("|", "\n").splitlines():
        alike = dict.fromkeys(stems(group.split(), code))
        for stem in alike:
            found.setdefault(stem, {}).update(dict.fromkeys(s for s in alike if s != stem))
    return {stem: tuple(others)[:_MAX_NEAR] for stem, others in found.items()}
