"""Vectors from an Ollama server, through its own client."""

from collections.abc import Sequence

import httpx
import ollama

from memory.embedding import http
from memory.embedding.encoder import EncoderError, SameDimensions, Vectors, unit_rows

DEFAULT_MODEL = "all-minilm"  # small, quick, and the one that the recall figures are of

_BATCH = 16  # texts in a request: the numbers of an answer are read in the event loop
_DEFAULT_HOST = "http://127.0.0.1:11434"


class OllamaEncoder:
    """An `Encoder` that asks an Ollama server. It never retries by itself."""

    def __init__(self, model: str, *, host: str, timeout_seconds: float = http.TIMEOUT_S) -> None:
        address = host or _DEFAULT_HOST
        url = address if "://" in address else f"http://{address}"
        self._server = http.server_of(url, setting="OLLAMA_HOST")
        self._client = ollama.AsyncClient(address, timeout=timeout_seconds)
        self._model = model
        self._same = SameDimensions()
        self.model = f"ollama:{model}"

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a vector of length 1 for each text, in order."""
        rows: list[Sequence[float]] = []
        for start in range(0, len(texts), _BATCH):
            rows += await self._ask(list(texts[start : start + _BATCH]))
        return self._same.check(unit_rows(rows, count=len(texts)))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]  # the client's own gap

    async def _ask(self, texts: list[str]) -> Sequence[Sequence[float]]:
        try:
            return (await self._client.embed(self._model, texts, truncate=True)).embeddings
        except ollama.ResponseError as error:
            raise self._of_status(error.status_code) from error
        except httpx.TimeoutException as error:
            raise http.too_slow(self._server) from error
        except (ConnectionError, httpx.RequestError) as error:
            raise http.unreachable(self._server, setting="OLLAMA_HOST") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise http.not_understood(self._server) from error

    def _of_status(self, status: int) -> EncoderError:
        return http.of_status(
            status,
            server=self._server,
            model=self._model,
            if_not_allowed="it does not let us in: is there a proxy before it?",
            if_not_found=f"`ollama pull {self._model}` fetches it",
        )
