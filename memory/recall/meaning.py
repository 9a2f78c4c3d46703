"""Recall by meaning: how near the vectors of memories are to that of a question."""

import numpy as np

from memory.recall.index import CallerIndex, Flags, Floats


def likeness(index: CallerIndex, meaning: Floats, *, spread: float) -> tuple[Floats, Flags]:
    """
    Return how near each memory is to `meaning`, in 0..1 between the farthest and the nearest.

    Neighbours in an exchange share a little of it. The flags tell which memories have a vector;
    the others have the likeness 0. Cosines of different models do not compare, their order does.
    """
    if len(meaning) != index.vectors.shape[1] or not index.vectors.any():
        return np.zeros(len(index), np.float32), np.zeros(len(index), bool)
    known: Flags = np.any(index.vectors, axis=1)
    cosine: Floats = np.einsum("ij,j->i", index.vectors, meaning)  # not `@`: see diversify.py
    found = cosine.copy()
    together = (index.exchange[1:] == index.exchange[:-1]) & (index.kind[1:] == index.kind[:-1])
    found[1:] += spread * together * cosine[:-1]
    found[:-1] += spread * together * cosine[1:]
    low, high = found[known].min(), found[known].max()
    scaled = (found - low) / (high - low) if high > low else np.ones_like(found)
    return np.where(known, scaled, 0.0).astype(np.float32), known
