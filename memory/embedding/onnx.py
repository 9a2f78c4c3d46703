"""Vectors from a model in a local folder, by ONNX Runtime: nothing leaves the machine."""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from memory.embedding.encoder import EncoderError, Vectors, unit_rows

# Quantised first: they find as much in half the time.
MODEL_FILES = ("model_int8.onnx", "model_quantized.onnx", "model.onnx")
TOKENIZER_FILE = "tokenizer.json"
MAX_TOKENS = 256  # what MiniLM and its like were made for; more costs time and blurs

# Few, because a caller's question waits for the texts that are being encoded just then.
_AT_ONCE = 4
# How texts become vectors here; part of the model's name, so raise it with any change.
_RECIPE = "mean-256-v1"
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_POOLED, _BY_TOKEN = "sentence_embedding", ("last_hidden_state", "token_embeddings")
_ERRORS_ONLY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """A loaded model: what it is given (name to type), and which of its outputs is used."""

    session: Any
    tokenizer: Tokenizer
    inputs: dict[str, Any]
    output: str
    name: str


class OnnxEncoder:
    """An `Encoder` in one thread of its own, so that it takes one core at most."""

    def __init__(self, model: _Model) -> None:
        self._model = model
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding")
        self._closed = False
        self.model = model.name

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a vector of length 1 for each text, in order."""
        in_order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        parts = []
        loop = asyncio.get_running_loop()
        for start in range(0, len(texts), _AT_ONCE):  # of like lengths: less is padding
            if self._closed:
                raise EncoderError("the embedding model is closed")
            chunk = [texts[index] for index in in_order[start : start + _AT_ONCE]]
            parts.append(await loop.run_in_executor(self._thread, _encode, self._model, chunk))
        return np.concatenate(parts)[np.argsort(in_order)]

    async def close(self) -> None:
        """End the thread, after the few texts that it was given already."""
        self._closed = True
        await asyncio.to_thread(self._thread.shutdown)


def load_onnx(path: Path) -> OnnxEncoder:
    """
    Return an encoder for the model at `path`, a folder or the file itself; takes a moment.

    Raises `EncoderError` if there is none, or if it is not of the kind that is understood: a
    sentence model with a tokenizer, averaged over its tokens.
    """
    file = _model_file(path)
    tokenizer_file = _tokenizer_file(file)
    try:
        model = _load(file, tokenizer_file)
        _encode(model, ["hello"])
    except EncoderError:
        raise
    except Exception as error:  # both libraries raise bare exceptions
        raise EncoderError(f"the model {file} cannot be loaded: {error}") from error
    return OnnxEncoder(model)


def _load(file: Path, tokenizer_file: Path) -> _Model:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    session = onnxruntime.InferenceSession(
        str(file), sess_options=options, providers=["CPUExecutionProvider"]
    )
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_padding()  # done here, to the longest text of the moment
    tokenizer.enable_truncation(MAX_TOKENS)
    return _Model(
        session=session,
        tokenizer=tokenizer,
        inputs=_inputs(session, file),
        output=_output(session),
        name=f"onnx:{_digest(file, tokenizer_file)}",
    )


def _model_file(path: Path) -> Path:
    if path.is_file():
        return path
    candidates = [folder / name for folder in (path, path / "onnx") for name in MODEL_FILES]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise EncoderError(
        f"there is no model at {path}: MEMORY_EMBEDDINGS=onnx:FOLDER needs a folder with "
        f"model.onnx (or {', '.join(MODEL_FILES[:2])}) and {TOKENIZER_FILE}"
    )


def _tokenizer_file(file: Path) -> Path:
    for folder in (file.parent, file.parent.parent):
        if (folder / TOKENIZER_FILE).is_file():
            return folder / TOKENIZER_FILE
    raise EncoderError(f"there is no {TOKENIZER_FILE} beside {file}: it is part of the model")


def _inputs(session: Any, file: Path) -> dict[str, Any]:
    inputs = {each.name: _INTEGERS.get(each.type) for each in session.get_inputs()}
    known = {"input_ids", "attention_mask", "token_type_ids"}
    if "input_ids" not in inputs or not inputs.keys() <= known or None in inputs.values():
        raise EncoderError(
            f"the model {file} asks for {', '.join(inputs)}: only sentence models, which take "
            "input_ids, attention_mask and token_type_ids, are understood"
        )
    return inputs


def _output(session: Any) -> str:
    names: list[str] = [each.name for each in session.get_outputs()]
    return next((name for name in (_POOLED, *_BY_TOKEN) if name in names), names[0])


def _digest(file: Path, tokenizer_file: Path) -> str:
    """Return what changes with the weights' bytes (large ones lie beside), or the tokens."""
    weights = sorted(
        beside
        for beside in file.parent.iterdir()
        if beside.name in (file.name, f"{file.name}_data", f"{file.name}.data")
    )
    digest = hashlib.sha256(_RECIPE.encode())
    for each in (*weights, tokenizer_file):
        with each.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()[:16]


def _encode(model: _Model, texts: list[str]) -> Vectors:
    # One by one: encoding several starts threads for all cores, which callers may be waiting for.
    tokens = [model.tokenizer.encode(text).ids for text in texts]
    longest = max(1, *map(len, tokens))
    ids = np.zeros((len(texts), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, each in enumerate(tokens):
        ids[row, : len(each)] = each
        mask[row, : len(each)] = 1
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    feed = {name: given[name].astype(kind) for name, kind in model.inputs.items()}
    try:
        (output,) = model.session.run([model.output], feed)
    except Exception as error:  # the library raises bare exceptions
        raise EncoderError(f"the embedding model failed: {type(error).__name__}") from error
    return unit_rows(_pooled(np.asarray(output, dtype=np.float32), mask), count=len(texts))


def _pooled(output: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the mean over each text's tokens; what the model has pooled itself stays."""
    if output.ndim != 3:  # noqa: PLR2004 - texts, tokens, numbers
        return output
    weights = mask.astype(np.float32)[:, :, np.newaxis]
    mean: NDArray[np.float32] = (output * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
    return mean
