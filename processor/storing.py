"""Storing what was derived, so that one event that is refused holds up none of the others."""

from collections.abc import Callable, Sequence

from memory.errors import MemoryDamaged, MemoryStoreError, MemoryUnavailable, PositionMoved
from memory.port import Conversation, Failure, MemoryStore, Position

Derived = Sequence[tuple[str, Conversation]]  # what an event says, after the event's file


async def store_derived(
    store: MemoryStore,
    derived: Derived,
    *,
    note: Callable[[str, str], Failure],
    failed: Sequence[Failure] = (),
    resolved: Sequence[str] = (),
    advance: tuple[Position, Position] | None = None,
) -> list[Failure]:
    """
    Store all of this in one transaction; see `MemoryStore.apply`. Return every failure noted.

    If the store refuses that, the events are stored one at a time, and those that it refuses
    become failures, as `note(file, error)` writes them. After a crash between them they are
    stored again, which changes nothing. Raises `MemoryUnavailable`, `MemoryDamaged` or
    `PositionMoved` as they come, and the store's error if it refuses even to note failures.
    """
    conversations = [conversation for _, conversation in derived]
    try:
        await store.apply(conversations, failed=failed, resolved=resolved, advance=advance)
    except (MemoryUnavailable, MemoryDamaged, PositionMoved):
        raise
    except MemoryStoreError:
        refused = await _store_singly(store, derived, note, advance)
    else:
        return list(failed)
    names = {failure.file for failure in refused}
    await store.apply(
        [],
        failed=[*failed, *refused],
        resolved=[file for file in resolved if file not in names],
        advance=advance,
    )
    return [*failed, *refused]


async def _store_singly(
    store: MemoryStore,
    derived: Derived,
    note: Callable[[str, str], Failure],
    advance: tuple[Position, Position] | None,
) -> list[Failure]:
    still = None if advance is None else (advance[0], advance[0])  # it must not have moved
    refused = []
    for file, conversation in derived:
        try:
            await store.apply([conversation], advance=still)
        except (MemoryUnavailable, MemoryDamaged, PositionMoved):
            raise
        except MemoryStoreError as error:
            refused.append(note(file, str(error)))
    return refused
