"""How a caller whom we know is greeted. Change the words here."""

import re
from dataclasses import dataclass

from voice.clean import clean

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
    ["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "herr", "frau", "señor", "señora", "sr", "sra"]
)
_MAX_NAME_CHARS = 40
_NAME_EDGES = re.compile(r"^[\W_]+|[^\w.]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingOptions:
    """
    What is sent back when a known caller's phone rings.

    `template` replaces the built-in greetings; "{name}" in it becomes the first name. An agent
    must allow each override in its settings, or the platform drops the call: so each can be
    switched off.
    """

    template: str = ""
    send_first_message: bool = True
    send_language: bool = True


def greeting_for(called: str, language: str, *, options: GreetingOptions) -> str | None:
    """Return the first message for a caller who is called so; None: keep the agent's own."""
    called = clean(called, limit=200)
    if len(called) > _MAX_NAME_CHARS:
        called = first_name(called)
    if not called or not options.send_first_message:
        return None
    template = options.template or _built_in(language)
    return template.replace("{name}", called) if template else None


def first_name(name: str) -> str:
    """Return how to address somebody: "Ana" for "Ana Torres", "Dr. Torres" with a title."""
    words = [_NAME_EDGES.sub("", word) for word in clean(name, limit=200).split()]
    words = [word for word in words if any(char.isalpha() for char in word)]
    if not words:
        return ""
    is_title = words[0].casefold().rstrip(".") in _TITLES
    return " ".join(words[: 2 if is_title else 1])[:_MAX_NAME_CHARS]


def _built_in(language: str) -> str | None:
    tag = language.lower() or _DEFAULT_LANGUAGE
    return _GREETINGS.get(tag) or _GREETINGS.get(tag.partition("-")[0])
