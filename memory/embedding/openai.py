"""Vectors from OpenAI, or from any server with its API, through its own client."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import openai

from memory.embedding import http
from memory.embedding.encoder import EncoderError, SameDimensions, Vectors, unit_rows

DEFAULT_MODEL = "text-embedding-3-small"

_BATCH = 64  # texts in a request
_OPENAI = "https://api.openai.com/v1"

# These models can answer with the first part of their vectors, which loses little: as many
# numbers as a small local model has, so that the memory file stays small.
_SHORTENABLE = "text-embedding-3-"
_DIMENSIONS = 384


class OpenAIEncoder:
    """An `Encoder` that asks a server with OpenAI's API. It never retries by itself."""

    def __init__(
        self, model: str, *, api_key: str, base_url: str, timeout_seconds: float = http.TIMEOUT_S
    ) -> None:
        if not api_key and not base_url:
            raise EncoderError(
                "MEMORY_EMBEDDINGS=openai needs OPENAI_API_KEY, or OPENAI_BASE_URL for another "
                "server with the same API"
            )
        self._server = http.server_of(base_url or _OPENAI, setting="OPENAI_BASE_URL")
        self._client = openai.AsyncOpenAI(
            api_key=api_key or "none",  # a server of one's own often asks for none
            base_url=base_url or _OPENAI,
            timeout=timeout_seconds,
            max_retries=0,
        )
        self._embeddings = self._client.embeddings  # its import takes a second, so do it now
        self._model = model
        self._dimensions = _DIMENSIONS if model.startswith(_SHORTENABLE) else None
        self._same = SameDimensions()
        suffix = f"/{_DIMENSIONS}" if self._dimensions else ""
        self.model = f"openai:{model}{suffix}"

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a vector of length 1 for each text, in order."""
        rows: list[Any] = []
        for start in range(0, len(texts), _BATCH):
            rows += await self._ask(list(texts[start : start + _BATCH]))
        return self._same.check(unit_rows(rows, count=len(texts)))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _ask(self, texts: list[str]) -> list[Any]:
        try:
            answer = await self._embeddings.create(
                input=texts,
                model=self._model,
                dimensions=openai.omit if self._dimensions is None else self._dimensions,
                encoding_format="base64",  # lists of numbers would hold up the event loop
            )
            return [_numbers(row) for row in sorted(answer.data, key=lambda row: row.index)]
        except openai.APITimeoutError as error:
            raise http.too_slow(self._server) from error
        except openai.APIConnectionError as error:
            raise http.unreachable(self._server, setting="OPENAI_BASE_URL") from error
        except openai.APIStatusError as error:
            raise self._of_status(error.status_code) from error
        # The client does not look at what it got: anything may be in the place of anything.
        except (openai.OpenAIError, AttributeError, TypeError, ValueError) as error:
            raise http.not_understood(self._server) from error

    def _of_status(self, status: int) -> EncoderError:
        return http.of_status(
            status,
            server=self._server,
            model=self._model,
            if_not_allowed="it does not accept OPENAI_API_KEY",
            if_not_found="name another in MEMORY_EMBEDDINGS=openai:MODEL, or correct "
            "OPENAI_BASE_URL",
        )


def _numbers(row: Any) -> Any:
    """Return a row's numbers, which some servers send as a list whatever they are asked for."""
    numbers = row.embedding
    if isinstance(numbers, str):
        return np.frombuffer(base64.b64decode(numbers, validate=True), dtype="<f4")
    return numbers
