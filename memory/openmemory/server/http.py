"""HTTP to an OpenMemory server: one request, one answer, within a time and a size."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import quote

import aiohttp
from yarl import URL

from memory.openmemory.backend import BackendUnreachable
from memory.openmemory.server.address import server_identity, shown_url
from memory.openmemory.server.answers import Answer, parse_body

_MAX_BYTES = 4 * 1024 * 1024  # of an answer about one row
_APART_BYTES = 128 * 1024
_CONNECTIONS = 8
_CHUNK_BYTES = 64 * 1024
# After a body that is too large for it (1 MB) the server hangs up without saying so, and the next
# request on that connection would fail.
_LARGE_BODY_BYTES = 64 * 1024
# Node closes a connection after 5 idle seconds; one closed while a request is on its way looks
# as if the server had failed.
_KEEP_ALIVE_S = 2.0


_Made = TypeVar("_Made")


class AnswerTooLarge(BackendUnreachable):
    """The answer is larger than what is read."""


def json_body(value: object) -> bytes:
    """
    Return `value` as JSON of ASCII alone; the server 1.3.0 dies of a query that is no JSON, and
    reads a character of several bytes as none where it stands across two packets.

    Raises ValueError for what JSON cannot hold: NaN, half a surrogate pair, other types.
    """
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # no half pair
        return json.dumps(value).encode()
    except (TypeError, RecursionError) as error:
        raise ValueError("this cannot be written as JSON") from error


async def made_of(size: int, make: Callable[[], _Made]) -> _Made:
    """Return `make()`, of an answer of `size` bytes: in a thread for one that is large."""
    return await asyncio.to_thread(make) if size > _APART_BYTES else make()


class ServerHttp:
    """
    Connections to one server, made when they are needed.

    `name` is for messages: it holds neither the key, nor user, password and path of the URL.
    """

    def __init__(self, url: str, key: str, *, timeout_seconds: float) -> None:
        self.url = shown_url(url)
        self.identity = server_identity(url)
        self.name = f"the OpenMemory server at {self.url}"
        self.timeout_seconds = timeout_seconds
        self._base = url
        self._key = key
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def ask(
        self,
        method: str,
        *path: str,
        query: Mapping[str, str | int] | None = None,
        body: bytes | None = None,
        timeout_seconds: float | None = None,
        max_bytes: int = _MAX_BYTES,
        with_key: bool = True,
    ) -> Answer:
        """
        Return the answer, whatever its status; `path` are the parts between slashes.

        Raises BackendUnreachable if there is none within the time, and AnswerTooLarge, without
        having read it, for one of more than `max_bytes`.
        """
        seconds = timeout_seconds or self.timeout_seconds
        with self._translated(seconds):
            async with self._open().request(
                method,
                self._address(path, query or {}),
                data=None if body is None else io.BytesIO(body),
                headers=self._headers_of(body, with_key=with_key),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as response:
                content = await self._read(response, max_bytes)
        return Answer(
            status=response.status,
            value=await made_of(len(content), lambda: parse_body(content)),
            retry_after=response.headers.get("Retry-After", ""),
            size=len(content),
        )

    async def close(self) -> None:
        """Close every connection; nothing can be asked afterwards."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._is_closed:
            raise BackendUnreachable(f"the connections to {self.name} are closed")
        if self._session is None:
            # No proxy of the environment, no cookies, nothing compressed: a few bytes that
            # unpack to gigabytes are never asked for.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity"},
            )
        return self._session

    @contextmanager
    def _translated(self, seconds: float) -> Iterator[None]:
        # The errors' own texts are left out: they may quote what was sent and received.
        try:
            yield
        except TimeoutError:
            raise BackendUnreachable(
                f"{self.name} did not answer within {seconds:g} s: is it overloaded?"
            ) from None
        except aiohttp.ClientConnectorError as error:
            raise BackendUnreachable(
                f"{self.name} cannot be connected to ({type(error).__name__}): start it, or "
                "correct OPENMEMORY_PORT"
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            raise BackendUnreachable(
                f"{self.name} broke the connection off ({type(error).__name__}): see its log"
            ) from None

    def _headers_of(self, body: bytes | None, *, with_key: bool) -> dict[str, str]:
        headers = {"x-api-key": self._key} if self._key and with_key else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
            if len(body) > _LARGE_BODY_BYTES:
                headers["Connection"] = "close"
        return headers

    def _address(self, path: tuple[str, ...], query: Mapping[str, str | int]) -> URL:
        # Everything is escaped here and left alone afterwards: the server reads + as a space.
        address = self._base + "".join(f"/{quote(part, safe='')}" for part in path)
        if query:
            address += "?" + "&".join(
                f"{name}={quote(str(value), safe='')}" for name, value in query.items()
            )
        return URL(address, encoded=True)

    async def _read(self, response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
        content = bytearray()
        is_too_large = (response.content_length or 0) > max_bytes
        if not is_too_large:
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                content += chunk
                if is_too_large := len(content) > max_bytes:
                    break
        if is_too_large:
            response.close()  # the rest is not waited for
            raise AnswerTooLarge(
                f"{self.name} sent an answer of more than {max_bytes >> 20} MB: is "
                "OPENMEMORY_PORT its address?"
            )
        return bytes(content)


def is_part(text: str) -> bool:
    """True if `text` can stand in a path as one part: a dot alone would be taken as a folder."""
    return text not in {"", ".", ".."}
