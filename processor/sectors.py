"""
Which sector of memory a text belongs to: a few keyword rules, read from top to bottom.

Facts are semantic and summaries episodic. What a caller said is procedural when it is about how
something is done, emotional when it names a feeling, reflective when it draws a conclusion,
semantic when it states something lasting about the caller, and episodic otherwise.
"""

import string

from memory.port import MemoryKind, Sector

_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation + "\u2019\u201c\u201d\u2026¿¡", " "))

# Whole words, in lower case; "i m" is "I'm" once the apostrophe has become a space.
_PHRASES: dict[Sector, str] = {
    "procedural": """
        how do i, how do you, how do we, how can i, how should i, how would i, how to, steps to,
        step by step, instructions, the way to, make sure to, wie kann ich, wie mache ich,
        wie geht, anleitung, cómo puedo, cómo se, instrucciones, comment faire, comment je
    """,
    "emotional": """
        angry, annoyed, annoying, frustrated, frustrating, upset, furious, disappointed,
        disappointing, worried, worries me, anxious, afraid, scared, sad, happy, glad, excited,
        thrilled, grateful, relieved, stressed, lonely, i love, i hate, i miss, i fear,
        wütend, verärgert, enttäuscht, besorgt, traurig, glücklich, ich freue mich,
        enojado, enojada, preocupado, preocupada, triste, feliz, contento, contenta,
        inquiet, inquiète, heureux, heureuse, déçu, déçue
    """,
    "reflective": """
        i realise, i realised, i realize, i realized, i ve realised, i ve realized, i learned,
        i ve learned, i noticed, i ve noticed, i think i should, i guess i, i suppose i,
        looking back, in hindsight, it turns out, now i understand, mir ist klar geworden,
        im nachhinein, me di cuenta, je me suis rendu compte
    """,
    "semantic": """
        i m a, i am a, i m an, i am an, allergic to, vegetarian, vegan, diabetic, i m married,
        i always, i usually, i never, i prefer, i d prefer, i live, i work, my name, my address,
        my email, my birthday, my phone, my number, my wife, my husband, my partner, my son,
        my daughter, my dog, my cat, my car, my job, my favorite, my favourite, my account,
        my company, ich heiße, ich wohne, ich arbeite, mein name, me llamo, vivo en, trabajo en,
        prefiero, je m appelle, j habite, je travaille, je préfère
    """,
}
_SECTORS = tuple(_PHRASES)


def _by_first_word() -> dict[str, list[tuple[int, str]]]:
    """Return (place of the sector, phrase) by the phrase's first word: a message has few."""
    found: dict[str, list[tuple[int, str]]] = {}
    for place, phrases in enumerate(_PHRASES.values()):
        for phrase in phrases.split(","):
            words = phrase.split()
            found.setdefault(words[0], []).append((place, f" {' '.join(words)} "))
    return found


_INDEX = _by_first_word()


def sector_of(kind: MemoryKind, text: str) -> Sector:
    """Return the sector of a memory of this kind: always the same one for the same text."""
    match kind:
        case "fact":
            return "semantic"
        case "summary":
            return "episodic"
        case "utterance":
            return _sector_of_words(text.lower().translate(_PUNCTUATION).split())


def _sector_of_words(words: list[str]) -> Sector:
    said = f" {' '.join(words)} "
    known = _INDEX.keys() & words
    places = [place for word in known for place, phrase in _INDEX[word] if phrase in said]
    return _SECTORS[min(places)] if places else "episodic"
