"""Computing the vectors that a memory file lacks, a batch at a time."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from memory.embedded_schema import transaction
from memory.embedded_vectors import is_prepared, pending, prepare, put
from memory.embedding.encoder import Encoder, TextRefused
from memory.embedding.text import text_to_encode

_T = TypeVar("_T")

_PROBE = "A text that every model takes."


class Run(Protocol):
    """How a store runs work on its file, in its own threads."""

    def __call__(self, work: Callable[[sqlite3.Connection], _T], /) -> Awaitable[_T]:
        """Run `work` on a connection."""
        ...


async def embed_pending(encoder: Encoder | None, *, limit: int, read: Run, write: Run) -> int:
    """
    Compute and store at most `limit` of the vectors that are missing; return how many.

    It returns 0 when there is nothing to do, and always without an encoder; then what an
    earlier one has left is cleared away. What it writes are short transactions, and none is
    open while the model works. Raises `EncoderError`; what is stored until then stays.
    """
    model = encoder.model if encoder else ""
    if not await read(partial(is_prepared, model=model)):
        while not await write(_transaction(partial(prepare, model=model))):
            pass
    if encoder is None:
        return 0
    wanted = await read(partial(pending, model=model, limit=limit))
    if wanted:
        texts = [text_to_encode(each.key[1], each.content) for each in wanted]
        vectors = await encode_each(encoder, texts)
        rows = list(zip(wanted, vectors, strict=True))
        await write(_transaction(partial(put, model=model, rows=rows)))
    return len(wanted)


def _transaction(change: Callable[[sqlite3.Connection], _T]) -> Callable[[sqlite3.Connection], _T]:
    def run(connection: sqlite3.Connection) -> _T:
        with transaction(connection, begin="BEGIN IMMEDIATE"):
            return change(connection)

    return run


async def encode_each(
    encoder: Encoder, texts: Sequence[str]
) -> Sequence[NDArray[np.float32] | None]:
    """
    Return a vector for each text; None for one that the model refuses while it takes others.

    Without this one strange text would keep all others waiting for ever.
    """
    try:
        return list(await encoder.encode(texts))
    except TextRefused:
        if len(texts) == 1:
            await encoder.encode([_PROBE])  # raises if it is not the text
            return [None]
    middle = len(texts) // 2
    return [
        *await encode_each(encoder, texts[:middle]),
        *await encode_each(encoder, texts[middle:]),
    ]
