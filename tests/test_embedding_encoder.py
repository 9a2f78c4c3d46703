"""What every encoder checks of a model's answer."""

import numpy as np
import pytest

from memory.embedding.encoder import EncoderError, SameDimensions, unit_rows
from memory.errors import MemoryStoreError


def test_vectors_get_the_length_one():
    vectors = unit_rows([[3, 4], [0, -2]], count=2)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, -1]], rtol=1e-6)


def test_a_row_of_zeros_is_like_nothing():
    assert unit_rows([[0, 0]], count=1).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [[1.0, 2.0]],
        [[1.0], [1.0, 2.0]],
        [[], []],
        [1.0, 2.0],
        [[[1.0]], [[1.0]]],
        [[1.0, float("nan")], [1.0, 1.0]],
        [[1.0, float("inf")], [1.0, 1.0]],
        [["a"], ["b"]],
        [None, None],
        None,
        "text",
    ],
)
def test_anything_but_a_vector_for_each_text_is_the_models_failure(rows):
    with pytest.raises(EncoderError):
        unit_rows(rows, count=2)


def test_a_failure_of_the_model_is_one_of_the_memory_store():
    assert issubclass(EncoderError, MemoryStoreError)


def test_a_model_that_was_exchanged_behind_its_name_is_noticed():
    same = SameDimensions()
    same.check(np.zeros((2, 3), dtype=np.float32))
    same.check(np.zeros((1, 3), dtype=np.float32))
    with pytest.raises(EncoderError, match="restart the processor"):
        same.check(np.zeros((1, 4), dtype=np.float32))
