"""Everything a store holds of one caller, and where: what a mirror of it has to hold too."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from memory.values import Memory, MemoryKind, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Where a memory of a caller is in the store.

    `source` is the kind of the conversation record it belongs to: "call" or "failure".
    """

    kind: MemoryKind
    conversation_id: str
    source: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """
    All that is held of one caller at one moment.

    `stamp` is another one after any change of it, "" for somebody of whom nothing is held.
    `profile` is None for somebody of whom there is neither a call nor an attempt.
    `others` has the name given in each conversation that is not the owner's, by its id.
    """

    stamp: str
    memories: tuple[tuple[Place, Memory], ...]
    profile: Profile | None
    others: Mapping[str, str] = field(default_factory=dict)


def place_of(memory: Memory, source: str) -> Place:
    """Return where `memory` is, which belongs to a conversation's record of the kind `source`."""
    return Place(
        kind=memory.kind,
        conversation_id=memory.conversation_id,
        source=source,
        id=memory.id,
    )
