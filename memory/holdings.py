"""Everything a store holds of one caller, and where: what a mirror of it has to hold too."""

from dataclasses import dataclass

from memory.port import Memory, MemoryKind, Profile


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

    `stamp` is another one after any change of it, "" for somebody the store has never heard of.
    `profile` is None for somebody of whom there is neither a call nor an attempt.
    """

    stamp: str
    memories: tuple[tuple[Place, Memory], ...]
    profile: Profile | None
