"""The port of the semantic layer: what encodes a text, and how its failures are told."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from memory.errors import MemoryStoreError

Vectors = NDArray[np.float32]  # one row a text


class EncoderError(MemoryStoreError):
    """The model could not encode; the message says what to mend. Search goes on without it."""


class TextRefused(EncoderError):
    """The model works, as far as is known, but does not take one of these texts."""


class Encoder(Protocol):
    """
    A model that turns texts into vectors whose scalar product says how close their meanings are.

    `model` names it: two encoders of the same name give the same vectors. Every failure is an
    `EncoderError`. The event loop is never blocked, and a call that is cancelled ends soon.
    """

    @property
    def model(self) -> str:
        """Return the name, which changes whenever the vectors of the same texts would."""
        ...

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a vector of length 1 for each of `texts`, of which there is at least one."""
        ...

    async def close(self) -> None:
        """Release every resource; nothing can be encoded afterwards."""


def unit_rows(rows: Any, *, count: int) -> Vectors:
    """
    Return what a model answered as `count` vectors of length 1.

    Raises `EncoderError` if it is anything but `count` rows of equally many finite numbers. A
    row of zeros stays one: it is like nothing.
    """
    try:
        vectors = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise EncoderError("the model answered with vectors of different lengths") from error
    if vectors.ndim != 2 or len(vectors) != count or vectors.shape[1] == 0:  # noqa: PLR2004
        raise EncoderError(f"the model answered with {vectors.shape}, not a vector for each text")
    if not np.isfinite(vectors).all():
        raise EncoderError("the model answered with numbers that are none")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Vectors = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return units


class SameDimensions:
    """
    The check that a model which is not here stays the one it was.

    Somebody may exchange it behind its name; vectors of two models compare as noise.
    """

    def __init__(self) -> None:
        self._expected = 0

    def check(self, vectors: Vectors) -> Vectors:
        """Return `vectors`; raise `EncoderError` if earlier ones had other dimensions."""
        dimensions = vectors.shape[1]
        self._expected = self._expected or dimensions
        if dimensions != self._expected:
            raise EncoderError(
                f"the model's vectors have {dimensions} numbers now, and had {self._expected}: "
                "if it was exchanged, restart the processor, which computes all of them again"
            )
        return vectors
