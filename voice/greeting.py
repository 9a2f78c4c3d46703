"""How a caller whom we know is greeted. Change the words here."""

import re
from dataclasses import dataclass
from typing import Literal

from memory.port import Profile
from voice.clean import clean
from voice.double_names import is_one_name
from voice.stored_text import told_name

Unasked = Literal["everything", "name", "nothing"]

_GREETINGS = {
    "en": "Hi {name}, good to hear from you again. How can I help you today?",
    "de": "Hallo {name}, schön, wieder von Ihnen zu hören. Wie kann ich Ihnen helfen?",
    "es": "Hola, {name}, qué gusto volver a saludarle. ¿En qué puedo ayudarle hoy?",
    "fr": "Bonjour {name}, ravi de vous entendre à nouveau. Comment puis-je vous aider ?",
    "it": "Buongiorno {name}, che piacere risentirla. Come posso aiutarla oggi?",
    "pt": "Olá, {name}, que bom falar consigo de novo. Como posso ajudar?",
    "pt-br": "Olá, {name}, que bom falar com você de novo. Como posso ajudar?",
    "nl": "Hallo {name}, fijn u weer te spreken. Waarmee kan ik u helpen?",
    "pl": "Dzień dobry, {name}, miło znów słyszeć. W czym mogę pomóc?",
    "sv": "Hej {name}, roligt att höra från dig igen. Hur kan jag hjälpa dig?",
    "da": "Hej {name}, dejligt at høre fra dig igen. Hvordan kan jeg hjælpe?",
    "nb": "Hei {name}, hyggelig å høre fra deg igjen. Hvordan kan jeg hjelpe?",
}
_DEFAULT_LANGUAGE = "en"

# Before a family name, not instead of a name.
_TITLES = frozenset(
    [
        *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir"),
        *("madam", "herr", "frau", "señor", "señora", "señorita", "sr", "sra"),
        *("srta", "don", "doña", "monsieur", "madame", "mademoiselle", "mme", "mlle"),
        *("signor", "signora", "sig", "dott", "senhor", "senhora", "dona", "meneer"),
        *("mevrouw", "pan", "pani"),
    ]
)
_WITH_TITLE = 2  # words: "Frau Weber"
_MAX_NAME_CHARS = 40
_LONGEST_NAME = 200
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_NAME_EDGES = re.compile(r"^[\W_]+|[^\w.]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingOptions:
    """
    What is sent back when a known caller's phone rings.

    `template` replaces the built-in greetings; "{name}" in it becomes the first name. An agent
    must allow each override in its settings, or the platform drops the call: so each can be
    switched off. `tell_unasked` is what the agent may know before the caller has said a word:
    everything, the name (the first one, and that there were calls before) or nothing, as of a
    stranger.
    """

    template: str = ""
    tell_unasked: Unasked = "everything"
    send_first_message: bool = True
    send_language: bool = True


def spoken_name(profile: Profile) -> str:
    """
    Return the name that may be said aloud: the first name at most, "" if none is known.

    A phone number is no proof of who calls, and a family name tells a stranger whose it is. So
    "Ana Torres" is greeted as Ana, and "Frau Weber" not by name; but one who asked to be called
    "Frau Weber" is.
    """
    preferred = told_name(profile.preferred_name, limit=_LONGEST_NAME)
    words = preferred.split()
    if len(words) == _WITH_TITLE and _is_title(words[0]):
        return preferred[:_MAX_NAME_CHARS]
    if preferred and _WITHOUT_SPACES.search(preferred):
        return preferred[:_MAX_NAME_CHARS]
    others = (told_name(name, limit=_LONGEST_NAME) for name in (profile.first_name, profile.name))
    # In scripts without spaces nobody can tell where a full name has its first one.
    usable = (name for name in others if not _is_whole(name, profile.full_name))
    return next(filter(None, map(first_name, (preferred, *usable))), "")


def greeting_for(called: str, language: str, *, options: GreetingOptions) -> str | None:
    """Return the first message for a caller who is called so; None: keep the agent's own."""
    called = clean(called, limit=_MAX_NAME_CHARS)
    if not called or not options.send_first_message:
        return None
    template = options.template or _built_in(language)
    return template.replace("{name}", called) if template else None


def first_name(name: str) -> str:
    """
    Return the first name in a name: "Ana" for "Ana Torres" and "Dr. Ana Torres", "Mary Ann" for
    "Mary Ann Hill"; "" for "Frau Weber", where there is none.
    """
    words = [_NAME_EDGES.sub("", word) for word in clean(name, limit=_LONGEST_NAME).split()]
    words = [word for word in words if any(char.isalpha() for char in word)]
    named = [word for word in words if not _is_title(word)]
    if not named or len(named) == 1 < len(words):
        return ""
    is_double = len(named) > 1 and is_one_name(named[0], named[1])
    return " ".join(named[: 2 if is_double else 1])[:_MAX_NAME_CHARS]


def _is_title(word: str) -> bool:
    return word.casefold().rstrip(".") in _TITLES


def _is_whole(name: str, full: str) -> bool:
    return bool(_WITHOUT_SPACES.search(name)) and name == clean(full, limit=_LONGEST_NAME)


def _built_in(language: str) -> str | None:
    tag = language.lower() or _DEFAULT_LANGUAGE
    return _GREETINGS.get(tag) or _GREETINGS.get(tag.partition("-")[0])
