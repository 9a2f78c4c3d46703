"""Who is who: numbers of one person and persons of one number, as the owner decided. Pure."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

_LOOK_AHEAD = 500  # nobody parts a line into so many people


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    One thing the owner decided about callers or memories.

    "merge": all calls of `caller`, past and future, are those of `into`. "split" without
    `conversations` and `name` takes a merge of `caller` back; with them, these conversations of
    `caller`, and all in which that name is given, are of another person, whose key is `into`; left
    out, it is the next that is free. "untrue": these
    `memories` (ids) are no longer derived.
    """

    id: str
    at: datetime
    kind: Literal["merge", "split", "untrue"]
    caller: str = ""
    into: str = ""
    conversations: tuple[str, ...] = ()
    name: str = ""
    memories: tuple[str, ...] = ()


class People:
    """
    What a number of decisions, in their order, come to.

    A person has a key, as a caller has: that of the first number, or for a second person of
    one line the number and "~2".
    """

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._into: dict[str, str] = {}
        self._by_conversation: dict[str, tuple[str, str]] = {}
        self._by_name: dict[tuple[str, str], str] = {}
        self._apart: dict[str, list[str]] = {}
        self._ever: dict[str, set[str]] = {}  # who was ever one with whom, both ways
        self._made: dict[str, str] = {}  # by which split, by its id, whose key was made or meant
        for decision in decisions:
            if decision.kind == "merge":
                self._relate(decision.caller, decision.into)
                self._merge(decision.caller, decision.into)
            elif decision.kind == "split":
                self._split(decision)

    def person(self, caller: str) -> str:
        """Return the key of the person whom this number, or key, leads to."""
        while caller in self._into:
            caller = self._into[caller]
        return caller

    def person_of(self, caller: str, conversation_id: str, name: str) -> str:
        """Return the key of who spoke in a conversation on the line `caller` and gave `name`."""
        return self.person(self.key_of(caller, conversation_id, name))

    def key_of(self, caller: str, conversation_id: str, name: str) -> str:
        """
        Return what `person_of` does, were nobody merged: whose call it was when it was made.

        An erasure is of these keys, so that who is merged with an erased number later, with all
        the calls made before, is not erased with it.
        """
        line, key = self._by_conversation.get(conversation_id, ("", ""))
        if line == caller:
            return key
        return self._by_name.get((caller, first_name_of(name)), caller)

    def is_shared(self, caller: str) -> bool:
        """Tell whether several people call from this line, so that who rings is not known."""
        keys = self._apart.get(caller, ())
        return len({self.person(key) for key in (caller, *keys)}) > 1

    def lines(self, person: str) -> frozenset[str]:
        """Return every key that leads to `person`, its own among them."""
        keys = {*self._into, *(key for keys in self._apart.values() for key in keys)}
        return frozenset({person} | {key for key in keys if self.person(key) == person})

    def apart(self, line: str) -> tuple[str, ...]:
        """Return the keys of the further people of this line."""
        return tuple(self._apart.get(line, ()))

    def key_made(self, decision: Decision) -> str:
        """Return the key of the person whom a split parted from the line; "" for all others."""
        return self._made.get(decision.id, "")

    def key_named(self, line: str, name: str) -> str:
        """Return the key of who gives `name` on this line; "" if nobody was parted by it."""
        return self._by_name.get((line, first_name_of(name)), "")

    def new_key(
        self, line: str, *, is_forgotten: Callable[[str], bool], used: Collection[str] = ()
    ) -> str:
        """
        Return the key of one more person of this line: "{line}~{n}", n above all that were given.

        A key that stood for somebody who was forgotten stands for nobody else; `used` are keys
        that no decision names any more.
        """
        of_line = [each.rpartition("~") for each in (*self._ever, *used)]
        given = [int(n) for of, _, n in of_line if of == line and n.isdecimal()]
        highest = max([1, *given])
        above = range(highest + _LOOK_AHEAD, highest, -1)
        return f"{line}~{next((n for n in above if is_forgotten(f'{line}~{n}')), highest) + 1}"

    def related(self, caller: str) -> frozenset[str]:
        """Return every key that calls of `caller` may ever have been remembered under."""
        found, left = {caller}, [caller]
        while left:
            for key in self._ever.get(left.pop(), set()) - found:
                found.add(key)
                left.append(key)
        return frozenset(found)

    def _relate(self, one: str, other: str) -> None:
        self._ever.setdefault(one, set()).add(other)
        self._ever.setdefault(other, set()).add(one)

    def _merge(self, caller: str, into: str) -> None:
        if caller == into:
            return
        key = into
        while key in self._into:
            if self._into[key] == caller:  # the other way round than before: the later one counts
                del self._into[key]
                break
            key = self._into[key]
        self._into[caller] = into

    def _split(self, decision: Decision) -> None:
        if not decision.conversations and not decision.name:
            self._into.pop(decision.caller, None)
            return
        line, name = decision.caller, first_name_of(decision.name)
        apart = self._apart.setdefault(line, [])
        key = decision.into or self._by_name.get((line, name)) or f"{line}~{len(apart) + 2}"
        self._made[decision.id] = key
        self._relate(line, key)
        if key not in apart:
            apart.append(key)
        if name:
            self._by_name[line, name] = key
        for conversation_id in decision.conversations:
            self._by_conversation[conversation_id] = (line, key)


def first_name_of(name: str) -> str:
    """Return what is compared of a name that was given: its first word, in small letters."""
    words = name.casefold().split()
    return words[0].strip(".,") if words else ""
