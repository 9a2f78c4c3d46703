"""From the setting MEMORY_EMBEDDINGS to an encoder; only what it names is imported."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from memory.embedding.encoder import Encoder, EncoderError

OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderOptions:
    """
    Which model: `spec` is "off", "onnx:PATH", "openai", "openai:MODEL", "ollama" or
    "ollama:MODEL". "" stands for the default of the others.
    """

    spec: str = OFF
    openai_api_key: str = ""
    openai_base_url: str = ""
    ollama_host: str = ""


async def open_encoder(options: EncoderOptions) -> Encoder | None:
    """
    Return the encoder that the options name; None for "off".

    Raises `EncoderError`, with what to do, if a package or a file is missing or no good. Whether
    a server answers is not tried: it may come later.
    """
    if options.spec == OFF:
        return None
    return await asyncio.to_thread(_open, options)  # a large import, or a large file


def _open(options: EncoderOptions) -> Encoder:
    kind, _, name = options.spec.partition(":")
    try:
        match kind:
            case "onnx":
                from memory.embedding.onnx import load_onnx

                return load_onnx(Path(name))
            case "openai":
                from memory.embedding import http, openai

                http.warm_up()
                return openai.OpenAIEncoder(
                    name or openai.DEFAULT_MODEL,
                    api_key=options.openai_api_key,
                    base_url=options.openai_base_url,
                )
            case "ollama":
                from memory.embedding import http, ollama

                http.warm_up()
                return ollama.OllamaEncoder(name or ollama.DEFAULT_MODEL, host=options.ollama_host)
    except ImportError as error:
        raise EncoderError(
            f"MEMORY_EMBEDDINGS={kind} needs the package {error.name}, which is not installed: "
            f"`uv sync --extra {kind}`"
        ) from error
    raise EncoderError(f"MEMORY_EMBEDDINGS={options.spec} names no model that is known")
