"""Local servers that answer as the embedding APIs of OpenAI and Ollama do, or as told."""

import asyncio
import base64
import json

import numpy as np
from aiohttp import web


class EmbeddingServer:
    """
    `rows` maps a text to its numbers. `answer` (status, text) is sent instead if it is set;
    `is_hanging`: nothing is sent at all. Some servers in OpenAI's place do not know base64.
    """

    def __init__(self):
        self.rows = lambda text: [float(len(text)), 1.0, 2.0]
        self.knows_base64 = True
        self.answer = None
        self.is_hanging = False
        self.bodies = []
        self.headers = []
        self.address = ""
        self._released = asyncio.Event()

    def app(self):
        app = web.Application()
        app.router.add_post("/v1/embeddings", self._openai)
        app.router.add_post("/api/embed", self._ollama)
        app.on_shutdown.append(self._release)
        return app

    async def _release(self, _):
        self._released.set()

    async def _openai(self, request):
        texts = await self._texts(request)
        is_encoded = self.knows_base64 and self.bodies[-1].get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": index, "embedding": row}
            for index, row in enumerate(map(encoded if is_encoded else list, map(self.rows, texts)))
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        answer = {"object": "list", "model": "m", "data": data[::-1], "usage": usage}
        return await self._reply(answer)

    async def _ollama(self, request):
        rows = [self.rows(text) for text in await self._texts(request)]
        return await self._reply({"model": "m", "embeddings": rows})

    async def _texts(self, request):
        body = await request.json()
        self.bodies.append(body)
        self.headers.append(request.headers)
        return body["input"]

    async def _reply(self, answer):
        if self.is_hanging:
            await self._released.wait()
        status, text = self.answer or (200, json.dumps(answer))
        return web.Response(status=status, text=text, content_type="application/json")


def encoded(row):
    """Return numbers as OpenAI sends them."""
    return base64.b64encode(np.asarray(row, dtype="<f4").tobytes()).decode()
