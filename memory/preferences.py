"""A caller's preferences: from facts whose key says so, and from notes, each with its source."""

import re
from collections.abc import Iterable

from memory.names import NAME_TOPICS
from memory.outdated import Said, may_be_over, outdates, read, stems_of
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


def preferences_of(
    facts: Iterable[Fact], notes: Iterable[Noted], *, names: Iterable[str] = ()
) -> tuple[Noted, ...]:
    """
    Return what the caller prefers: at most `MAX_PREFERENCES`, facts first, the newest first.

    `facts` and `notes` come newest first. A fact has its newest value. Sentences stay side by
    side, each with its date, even where a newer one contradicts an older; only one that plainly
    says that the older is over takes its place. `names` are the caller's own.
    """
    found = [_of_fact(fact) for fact in facts if is_preference(fact.key)][:MAX_FROM_FACTS]
    said = {_folded(each.note.text) for each in found}
    told: list[Noted] = []
    for noted in notes:
        folded = _folded(noted.note.text)
        if noted.note.kind == "preference" and folded not in said:
            said.add(folded)
            told.append(noted)
    if any(may_be_over(noted.note.text) for noted in told):
        told = _still_so(told, frozenset(root for name in names for root in stems_of(name)))
    return tuple([*found, *told][:MAX_PREFERENCES])


def _still_so(notes: Iterable[Noted], caller: frozenset[str]) -> list[Noted]:
    """Return the notes that no newer one outdates."""
    before: list[tuple[Noted, Said]] = []
    kept: list[Noted] = []
    for noted in notes:
        older = read(noted.note.text, caller=caller)
        if not any(_is_later(each, noted) and outdates(newer, older) for each, newer in before):
            kept.append(noted)
        before.append((noted, older))
    return kept


def is_preference(key: str) -> bool:
    """Tell whether a fact of this key is a preference: "seat_preference", "allergies"."""
    label = label_of(key)
    is_name = topic_of(key) in NAME_TOPICS
    return bool(not is_name and _PREFERENCE.search(label) and not _NO_PREFERENCE.search(label))


def _is_later(one: Noted, other: Noted) -> bool:
    """Tell whether `one`, which comes first, was said later: calls without a date have no order."""
    is_same_call = one.conversation_id == other.conversation_id
    return is_same_call or one.occurred_at > other.occurred_at


def _of_fact(fact: Fact) -> Noted:
    text = f"{label_of(fact.key)}: {fact.value}"
    return Noted(
        note=Note(kind="preference", text=text, by="caller", source="fact", key=fact.key),
        occurred_at=fact.occurred_at,
        conversation_id=fact.conversation_id,
    )


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
