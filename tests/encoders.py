"""Models for the tests: one that is only arithmetic, and a tiny real one in a folder."""

import asyncio
import hashlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from memory.embedding.encoder import EncoderError, TextRefused, unit_rows

WORDS = ("[UNK]", "dog", "cat", "tea")
TABLE = np.array([[0, 0, 0, 1], [3, 0, 0, 0], [0, 4, 0, 0], [0, 0, 5, 0]], dtype=np.float32)


class WordEncoder:
    """
    Texts that share words are alike. `problem` is raised instead, `refused` are texts it does
    not take, and as long as `gate` is not set no answer comes.
    """

    def __init__(self, model="words", *, dimensions=16):
        self.model = model
        self.dimensions = dimensions
        self.problem = None
        self.refused = frozenset()
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = []
        self.cancelled = 0

    async def encode(self, texts):
        self.asked.append(list(texts))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.problem:
            raise EncoderError(self.problem)
        if self.refused & set(texts):
            raise TextRefused("not this one")
        return unit_rows([self.row(text) for text in texts], count=len(texts))

    async def close(self):
        """Nothing to release."""

    def row(self, text):
        row = np.full(self.dimensions, 1e-3, dtype=np.float32)
        for word in text.lower().split():
            row[hashlib.sha256(word.encode()).digest()[0] % self.dimensions] += 1
        return row


def write_tiny_model(
    folder,
    *,
    name="model.onnx",
    table=TABLE,
    words=WORDS,
    inputs=("input_ids", "attention_mask"),
    integers=TensorProto.INT64,
    pooled=False,
    tokenizer=True,
):
    """Write a model that looks each word's row up in `table`, and its tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    output = "sentence_embedding" if pooled else "last_hidden_state"
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["rows"])]
    if pooled:  # by its first token, as some models do
        nodes.append(helper.make_node("Gather", ["rows", "first"], [output], axis=1))
    else:
        nodes.append(helper.make_node("Identity", ["rows"], [output]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(each, integers, ["batch", "tokens"]) for each in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array(0, dtype=np.int64), "first"),
        ],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), folder / name)
    if tokenizer:
        write_tokenizer(folder, words)


def write_tokenizer(folder, words=WORDS):
    """Write a tokenizer of whole words, with the settings that published ones bring along."""
    numbers = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=8)
    tokenizer.save(str(folder / "tokenizer.json"))
