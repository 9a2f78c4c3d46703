"""The index of one caller's memories: which stems occur in which of them, as NumPy arrays."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from memory.port import MemoryKind
from memory.recall.spelling import Spellings, spellings

Ints = NDArray[np.int64]
Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]
Entry = tuple[MemoryKind, str, str, str]  # kind, conversation_id, source, id

# Half an hour of silence ends an exchange: a chat may go on for days, and who calls again at
# once is still about the same.
SILENCE_US = 30 * 60 * 1_000_000
YEAR_US = 366 * 86_400 * 1_000_000  # times in the first year after the epoch are no dates

_BYTES_OF_A_WORD = 220  # a string, its place in a dictionary, and its pairs of letters
_BYTES_OF_A_KEY = 400  # a tuple of strings, most of them its own
KINDS: tuple[MemoryKind, ...] = ("fact", "summary", "utterance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """For each stem the memories that hold it: of stem s, those from start[s] to start[s + 1]."""

    start: Ints
    memory: Ints
    count: Floats

    @property
    def nbytes(self) -> int:
        """Return the size in bytes."""
        return self.start.nbytes + self.memory.nbytes + self.count.nbytes


def no_vectors() -> Floats:
    """Return the vectors of an index without a model."""
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, kw_only=True)
class CallerIndex:
    """
    Everything that ranking asks about one caller's memories, in the order they were said.

    `said` counts words of the memory itself, `heard` those of the agent's line that it answers.
    An exchange is a run of memories without a long silence; `call` numbers the conversations
    by their beginning, oldest first.
    """

    entries: tuple[Entry, ...]
    vocabulary: dict[str, int]
    languages: tuple[str, ...]  # the most frequent first
    said: Postings
    heard: Postings
    said_length: Floats
    heard_length: Floats
    said_stems: tuple[Ints, Ints]  # (start of each memory, stems in order)
    occurred_us: Ints
    exchange: Ints
    call: Ints
    kind: Ints  # places in `KINDS`
    speaker: Ints  # places in `speakers`
    speakers: tuple[str, ...]
    names: frozenset[str]  # the caller's own, as stems
    labelled: Flags  # facts with a key: their neighbours are values of other keys
    superseded: Flags  # of those, the ones that have a newer, different value
    asks: Flags  # what was said is a question
    heard_asks: Flags  # the agent's line is one
    # a row for each memory, of zeros for one that has none yet; no rows without a model
    vectors: Floats = field(default_factory=no_vectors)

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def spellings(self) -> Spellings:
        """Return the vocabulary in its order, to be compared with a word that nobody ever said."""
        return spellings(tuple(self.vocabulary))

    @property
    def nbytes(self) -> int:
        """Return about how many bytes of memory this index takes."""
        arrays = (
            *(self.said_length, self.heard_length, *self.said_stems, self.occurred_us),
            *(self.exchange, self.call, self.kind, self.speaker, self.superseded, self.asks),
            *(self.heard_asks, self.labelled, self.vectors),
        )
        return (
            sum(array.nbytes for array in arrays)
            + self.said.nbytes
            + self.heard.nbytes
            + len(self.vocabulary) * _BYTES_OF_A_WORD
            + len(self.entries) * _BYTES_OF_A_KEY
        )
