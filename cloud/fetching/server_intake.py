"""Handing over what was fetched to a running server: signed, as the platform would post it."""

import asyncio
import hmac
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from http import HTTPStatus
from typing import IO

import httpx
import pybase64

from cloud.fetching.intake import NotStorable, NotTaken, Sink, Status, in_thread
from voice.retrieved import Retrieved, audio_event
from voice.signature import HEADER, sign

logger = logging.getLogger(__name__)

_READ_BYTES = 3 * 128 * 1024  # a multiple of three: base64 in blocks is that of the whole
_TIMEOUT_SECONDS = 60.0  # a large recording is flushed to disk before it is acknowledged
_ATTEMPTS = 4
_AGAIN = frozenset([408, 429, 500, 502, 503, 504])
_LONGEST_PAUSE_SECONDS = 60.0

_Blocks = Callable[[], Iterator[bytes]]


class Quarantined(NotStorable):
    """The server did not understand the event, and keeps it in quarantine."""


class ServerIntake:
    """
    Posts to the receiver at `url`, signed with what `secret()` returns.

    A receiver that cannot store now, or is just starting again, is asked a few times more.
    """

    def __init__(
        self,
        connections: httpx.AsyncClient,
        *,
        url: str,
        secret: Callable[[], str],
        first_pause_seconds: float = 0.5,
    ) -> None:
        self._connections = connections
        self._url = url
        self._secret = secret
        self._first_pause_seconds = first_pause_seconds

    async def check(self) -> None:
        """Raise NotTaken unless a server answers there."""
        try:
            await self._connections.get(f"{self._url}/health")
        except httpx.HTTPError as error:
            raise NotTaken(self._unreachable(error)) from error

    async def store(self, event: Retrieved) -> Status:
        """Store `event`; when this returns, it is durable. Raises NotTaken, NotStorable."""
        signature = sign(event.body, self._secret(), timestamp=int(time.time()))
        return await self.post(lambda: iter([event.body]), len(event.body), signature)

    @asynccontextmanager
    async def recording(self, conversation_id: str, agent_id: str) -> AsyncIterator[Sink]:
        """Open a sink for a recording; without its `store`, nothing is left of it."""
        prefix, suffix = audio_event(conversation_id, agent_id)
        with _temporary_file() as file:
            yield _FileSink(file, self, self._secret, prefix, suffix)

    async def post(self, blocks: _Blocks, size: int, signature: str) -> Status:
        """Post a signed body of `size` bytes; raises NotTaken, NotStorable."""
        for attempt in range(1, _ATTEMPTS + 1):
            asked: float | None = None
            try:
                answer = await self._connections.post(
                    f"{self._url}/webhook/post-call",
                    content=_in_turn(blocks()),
                    headers={
                        HEADER: signature,
                        "Content-Type": "application/json",
                        "Content-Length": str(size),
                    },
                )
            except httpx.HTTPError as error:
                problem = self._unreachable(error)
            else:
                if answer.status_code not in _AGAIN:
                    return _status(answer, self._url)
                asked = _retry_after(answer)
                problem = _said(answer, self._url)
            if attempt < _ATTEMPTS:
                backoff = self._first_pause_seconds * 2 ** (attempt - 1)
                await asyncio.sleep(
                    min(backoff if asked is None else asked, _LONGEST_PAUSE_SECONDS)
                )
        raise NotTaken(problem)

    def _unreachable(self, error: httpx.HTTPError) -> str:
        return (
            f"no server answers at {self._url} ({type(error).__name__}), and it is the server who "
            "stores: start it, or check HOST and PORT"
        )


class _FileSink:
    """Keeps a recording in a file: its signature stands before it, and needs all of it."""

    def __init__(
        self,
        file: IO[bytes],
        intake: ServerIntake,
        secret: Callable[[], str],
        prefix: bytes,
        suffix: bytes,
    ) -> None:
        self._file = file
        self._intake = intake
        self._secret = secret
        self._prefix = prefix
        self._suffix = suffix
        self.size = 0

    async def write(self, block: bytes) -> None:
        try:
            await in_thread(lambda: self._file.write(block))
        except OSError as error:
            raise NotTaken(f"cannot keep a recording: {error}; free some space") from error
        self.size += len(block)

    async def store(self) -> Status:
        timestamp = int(time.time())
        code = await in_thread(lambda: self._code(timestamp))
        encoded = (self.size + 2) // 3 * 4
        size = len(self._prefix) + encoded + len(self._suffix)
        return await self._intake.post(self._body, size, f"t={timestamp},v0={code}")

    def _code(self, timestamp: int) -> str:
        """Return what `voice.signature.sign` would, without holding the body."""
        key = self._secret().encode("utf-8", "surrogateescape")
        code = hmac.new(key, f"{timestamp}.".encode(), sha256)
        for block in self._body():
            code.update(block)
        return code.hexdigest()

    def _body(self) -> Iterator[bytes]:
        yield self._prefix
        self._file.seek(0)
        while block := self._file.read(_READ_BYTES):
            yield pybase64.b64encode(block)
        yield self._suffix


@asynccontextmanager
async def open_server_intake(url: str, *, secret: Callable[[], str]) -> AsyncIterator[ServerIntake]:
    """Open the connections to the server at `url`, and close them at the end."""
    # Not through a proxy of the environment: this server is this machine's, or its neighbour's.
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as connections:
        yield ServerIntake(connections, url=url, secret=secret)


@contextmanager
def _temporary_file() -> Iterator[IO[bytes]]:
    """Give a file without a name: nothing of it is left, however this ends. Raises NotTaken."""
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115  # closed below, whose errors are others
    except OSError as error:
        raise NotTaken(f"cannot make a temporary file: {error}; free some space") from error
    with file:
        yield file


async def _in_turn(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what `blocks` yields, each made in a thread."""
    while (block := await in_thread(lambda: next(blocks, None))) is not None:
        yield block


def _status(answer: httpx.Response, url: str) -> Status:
    """Return what became of the event; raises NotTaken, NotStorable."""
    if answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise NotStorable("it is larger than the server takes: raise MAX_BODY_MB and restart it")
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        raise NotTaken(
            f"the server at {url} refuses the signature: it runs with another "
            "ELEVENLABS_POST_CALL_KEY; restart it"
        )
    if answer.status_code == HTTPStatus.FORBIDDEN:
        raise NotTaken(
            f"the server at {url} does not let this machine in: add 127.0.0.0/8 to its ALLOW_FROM "
            "(or, if HOST is another one, that address) and restart it"
        )
    if answer.status_code != HTTPStatus.OK:
        raise NotTaken(_said(answer, url))
    try:
        status = answer.json()["status"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotTaken(f"what answers at {url} is not Callspool: check HOST and PORT") from error
    if status == "quarantined":
        raise Quarantined("the server did not understand it and has it in quarantine: restart it")
    if status in {"stored", "forgotten"}:
        return "stored" if status == "stored" else "forgotten"
    return "duplicate"


def _said(answer: httpx.Response, url: str) -> str:
    return f"the server at {url} answers {answer.status_code}: look at its log"


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
