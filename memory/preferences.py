"""A caller's preferences: from facts whose key says so, and from notes, each with its source."""

import re
from collections.abc import Iterable, Sequence

from memory.names import NAME_TOPICS
from memory.port import Fact, Note, Noted
from memory.topics import label_of, topic_of

MAX_PREFERENCES = 12
MAX_FROM_FACTS = 8

# Words of a key, or the beginning of one.
_PREFERENCE = re.compile(
    r"\b(?:prefer|favou?rite|likes?\b|dislikes?\b|diet|allerg|intoleran|language\b|vegetarian|vegan"
    r"|contact\b|best time|bevorzug|vorlieb|sprache\b|ernährung|unverträglich|preferen|preferi"
    r"|idioma\b|alerg|dieta|préfér|langue\b|régime\b|lingua\b|língua\b)"
)
# "emergency contact", "contact number": who or where, not how somebody likes it.
_NO_PREFERENCE = re.compile(
    r"\b(?:name|number|phone|e ?mail|id|person|emergency|address|count|score|confidence)\b"
)


def preferences_of(facts: Iterable[Fact], notes: Iterable[Noted]) -> tuple[Noted, ...]:
    """
    Return what the caller prefers: at most `MAX_PREFERENCES`, facts first, the newest first.

    `facts` and `notes` come newest first. A fact has its newest value. Sentences stay side by
    side, each with its date, even where a newer one contradicts an older.
    """
    found = [_of_fact(fact) for fact in facts if is_preference(fact.key)][:MAX_FROM_FACTS]
    said = {_folded(each.note.text) for each in found}
    for noted in notes:
        folded = _folded(noted.note.text)
        if noted.note.kind == "preference" and folded not in said:
            said.add(folded)
            found.append(noted)
    return tuple(found[:MAX_PREFERENCES])


def preferences_text(preferences: Sequence[Noted]) -> str:
    """Return the preferences in one line."""
    return "; ".join(each.note.text for each in preferences)


def is_preference(key: str) -> bool:
    """Tell whether a fact of this key is a preference: "seat_preference", "allergies"."""
    label = label_of(key)
    is_name = topic_of(key) in NAME_TOPICS
    return bool(not is_name and _PREFERENCE.search(label) and not _NO_PREFERENCE.search(label))


def _of_fact(fact: Fact) -> Noted:
    text = f"{label_of(fact.key)}: {fact.value}"
    return Noted(
        note=Note(kind="preference", text=text, by="caller", source="fact", key=fact.key),
        occurred_at=fact.occurred_at,
        conversation_id=fact.conversation_id,
    )


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
